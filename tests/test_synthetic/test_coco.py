"""Synthetic pictures in COCO's layout, read back by COCO's own tools and by the loader."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pycocotools.mask as cocomask
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pycocotools.coco import COCO

from mmp3d.datasets import CocoMultiPersonDataset
from mmp3d.geometry import COCO17, MUPOTS17
from mmp3d.synthetic import coco as module
from mmp3d.synthetic.coco import coco_keypoints, run_lengths
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import Recipe
from mmp3d.synthetic.single import draw_single
from mmp3d.synthetic.visibility import owners
from tests.shared_data import shared_path

RECIPE = Recipe('coco', 24, people=(1, 5), size=(192, 144), seed=6)
TRAIN, VAL = 'train2017', 'val2017'
NAMES = COCO17.joint_names


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    annotation_file = generate(RECIPE, tmp_path_factory.mktemp('data') / 'coco')
    assert annotation_file.name == f'person_keypoints_{TRAIN}.json'
    return annotation_file.parents[1]


def _load(folder: Path, split: str = TRAIN) -> dict:
    return json.loads((folder / 'annotations' / f'person_keypoints_{split}.json').read_text(encoding='utf-8'))


def _dataset(folder: Path, split: str = TRAIN) -> CocoMultiPersonDataset:
    return CocoMultiPersonDataset(
        ann_file=f'annotations/person_keypoints_{split}.json', data_root=str(folder), data_prefix=dict(img=f'{split}/')
    )


def test_every_tenth_picture_is_for_validation(folder: Path) -> None:
    train, val = ([image['id'] for image in _load(folder, split)['images']] for split in (TRAIN, VAL))
    assert val == [2, 12, 22]
    assert sorted(train + val) == list(range(1, 25))
    for split in (TRAIN, VAL):
        files = sorted(path.name for path in (folder / split).iterdir())
        assert files == [image['file_name'] for image in _load(folder, split)['images']]
        assert files[0] == f'{1 if split == TRAIN else 2:012d}.jpg'
        assert cv2.imread(str(folder / split / files[0])).shape == (144, 192, 3)


def test_fields_are_those_of_the_real_file(folder: Path) -> None:
    real = json.loads((shared_path('real/samples/coco') / 'test_coco.json').read_text(encoding='utf-8'))
    ours = _load(folder)
    assert set(ours['annotations'][0]) == set(real['annotations'][0])
    assert ours['categories'] == real['categories']
    assert {'images', 'annotations', 'categories', 'info', 'licenses'} == set(ours)


def test_records_agree_with_themselves(folder: Path) -> None:
    content = _load(folder)
    assert [person['id'] for person in content['annotations']] == list(range(1, len(content['annotations']) + 1))
    for person in content['annotations']:
        flags = np.array(person['keypoints']).reshape(17, 3)
        assert set(flags[:, 2]) <= {0, 1, 2}
        assert person['num_keypoints'] == (flags[:, 2] > 0).sum()
        assert not flags[flags[:, 2] == 0].any()
        inside = flags[flags[:, 2] > 0, :2]
        assert ((inside >= -0.5) & (inside < (191.5, 143.5))).all()
        assert isinstance(person['segmentation'], dict if person['iscrowd'] else list)
    kinds = {(person['iscrowd'], person['num_keypoints'] > 0) for person in content['annotations']}
    assert kinds == {(0, True), (0, False), (1, False)}


def test_regions_decode_to_the_boxes_and_areas(folder: Path) -> None:
    reader = COCO(str(folder / 'annotations' / f'person_keypoints_{TRAIN}.json'))
    for person in reader.anns.values():
        mask = reader.annToMask(person)
        left, top, width, height = map(int, person['bbox'])
        outside = mask.copy()
        outside[top : top + height, left : left + width] = 0
        assert not outside.any()
        if person['iscrowd']:
            assert mask.sum() == person['area']
            assert cv2.boundingRect(mask) == (left, top, width, height)
        elif person['area'] > 500:
            assert mask.sum() == pytest.approx(person['area'], rel=0.3)


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 1)))
def test_run_lengths_are_what_coco_decodes(mask: np.ndarray) -> None:
    code = run_lengths(mask)
    assert sum(code['counts']) == mask.size
    np.testing.assert_array_equal(cocomask.decode(cocomask.frPyObjects(code, *mask.shape)), mask)


def test_visible_joints_are_on_their_own_body() -> None:
    """Eyes and noses are on the skin to the pixel; shoulders, hips and so on are within their limb."""
    seen = 0
    for index in range(6):
        _, drawing = draw_single(replace(RECIPE, size=(640, 480)), 2, index)
        owner = owners(drawing.buffers.label, drawing.shapes)
        for person, joints in enumerate(coco_keypoints(drawing)):
            body = cv2.dilate((owner == person).astype(np.uint8), np.ones((5, 5)))
            column, row = np.clip(np.round(joints[joints[:, 2] == 2, :2]), 0, (639, 479)).astype(int).T
            assert body[row, column].all()
            seen += len(row)
    assert seen > 100


def test_faces_tell_left_from_right_and_vanish_from_behind() -> None:
    left_eye, right_eye, nose = (NAMES.index(name) for name in ('left_eye', 'right_eye', 'nose'))
    from_front = from_behind = 0
    for index in range(12):
        _, drawing = draw_single(RECIPE, 2, index)
        shapes = drawing.shapes
        for joints, frame, start in zip(
            coco_keypoints(drawing), shapes.frame[shapes.is_head], shapes.start[shapes.is_head], strict=True
        ):
            facing = -frame[:, 2] @ start / np.linalg.norm(start)
            upright = frame[1, 1] > 0.8
            if facing > 0.8 and upright and (joints[[left_eye, right_eye], 2] > 0).all():
                assert joints[left_eye, 0] > joints[right_eye, 0]
                from_front += 1
            if facing < -0.7:
                assert (joints[[nose, left_eye, right_eye], 2] < 2).all()
                from_behind += 1
    assert from_front > 2 and from_behind > 2


@pytest.mark.parametrize('split', [TRAIN, VAL])
def test_the_loader_reads_it(folder: Path, split: str) -> None:
    dataset = _dataset(folder, split)
    content = _load(folder, split)
    records = {image['id']: [] for image in content['images']}
    for person in content['annotations']:
        records[person['image_id']].append(person)
    for index in range(len(dataset)):
        item = dataset.get_data_info(index)
        mine = records[item['img_id']]
        people = [p for p in mine if any(p['keypoints'][5 * 3 + 2 :: 3])]
        assert len(item['bbox']) == len(people)
        assert len(item['invalid_segs']) == len(mine) - len(people)
        assert Path(item['img_path']).exists()
        for joint in ('left_wrist', 'right_ankle'):
            theirs = np.array([p['keypoints'] for p in people]).reshape(-1, 17, 3)[:, NAMES.index(joint)]
            at = MUPOTS17.joint_names.index(joint)
            np.testing.assert_allclose(item['keypoints'][:, at], theirs[:, :2], atol=1e-3)
            np.testing.assert_array_equal(item['keypoints_visible'][:, at], theirs[:, 2] > 0)
            np.testing.assert_array_equal(item['keypoints_occluded'][:, at], theirs[:, 2] == 1)


def test_an_interrupted_run_ends_the_same(folder: Path, tmp_path: Path, monkeypatch) -> None:
    write = module.write_unit

    def stopping(recipe, folder, index):
        if index == 3:
            raise KeyboardInterrupt
        return write(recipe, folder, index)

    monkeypatch.setattr(module, 'write_unit', stopping)
    with pytest.raises(KeyboardInterrupt):
        generate(RECIPE, tmp_path)
    assert not list(tmp_path.rglob('person_keypoints_*'))
    monkeypatch.undo()
    generate(RECIPE, tmp_path)
    again, before = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob('*') if path.is_file()}
        for root in (tmp_path, folder)
    )
    assert again == before


def test_pictures_with_nobody(tmp_path: Path) -> None:
    generate(Recipe('coco', 2, people=(0, 0), size=(96, 64)), tmp_path)
    for split in (TRAIN, VAL):
        assert _load(tmp_path, split)['annotations'] == []
        assert len(_load(tmp_path, split)['images']) == 1

"""CocoMultiPersonDataset on hand-written files and on real COCO images."""

from __future__ import annotations

import numpy as np
import pycocotools.mask as cocomask
import pytest

from mmp3d.datasets import CocoMultiPersonDataset, LoadMultiPersonImage
from mmp3d.datasets.coco_segments import usable_segmentation
from mmp3d.geometry import MUPOTS17
from tests.shared_data import shared_path
from tests.test_datasets.scenes import HEIGHT, WIDTH, coco_person, write_coco

SHOULDERS = {5: (30, 10, 2), 6: (10, 12, 1)}
NAMES = MUPOTS17.joint_names


def build(root, **options) -> CocoMultiPersonDataset:
    return CocoMultiPersonDataset(ann_file='coco.json', data_root=str(root), **options)


def masked(item: dict) -> np.ndarray:
    """(h, w) bool: pixels of the regions, decoded as COCO's tools do."""
    codes = [code for region in item['invalid_segs'] for code in cocomask.frPyObjects(region, HEIGHT, WIDTH)]
    return cocomask.decode(cocomask.merge(codes)).astype(bool)


def test_joints_are_converted_and_the_rest_is_not_labelled(tmp_path):
    item = build(write_coco(tmp_path, [coco_person(7, SHOULDERS)])).get_data_info(0)
    labelled = {NAMES[joint] for joint in np.flatnonzero(item['keypoints_visible'][0])}
    assert labelled == {'left_shoulder', 'right_shoulder', 'neck'}
    np.testing.assert_array_equal(item['keypoints'][0, NAMES.index('neck')], [20, 11])
    occluded = {NAMES[joint] for joint in np.flatnonzero(item['keypoints_occluded'][0])}
    assert occluded == {'right_shoulder', 'neck'}
    never = {NAMES[joint] for joint in np.flatnonzero(item['joints_annotated'] == 0)}
    assert never == {'head_top', 'spine', 'head'}
    assert item['camera'] is None and not item['keypoints_3d_valid'].any() and not item['keypoints_cam'].any()
    np.testing.assert_array_equal(item['bbox'], [[2, 2, 32, 32]])


@pytest.mark.parametrize(
    'left_out',
    [
        {'iscrowd': 1, 'segmentation': {'size': [HEIGHT, WIDTH], 'counts': [0, HEIGHT * 10, HEIGHT * (WIDTH - 10)]}},
        {'keypoints': [0] * 51, 'num_keypoints': 0, 'segmentation': [[0, 0, 9, 0, 9, 47, 0, 47]]},
        {'keypoints': [5, 5, 2] + [0] * 48, 'segmentation': [[0, 0, 9, 0, 9, 47, 0, 47]]},  # a nose only
        {'keypoints': [0] * 51, 'segmentation': [], 'bbox': [0, 0, 9, 47]},
        {'keypoints': [None] * 51, 'segmentation': [[0, 0, 9, 0, 9, 47, 0, 47]]},  # null is no label
    ],
)
def test_people_without_usable_joints_are_masked(tmp_path, left_out):
    people = [coco_person(7, SHOULDERS), coco_person(7, SHOULDERS, **left_out)]
    item = build(write_coco(tmp_path, people)).get_data_info(0)
    assert len(item['bbox']) == 1 and len(item['invalid_segs']) == 1
    mask = masked(item)
    assert mask[:46, :8].all() and not mask[:, 12:].any()


def test_other_categories_are_neither_people_nor_masked(tmp_path):
    people = [coco_person(7, SHOULDERS), coco_person(7, SHOULDERS, category_id=3)]
    item = build(write_coco(tmp_path, people)).get_data_info(0)
    assert len(item['bbox']) == 1 and item['invalid_segs'] == []


def test_compressed_run_lengths_mean_the_same_region():
    mask = np.zeros((HEIGHT, WIDTH), np.uint8, order='F')
    mask[3:9, 5:20] = 1
    code = cocomask.encode(mask)
    given = {'size': [int(side) for side in code['size']], 'counts': code['counts'].decode()}
    (found,) = usable_segmentation(given, np.zeros(4))
    np.testing.assert_array_equal(cocomask.decode(cocomask.frPyObjects([found], HEIGHT, WIDTH)[0]), mask)


@pytest.mark.parametrize(
    'segmentation',
    [None, {}, {'size': [4, 4], 'counts': [3]}, [[1, 2]], [[1, 2, 3, float('nan'), 5, 6]], [[1 << 80] * 6], 'text', 3],
)
def test_unusable_segmentation_becomes_the_box(segmentation):
    assert usable_segmentation(segmentation, np.array([1, 2, 3, 4])) == [[1, 2, 4, 2, 4, 6, 1, 6]]
    assert usable_segmentation(segmentation, np.zeros(4)) is None


def test_images_without_labelled_people_are_test_images_only(tmp_path):
    root = write_coco(tmp_path, [coco_person(8, SHOULDERS), coco_person(7, {}, num_keypoints=0)])
    assert [item['img_id'] for item in build(root)] == [8]
    assert [len(item['bbox']) for item in build(root, test_mode=True)] == [0, 1]


def test_instance_annotations_without_keypoints_are_refused(tmp_path):
    person = coco_person(7, SHOULDERS)
    del person['keypoints']
    with pytest.raises(ValueError, match=r"coco.json: annotations\[0\] lacks the field 'keypoints'"):
        build(write_coco(tmp_path, [person]))


def test_real_images():
    root = shared_path('real/samples/coco')
    dataset = CocoMultiPersonDataset(
        ann_file='test_coco.json', data_root=str(root), pipeline=[LoadMultiPersonImage()], frame_stride=1
    )
    items = list(dataset)
    assert [item['img_id'] for item in items] == [785, 40083, 196141, 197388]
    assert [len(item['bbox']) for item in items] == [1, 2, 4, 5]
    assert [len(item['invalid_segs']) for item in items] == [0, 1, 1, 0]
    assert all(item['img'].shape[:2] == item['img_shape'] for item in items)
    np.testing.assert_array_equal(items[0]['keypoints'][0, NAMES.index('left_shoulder')], [399, 108])

"""A multi-person data set box by box."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmp3d import register_all_modules
from mmp3d.datasets.person_boxes import PersonBoxDataset
from tests.test_datasets.scenes import coco_person, write_coco

register_all_modules()
TRUNK = {5: (30, 10, 2), 6: (10, 12, 2), 11: (28, 30, 2), 12: (12, 30, 2)}


@pytest.fixture
def root(tmp_path):
    """Image 7 shows two people; image 8 one of whom a knee is labelled alone."""
    moved = {joint: (x + 20, y, mark) for joint, (x, y, mark) in TRUNK.items()}
    people = [
        coco_person(7, TRUNK, id=1),
        coco_person(7, moved, id=2, bbox=[28, 2, 30, 40]),
        coco_person(8, {13: (20, 30, 2)}, id=3),
    ]
    return write_coco(tmp_path, people)


def build(root, **options):
    source = dict(type='CocoMultiPersonDataset', ann_file='coco.json', data_root=str(root))
    return PersonBoxDataset(source, **options)


def test_each_box_has_its_own_person_first_and_the_others_after(root):
    boxes = build(root)
    items = [boxes.get_data_info(index) for index in range(len(boxes))]
    assert [item['img_id'] for item in items] == [7, 7]
    assert len({item['id'] for item in items}) == 2
    for item in items:
        np.testing.assert_array_equal(item['crop_box'], item['bbox'][0])
        assert len(item['keypoints']) == 2
    np.testing.assert_array_equal(items[0]['keypoints'], items[1]['keypoints'][::-1])
    assert not np.array_equal(items[0]['crop_box'], items[1]['crop_box'])


def test_boxes_of_people_with_few_joints_are_for_testing_alone(root):
    assert len(build(root)) == 2
    assert len(build(root, test_mode=True)) == 3


def test_boxes_of_a_detector_by_image_and_score(root):
    found = [
        dict(image_id=8, category_id=1, bbox=[1, 2, 10, 20], score=0.9),
        dict(image_id=7, category_id=1, bbox=[3, 4, 10, 20], score=0.6),
        dict(image_id=7, category_id=1, bbox=[5, 6, 10, 20], score=0.1),
    ]
    (root / 'boxes.json').write_text(json.dumps(found))
    boxes = build(root, bbox_file='boxes.json', bbox_score=0.5, test_mode=True)
    items = {item['img_id']: item for item in (boxes.get_data_info(index) for index in range(len(boxes)))}
    assert len(boxes) == 2
    np.testing.assert_array_equal(items[8]['crop_box'], [1, 2, 11, 22])
    assert items[7]['crop_score'] == pytest.approx(0.6)
    assert len(items[7]['keypoints']) == 2


def test_boxes_of_a_detector_are_not_trained_on(root):
    with pytest.raises(ValueError, match='test_mode=True'):
        build(root, bbox_file='boxes.json')


def test_no_box_left_is_an_error(root):
    with pytest.raises(ValueError, match='no box is left'):
        build(root, min_joints=17)

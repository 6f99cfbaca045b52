"""COCO's AP in MuPoTS joints: a person found through several boxes counts once."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmp3d import register_all_modules
from mmp3d.datasets import CocoMultiPersonDataset
from mmp3d.evaluation.metrics.multi_person_coco_metric import MultiPersonCocoMetric
from tests.test_datasets.scenes import coco_person, write_coco

register_all_modules()
BODY = {joint: (10 + 3 * (joint % 4), 2 * joint, 2) for joint in range(5, 17)}


@pytest.fixture
def scene(tmp_path):
    """The annotation file and (2, 17, 2) joints of the two people of image 7."""
    moved = {joint: (x + 30, y, mark) for joint, (x, y, mark) in BODY.items()}
    people = [coco_person(7, BODY, id=1, area=900), coco_person(7, moved, id=2, area=900, bbox=[32, 2, 30, 40])]
    root = write_coco(tmp_path, people, images=1)
    annotations = {'categories': [dict(id=1, name='person')]}
    path = root / 'coco.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | annotations))
    data = CocoMultiPersonDataset(ann_file='coco.json', data_root=str(root))
    return path, data.get_data_info(0)['keypoints'], data.metainfo


def measured(scene, *boxes, **options):
    """AP where each box gave (keypoints, scores)."""
    path, _, metainfo = scene
    metric = MultiPersonCocoMetric(str(path), **options)
    metric.dataset_meta = metainfo
    for number, (keypoints, scores) in enumerate(boxes):
        # Joints that COCO does not label are at 0: not found.
        found = np.max(keypoints, axis=-1) > 1
        people = dict(
            keypoints=np.asarray(keypoints, np.float32),
            keypoint_scores=found * np.asarray(scores, np.float32)[:, None],
            bbox_scores=np.asarray(scores, np.float32),
        )
        metric.process(None, [dict(id=number, img_id=7, pred_instances=people, gt_instances={})])
    return metric.evaluate(len(boxes))['coco/AP']


def test_both_people_of_one_box_count(scene):
    assert measured(scene, (scene[1], (0.9, 0.8))) == pytest.approx(1)


def test_people_seen_through_two_boxes_count_once(scene):
    both, shifted = scene[1], scene[1] + 0.2
    first, second = (both, (0.9, 0.6)), (shifted, (0.8, 0.7))
    assert measured(scene, first, second) == pytest.approx(1)
    # Without merging the repetition of the first one outranks the other person.
    assert measured(scene, first, second, threshold=1.0) < 0.95


def test_one_of_two_found(scene):
    assert measured(scene, (scene[1][:1], (0.9,))) == pytest.approx(0.5, abs=0.01)


def test_nobody_found(scene):
    assert measured(scene, (np.zeros((0, 17, 2)), np.zeros(0))) == 0
    assert measured(scene, (scene[1], (0.0, 0.0))) == 0


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='ann_file'):
        MultiPersonCocoMetric(str(tmp_path / 'none.json'))

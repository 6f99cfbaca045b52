"""What a prediction file says of tracked people becomes pseudo-labels, with its confidences."""

import numpy as np
import pytest

from mmp3d.apis.prediction_labels import write_prediction_labels
from mmp3d.datasets import PseudoLabelDataset
from mmp3d.datasets.pseudo_labels import load_labels
from mmp3d.evaluation import write_predictions
from mmp3d.geometry import MUPOTS17, Camera

CAMERA = Camera.from_fov(60, (640, 480))


def image(number, seq_name='TS1', tracks=(1, 2), **others):
    poses = np.random.default_rng(number).normal(0, 300, (len(tracks), 17, 3)) + [[[0, 0, 4000]]]
    instances = dict(
        keypoints=CAMERA.project(poses),
        keypoints_cam=poses,
        root_cam=poses[:, MUPOTS17.root_index],
        bbox_scores=np.ones(len(tracks)),
        keypoint_scores=np.full((len(tracks), 17), 0.75),
        track_ids=np.array(tracks, np.int64),
    )
    head = dict(img_id=number, seq_name=seq_name, frame_id=number, camera=CAMERA.to_dict())
    return {**head, **others, 'instances': instances}


def labels_of(tmp_path, images, **options):
    write_predictions(tmp_path / 'predictions.json', images)
    write_prediction_labels(tmp_path / 'predictions.json', tmp_path / 'labels.npz', 4, **options)
    return load_labels(tmp_path / 'labels.npz')[1:]


def test_people_who_are_tracked_become_clips_with_the_files_poses(tmp_path):
    images = [image(number) for number in range(8)] + [image(number, 'TS2', tracks=(7,)) for number in range(4)]
    columns, offsets = labels_of(tmp_path, images)
    assert offsets.tolist() == [0, 2, 4, 5]
    np.testing.assert_array_equal(
        columns['keypoints_cam'][2, 1], images[5]['instances']['keypoints_cam'][0].astype('f4')
    )
    poses = columns['keypoints_cam']
    np.testing.assert_allclose(columns['keypoints_norm'], poses[..., :2] / poses[..., 2:], atol=1e-4)
    assert np.unique(columns['keypoint_scores']).tolist() == [0.75]
    item = PseudoLabelDataset(str(tmp_path / 'labels.npz'), max_people=3)[0]
    assert item['person_valid'].tolist() == [1, 1, 0]


def test_short_gaps_stand_still_at_score_0_and_long_ones_end_a_track(tmp_path):
    columns, offsets = labels_of(tmp_path, [image(number, tracks=(1,)) for number in (0, 1, 3, 20, 21, 22, 23)])
    assert offsets.tolist() == [0, 1, 2]
    assert columns['keypoint_scores'][0, :, 0].tolist() == [0.75, 0.75, 0, 0.75]
    np.testing.assert_array_equal(columns['keypoints_cam'][0, 1], columns['keypoints_cam'][0, 2])


def test_a_pose_that_is_not_finite_is_no_label(tmp_path):
    images = [image(number, tracks=(1,)) for number in range(4)]
    images[1]['instances']['keypoints_cam'][0, 3] = np.nan
    images[2]['instances']['keypoints'][0, 5] = np.nan
    columns, _ = labels_of(tmp_path, images)
    assert all(np.isfinite(values).all() for values in columns.values())
    assert columns['keypoint_scores'][0, :, 5].tolist() == [0.75, 0, 0, 0.75]


def test_labels_of_other_predictions_are_kept_unless_asked(tmp_path):
    first = labels_of(tmp_path, [image(number) for number in range(4)])
    again = labels_of(tmp_path, [image(number) for number in range(4)])
    assert np.array_equal(first[0]['keypoints_cam'], again[0]['keypoints_cam'])
    with pytest.raises(ValueError, match='another teacher'):
        labels_of(tmp_path, [image(number) for number in range(5)])
    assert len(labels_of(tmp_path, [image(number) for number in range(8)], overwrite=True)[1]) == 3


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='missing'):
        write_prediction_labels(tmp_path / 'missing.json', tmp_path / 'labels.npz', 4)
    with pytest.raises(ValueError, match='camera'):
        labels_of(tmp_path, [image(0, camera=None)])
    with pytest.raises(ValueError, match='track_ids'):
        labels_of(tmp_path, [image(0, tracks=(-1,))])
    with pytest.raises(ValueError, match='nobody'):
        labels_of(tmp_path, [image(0, tracks=())])

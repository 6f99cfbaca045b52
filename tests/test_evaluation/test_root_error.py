import json

import numpy as np
import pytest

from mmp3d.evaluation.functional.root_error import nearest_poses, root_errors
from mmp3d.evaluation.metrics.root_error import MRPE
from tests.shared_data import shared_path
from tests.test_evaluation.scenes import PELVIS, evaluate, golden_samples, make_people, make_sample

NOBODY = np.zeros((0, 17, 3))


def scores_of(metric: MRPE, samples: list[dict]) -> dict[str, float]:
    return {name.split('/')[1]: value for name, value in evaluate(metric, samples).items()}


def seen_in_the_same_place(sample: dict, shift: list[float]) -> dict:
    """The sample with its predictions moved in space but not in the image."""
    sample['pred_instances']['keypoints_cam'] = sample['pred_instances']['keypoints_cam'] + np.float32(shift)
    return sample


@pytest.mark.parametrize('threshold', [500, 1000])
def test_virtualpose(threshold):
    folder = shared_path('golden/mupots/A')
    golden = json.loads((folder / 'expected_virtualpose.json').read_text())[f'matched_threshold_{threshold}']
    metric = MRPE(match='virtualpose', threshold=threshold)
    scores = scores_of(metric, golden_samples(folder))
    expected = {**golden['mrpe'], 'MPJPE': golden['mpjpe'], 'MPJPE_relative': golden['mpjpe_aligned']}
    for name, value in expected.items():
        assert scores[name] == pytest.approx(value, rel=1e-6), name
    people = metric.report['tables'][0]['rows']['pooled'][-1]
    assert round(scores['recall'] * people / 100) == golden['n_matched']


def test_distance_and_its_parts():
    errors = root_errors(np.array([[3.0, -4, 12]]), np.zeros((1, 3)))
    assert errors.tolist() == [[13, 3, 4, 12]]


def test_root_is_judged_in_camera_space_among_people_matched_in_the_image():
    gt = make_people(np.random.default_rng(0), 2)
    sample = seen_in_the_same_place(make_sample(0, gt, gt[::-1]), [30, -40, 1200])
    scores = scores_of(MRPE(), [sample])
    expected = {'root': np.hypot(50, 1200), 'x': 30, 'y': 40, 'z': 1200, 'MPJPE': np.hypot(50, 1200)}
    assert scores == pytest.approx({**expected, 'MPJPE_relative': 0, 'recall': 100}, abs=1e-3)


def test_missed_people_lower_recall_alone():
    gt = make_people(np.random.default_rng(1), 2)
    scores = scores_of(MRPE(), [seen_in_the_same_place(make_sample(0, gt, gt[:1]), [0, 0, 80])])
    assert (scores['root'], scores['recall']) == pytest.approx((80, 50), abs=1e-3)


def test_virtualpose_takes_the_nearest_for_everybody_below_the_threshold():
    gt = make_people(np.random.default_rng(2), 1)
    both = np.concatenate([gt, gt + [0, 0, 300]])
    sample = make_sample(0, both, gt)
    scores = scores_of(MRPE(match='virtualpose', threshold=301), [sample])
    assert (scores['z'], scores['recall']) == pytest.approx((150, 100), abs=1e-3)
    scores = scores_of(MRPE(match='virtualpose', threshold=299), [sample])
    assert (scores['z'], scores['recall']) == pytest.approx((0, 50), abs=1e-3)


def test_nearest_of_nobody_and_joints_without_annotation():
    gt = make_people(np.random.default_rng(3), 1)
    there, valid = np.ones((1, 1), bool), np.ones((1, 1, 17))
    matches, distances = nearest_poses(gt[None, :0], gt[None], there[:, :0], there)
    assert (matches.item(), distances.item()) == (-1, np.inf)
    pred = gt + 10
    pred[0, 3] += 1000
    valid[..., 3] = 0
    assert nearest_poses(pred[None], gt[None], there, there, valid)[1].item() == pytest.approx(np.sqrt(300))
    assert nearest_poses(pred[None] * np.nan, gt[None], there, there)[0].item() == -1


def test_pooled_and_mean_of_sequences():
    gt = make_people(np.random.default_rng(4), 2)
    near = make_sample(0, gt, gt, seq_name='TS1')
    far = seen_in_the_same_place(make_sample(1, gt[:1], gt[:1], seq_name='TS2'), [0, 0, 300])
    assert scores_of(MRPE(), [near, far])['z'] == pytest.approx(100, abs=1e-3)
    metric = MRPE(average='sequences')
    assert scores_of(metric, [near, far])['z'] == pytest.approx(150, abs=1e-3)
    assert list(metric.report['tables'][0]['rows']) == ['TS1', 'TS2', 'mean']


@pytest.mark.parametrize('match', ['2d', 'virtualpose'])
def test_people_that_are_not_finite_are_missed_and_counted(match, log):
    gt = make_people(np.random.default_rng(5), 2)
    sample = make_sample(0, gt, gt)
    sample['pred_instances']['keypoints_cam'][1, PELVIS] = np.inf
    scores = scores_of(MRPE(match=match), [sample])
    assert (scores['root'], scores['recall']) == pytest.approx((0, 50), abs=1e-3)
    assert '1 predicted people have joints that are not finite' in log.text


def test_nothing_to_measure_is_nan_and_says_so(log):
    gt = make_people(np.random.default_rng(6), 1)
    scores = scores_of(MRPE(), [make_sample(0, gt, NOBODY)])
    assert np.isnan(scores['root']) and scores['recall'] == 0
    assert 'no prediction matched' in log.text
    assert all(np.isnan(score) for score in scores_of(MRPE(), [make_sample(0, NOBODY, gt)]).values())
    assert all(np.isnan(score) for score in scores_of(MRPE(), []).values())
    assert 'none of 0 images has people to score' in log.text


@pytest.mark.parametrize('options', [{'match': '3d'}, {'threshold': 0}, {'average': 'frames'}])
def test_wrong_options_are_named(options):
    with pytest.raises(ValueError, match=f'MRPE: {next(iter(options))} must be'):
        MRPE(**options)

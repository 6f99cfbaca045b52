import numpy as np
import pytest
from mmpose.registry import METRICS

from mmp3d.evaluation.metrics import LiftingErrors
from mmp3d.evaluation.metrics.lifting_errors import lifting_errors
from mmp3d.geometry import MUPOTS17

ROOT = MUPOTS17.root_index
SHIFT = np.array([30.0, 40.0, 0.0])


def clip(frames=4, seed=0):
    points = np.random.default_rng(seed).normal(0, 300, (frames, 17, 3)) + np.array([0, 0, 4000.0])
    points[:, ROOT] = [0, 0, 4000]
    return points


def evaluate(*clips, items=1):
    metric = METRICS.build(dict(type='LiftingErrors'))
    samples = [
        dict(
            pred_instances=dict(keypoints_cam=pred),
            gt_instances=dict(keypoints_cam=gt, keypoints_3d_valid=np.ones(gt.shape[:2]) if valid is None else valid),
        )
        for pred, gt, valid in clips
    ]
    metric.process(None, samples)
    return {name.removeprefix('LiftingErrors/'): score for name, score in metric.evaluate(items).items()}, metric


def test_the_truth_has_no_error():
    scores, _ = evaluate((clip(), clip(), None))
    assert scores == pytest.approx(dict.fromkeys(scores, 0), abs=1e-3)


def test_each_error_measures_its_own():
    gt = clip()
    far = gt + np.array([0, 0, 200.0])
    scores, _ = evaluate((far, gt, None))
    assert scores['MPJPE'] == pytest.approx(0, abs=1e-3)
    assert scores['MPJPE-abs'] == pytest.approx(200)
    assert scores['root-depth'] == pytest.approx(5)
    moved = gt.copy()
    moved[1:, :ROOT] += SHIFT
    scores, _ = evaluate((moved, gt, None))
    assert scores['MPJPE'] == pytest.approx(50 * ROOT / 17 * 3 / 4)
    assert scores['velocity'] == pytest.approx(50 * ROOT / 17 / 3)
    assert scores['root-depth'] == 0


def test_median_and_mean_over_the_frames_of_all_clips():
    gt = clip(3)
    near, far = gt.copy(), gt.copy()
    far[0, :, 2] += 4000
    scores, metric = evaluate((near, gt, None), (far, gt, None))
    assert scores['root-depth'] == pytest.approx(100 / 6) and scores['root-depth-median'] == 0
    (table,) = metric.report['tables']
    assert table['rows']['all frames'][-2:] == [2, 6]


@pytest.mark.parametrize('items', [1, 2, 9])
def test_all_people_count_however_many_an_item_has(items):
    gt = clip()
    far = gt + np.array([0, 0, 100.0])
    scores, metric = evaluate(*[(gt, gt, None)] * 2, *[(far, gt, None)] * 3, items=items)
    assert scores['MPJPE-abs'] == pytest.approx(60)
    (table,) = metric.report['tables']
    assert table['rows']['all frames'][-2:] == [5, 20]


def test_people_of_several_processes_count():
    errors = [lifting_errors(clip() + np.array([0, 0, shift]), clip(), np.ones((4, 17), bool)) for shift in (0, 30, 60)]
    metric = METRICS.build(dict(type='LiftingErrors'))
    assert metric.compute_metrics([errors[:1], errors[1:]])['MPJPE-abs'] == pytest.approx(30)
    assert metric.compute_metrics([errors, []])['MPJPE-abs'] == pytest.approx(30)


def test_no_process_loses_people_to_the_number_of_items(monkeypatch):
    errors = lifting_errors(clip() + np.array([0, 0, 30.0]), clip(), np.ones((4, 17), bool))
    other = [errors, errors * 3]

    def collected(results, size, *_, **__):
        """What two processes have, cut as mmengine cuts it."""
        return [*results, other][:size]

    monkeypatch.setattr('mmp3d.evaluation.metrics.lifting_errors.get_world_size', lambda: 2)
    monkeypatch.setattr('mmengine.evaluator.metric.collect_results', collected)
    assert evaluate((clip(), clip(), None))[0]['MPJPE-abs'] == pytest.approx(40)


def test_what_is_not_valid_is_not_scored():
    gt = clip()
    pred, valid = gt.copy(), np.ones((4, 17))
    pred[:, 3] += 1e4
    valid[:, 3] = 0
    pred[2] += 1e3
    valid[2, ROOT] = 0
    scores, _ = evaluate((pred, gt, valid))
    assert scores == pytest.approx(dict.fromkeys(scores, 0), abs=1e-3)


def test_no_frame_to_score_gives_nan():
    for frames, valid in ((0, np.zeros((0, 17))), (2, np.zeros((2, 17)))):
        scores, _ = evaluate((clip(frames), clip(frames), valid))
        assert all(np.isnan(score) for score in scores.values())
    assert isinstance(METRICS.build(dict(type='LiftingErrors')), LiftingErrors)


def test_a_missing_field_is_named():
    with pytest.raises(ValueError, match="clip: pred_instances has no field 'keypoints_cam'"):
        METRICS.build(dict(type='LiftingErrors')).process(None, [dict(pred_instances={}, gt_instances={})])

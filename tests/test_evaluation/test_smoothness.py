import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.functional.pose_errors import velocity_error
from mmp3d.evaluation.functional.smoothness import track_errors, track_means
from mmp3d.evaluation.metrics.smoothness import AccelerationError
from tests.test_evaluation.scenes import PELVIS, evaluate, make_people, make_sample

NAN = float('nan')
NOBODY = np.zeros((0, 17, 3))


def errors_of(residuals: list[float], frames: list[int] | None = None, tracks: list[int] | None = None, step: int = 1):
    """Velocity and acceleration errors of people with one joint on the x axis."""
    residuals = np.array([[[place, 0, 0]] for place in residuals], float)
    frames, tracks = frames or list(range(len(residuals))), tracks or [0] * len(residuals)
    return [errors.tolist() for errors in track_errors(residuals, np.array(tracks), np.array(frames), step)]


def same(found: list, expected: list) -> None:
    np.testing.assert_array_equal(found, expected)


def test_a_constant_error_has_no_velocity_and_a_steady_drift_no_acceleration():
    same(errors_of([70, 70, 70, 70]), [[0, 0, 0, NAN], [0, 0, NAN, NAN]])
    same(errors_of([0, 5, 10, 15]), [[5, 5, 5, NAN], [0, 0, NAN, NAN]])


def test_one_jump():
    same(errors_of([0, 0, 10, 0]), [[0, 10, 10, NAN], [10, 20, NAN, NAN]])


def test_a_gap_a_miss_and_the_end_of_a_track_break_the_row():
    same(errors_of([0, 3, 9, 9, 4], frames=[0, 1, 3, 4, 5]), [[3, NAN, 0, 5, NAN], [NAN, NAN, 5, NAN, NAN]])
    same(errors_of([0, NAN, 2, 3]), [[NAN, NAN, 1, NAN], [NAN] * 4])
    same(errors_of([0, 3, 9, 9], tracks=[0, 0, 1, 1]), [[3, NAN, 0, NAN], [NAN] * 4])


def test_people_in_any_order_and_frames_some_numbers_apart():
    same(errors_of([9, 3, 0], frames=[20, 10, 0], step=10), [[NAN, 6, 3], [NAN, NAN, 3]])
    same(errors_of([9, 3, 0], frames=[20, 10, 0]), [[NAN] * 3] * 2)


def test_a_track_with_a_frame_number_twice_has_no_errors():
    same(
        errors_of([0, 3, 9, 9, 2, 3], frames=[0, 1, 1, 2, 0, 1], tracks=[0, 0, 0, 0, 1, 1]),
        [[NAN] * 4 + [1, NAN], [NAN] * 6],
    )


def test_a_joint_counts_where_it_is_known_in_the_whole_row():
    residuals = np.zeros((3, 2, 3))
    residuals[:, 0, 1] = [0, 4, 0]
    residuals[:, 1, 2] = [0, 2, NAN]
    velocity, acceleration = track_errors(residuals, np.zeros(3, int), np.arange(3))
    same(velocity, [3, 4, NAN])
    same(acceleration, [8, NAN, NAN])


def test_mean_of_each_track_and_nobody():
    same(track_means(np.array([1, 3, NAN, NAN, 8]), np.array([0, 0, 0, 1, 2]), 3), [2, NAN, 8])
    assert [len(errors) for errors in track_errors(np.zeros((0, 14, 3)), np.zeros(0, int), np.zeros(0, int))] == [0, 0]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), frames=st.integers(3, 12), people=st.integers(1, 4))
def test_equals_the_difference_of_accelerations_for_people_in_any_order(seed, frames, people):
    rng = np.random.default_rng(seed)
    pred, gt = rng.normal(size=(2, people, frames, 14, 3))
    expected = np.linalg.norm(np.diff(pred, 2, axis=1) - np.diff(gt, 2, axis=1), axis=-1).mean(axis=-1)
    track, frame = np.divmod(np.arange(people * frames), frames)
    order = rng.permutation(len(track))
    _, acceleration = track_errors((pred - gt).reshape(-1, 14, 3)[order], track[order], frame[order])
    found = np.empty_like(acceleration)
    found[order] = acceleration
    found = found.reshape(people, frames)
    np.testing.assert_allclose(found[:, :-2], expected)
    assert np.isnan(found[:, -2:]).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), step=st.integers(1, 3))
def test_velocity_of_shuffled_tracks_equals_that_of_each_in_order(seed, step):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 6, 3)
    pred, gt = rng.normal(size=(2, lengths.sum(), 17, 3))
    track = np.repeat(np.arange(3), lengths)
    frame = np.concatenate([step * np.arange(length) for length in lengths])
    expected = np.concatenate([[*velocity_error(pred[track == t], gt[track == t]), np.nan] for t in range(3)])
    shuffle = rng.permutation(len(frame))
    velocity, _ = track_errors((pred - gt)[shuffle], track[shuffle], frame[shuffle], step)
    np.testing.assert_allclose(velocity, expected[shuffle])


def clip(shifts: list, step: int = 1, seq_name: str = '', first: int = 0) -> list[dict]:
    """Two people who stand still; the first one's predicted pose, or left wrist alone, is off by ``shifts`` mm in x."""
    gt = make_people(np.random.default_rng(0), 2)
    samples = []
    for number, (body, wrist) in enumerate(shifts):
        pred = gt.copy()
        pred[0, :, 0] += body
        pred[0, 7, 0] += wrist
        sample = make_sample(first + number, gt, pred, seq_name=seq_name)
        samples.append(dict(sample, frame_id=step * number))
    return samples


def scores_of(metric: AccelerationError, samples: list[dict]) -> dict[str, float]:
    return {name.split('/')[1]: value for name, value in evaluate(metric, samples).items()}


def test_jitter_of_one_wrist_and_of_the_whole_body():
    samples = clip([(0, 0), (28, 14), (0, 0)], step=10)[::-1]
    assert scores_of(AccelerationError(), samples) == pytest.approx(
        {'acceleration': 28 / 14 / 2, 'velocity': 14 / 14 / 2, 'coverage': 100}, abs=1e-3
    )
    absolute = scores_of(AccelerationError(root_relative=False), samples)
    assert absolute == pytest.approx({'acceleration': 29, 'velocity': 14.5, 'coverage': 100}, abs=1e-3)


def test_missed_people_and_gaps_lower_the_coverage_alone():
    samples = clip([(0, 0)] * 8)
    samples[6] = make_sample(6, NOBODY, NOBODY, seq_name='')
    gt = samples[0]['gt_instances']['keypoints_cam']
    samples[3] = make_sample(3, gt, gt[1:], seq_name='')
    metric = AccelerationError()
    assert scores_of(metric, samples) == pytest.approx(
        {'acceleration': 0, 'velocity': 0, 'coverage': 100 * 5 / 8}, abs=1e-3
    )
    assert metric.report['tables'][0]['rows']['all images'][-1] == 2


def test_velocity_is_a_mean_of_tracks_acceleration_of_frames_and_sequences_are_apart():
    samples = clip([(0, 0), (0, 140), (0, 0)], seq_name='TS2') + clip([(0, 0)] * 4, seq_name='TS10', first=3)
    metric = AccelerationError()
    expected = {'acceleration': 280 / 14 / 6, 'velocity': 140 / 14 / 4, 'coverage': 100}
    assert scores_of(metric, samples) == pytest.approx(expected, abs=1e-3)
    assert list(metric.report['tables'][0]['rows']) == ['TS2', 'TS10', 'whole set']


def test_annotation_without_tracks_or_without_three_frames_is_nan(log):
    untracked = clip([(0, 0)] * 3)
    for sample in untracked:
        sample['gt_instances']['track_ids'] = np.full(2, -1)
    for samples, message in (
        (untracked, 'the data set has no track ids'),
        (clip([(0, 0)] * 2), 'nobody is annotated in three frames in a row'),
        ([], 'nobody is annotated in three frames in a row'),
    ):
        assert np.isnan(scores_of(AccelerationError(), samples)['acceleration'])
        assert message in log.text


def test_not_finite_and_unknown_joints_are_left_out(log):
    samples = clip([(0, 0), (0, 140), (0, 0)])
    for sample in samples:
        sample['gt_instances']['keypoints_3d_valid'][0, 7] = 0
    samples[1]['pred_instances']['keypoints_cam'][1, PELVIS] = np.inf
    scores = scores_of(AccelerationError(), samples)
    assert scores == pytest.approx({'acceleration': 0, 'velocity': 0, 'coverage': 50}, abs=1e-3)
    assert '1 predicted people have joints that are not finite' in log.text


def test_wrong_skeleton_is_named():
    with pytest.raises(ValueError, match="skeleton must be one of .* got 'annot2'"):
        AccelerationError(skeleton='annot2')

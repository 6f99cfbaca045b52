import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.functional import joint_detection
from mmp3d.evaluation.functional.joint_detection import (
    JointBag,
    bag_of_people,
    count_joints,
    count_people,
    detection_scores,
)
from mmp3d.evaluation.metrics.joint_f1 import JointF1
from tests.shared_data import shared_path
from tests.test_evaluation.scenes import evaluate, make_people, make_sample

NOBODY = np.zeros((0, 17, 3))
CAMERA = {'image_size': [4000, 3000]}
# LoCO's joints by their number in JTA.
LOCO_JOINTS = [0, 2, 4, 5, 6, 8, 9, 10, 16, 17, 18, 19, 20, 21]
SETS = {'joints22': list(range(22)), 'joints14': LOCO_JOINTS}


def line(*places: float, kind: int = 0, frame: int = 0) -> JointBag:
    """Points of one type on the x axis."""
    positions = np.array([[place, 0, 0] for place in places], float).reshape(-1, 3)
    return JointBag(np.full(len(places), frame), np.full(len(places), kind), positions)


def random_bag(rng: np.random.Generator, points: int) -> JointBag:
    """Points of 3 frames and 2 types on a coarse grid, so that distances often are equal."""
    return JointBag(*rng.integers(0, [[3], [2]], (2, points)), rng.integers(0, 4, (points, 3)) * 0.5)


def found_by_the_rule(gt: JointBag, pred: JointBag, frame: int, radius: float) -> int:
    """The one-pass rule as loops over one frame."""
    asking = {}
    predicted = [j for j in range(len(pred.frame)) if pred.frame[j] == frame]
    for i in (i for i in range(len(gt.frame)) if gt.frame[i] == frame):
        same = [j for j in predicted if pred.kind[j] == gt.kind[i]]
        distances = [float(np.linalg.norm(gt.positions[i] - pred.positions[j])) for j in same]
        if same and min(distances) <= radius:
            asking.setdefault(same[distances.index(min(distances))], []).append(i)
    return len(asking)


@pytest.fixture(scope='module')
def golden() -> tuple[dict, int, dict]:
    folder = shared_path('golden/jta/A')
    frames = np.load(folder / 'frames.npz')
    bags = {side: frames[side] for side in ('gt', 'pred')}
    return bags, int(frames['n_frames']), json.loads((folder / 'expected.json').read_text())['sets']


@pytest.mark.parametrize('threshold', ['0.4', '0.8', '1.2'])
@pytest.mark.parametrize('joints', SETS)
def test_frames_of_loco(joints, threshold, golden):
    points, num_frames, expected = golden
    expected = expected[joints][threshold]
    bags = []
    for side in ('gt', 'pred'):
        rows = points[side][np.isin(points[side][:, 1], SETS[joints])]
        bags.append(JointBag(rows[:, 0].astype(int), rows[:, 1].astype(int), rows[:, 2:]))
    counts = count_joints(*bags, num_frames, float(threshold))
    scores = detection_scores(counts)
    table = [[frame[name] for name in ('tp', 'fn', 'fp')] for frame in expected['per_frame']]
    np.testing.assert_array_equal(counts, table)
    table = [[frame[name] for name in ('pr', 're', 'f1')] for frame in expected['per_frame']]
    np.testing.assert_allclose(scores, table, rtol=0, atol=1e-12)
    mean = [expected['mean_over_frames'][name] for name in ('pr', 're', 'f1')]
    np.testing.assert_allclose(scores.mean(axis=0), mean, rtol=0, atol=1e-12)


def people_of_one_joint(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Golden rows of one frame as people with one joint each: (N, 17, 3) mm and (N, 17) flag of the joint."""
    rows = rows[np.isin(rows[:, 1], LOCO_JOINTS)]
    flags = np.searchsorted(LOCO_JOINTS, rows[:, 1])[:, None] == np.arange(17)
    return flags[..., None] * 1000 * rows[:, None, 2:], flags.astype(float)


@pytest.mark.parametrize('threshold', ['0.4', '1.2'])
def test_loco_through_data_samples(threshold, golden):
    points, num_frames, expected = golden
    expected = expected['joints14'][threshold]
    samples = []
    for frame in range(num_frames):
        (gt, valid), (pred, scored) = (
            people_of_one_joint(points[side][points[side][:, 0] == frame]) for side in ('gt', 'pred')
        )
        people = (np.ones_like(gt), np.ones_like(pred))
        sample = make_sample(frame, *people, keypoints_cam=gt, keypoints_3d_valid=valid, keypoints=gt[..., :2] * 0)
        sample['pred_instances'].update(keypoints_cam=pred.astype(np.float32), keypoint_scores=scored)
        samples.append(dict(sample, camera=CAMERA))
    metric = JointF1(threshold=float(threshold))
    scores = evaluate(metric, samples)
    for name, key in (('F1', 'f1'), ('precision', 'pr'), ('recall', 're')):
        mean = 100 * expected['mean_over_frames'][key]
        assert scores[f'F1@{threshold}/{name}'] == pytest.approx(mean, abs=1e-10)
    pooled = metric.report['tables'][0]['rows']['whole set'][3:]
    assert pooled[0] == pytest.approx(100 * expected['pooled_counts']['f1_from_pooled_counts'])
    assert pooled[3:] == [expected['pooled_counts'][name] for name in ('tp', 'fn', 'fp')]


@pytest.mark.parametrize(
    ('gt', 'pred', 'loco', 'optimal'),
    [
        (line(0), line(0.5), [1, 0, 0], [1, 0, 0]),
        (line(0), line(0.5001), [0, 1, 1], [0, 1, 1]),
        (line(0), line(0, kind=1), [0, 1, 1], [0, 1, 1]),
        (line(0, 0.1), line(0.05, 0.4), [1, 1, 1], [2, 0, 0]),
        (line(0.2), line(0, 0.4), [1, 0, 1], [1, 0, 1]),
        (line(0, 0.4), line(0.2), [1, 1, 0], [1, 1, 0]),
        (line(), line(0), [0, 0, 1], [0, 0, 1]),
        (line(0), line(), [0, 1, 0], [0, 1, 0]),
        (line(0, 1), line(np.nan, np.inf), [0, 2, 2], [0, 2, 2]),
    ],
    ids=['at the threshold', 'beyond it', 'other type', 'loser gets no second choice', 'tie of predictions',
         'tie of annotations', 'nothing annotated', 'nothing predicted', 'not finite'],
)  # fmt: skip
def test_counts_by_hand(gt, pred, loco, optimal):
    assert count_joints(gt, pred, 1, 0.5, 'loco').tolist() == [loco]
    assert count_joints(gt, pred, 1, 0.5, 'optimal').tolist() == [optimal]


def test_optimal_takes_more_pairs_before_nearer_ones():
    gt, pred = line(0, 0.4), line(0.3, 0.8)
    assert count_joints(gt, pred, 1, 0.4, 'optimal').tolist() == [[2, 0, 0]]


def test_scores_where_a_side_is_empty():
    counts = [[0, 0, 0], [0, 3, 0], [0, 0, 2], [2, 1, 1]]
    assert detection_scores(counts).tolist() == [[1, 1, 1], [0, 0, 0], [0, 0, 0], [2 / 3, 2 / 3, 4 / 6]]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), annotated=st.integers(0, 25), predicted=st.integers(0, 25))
def test_rule_and_optimum_on_random_points(seed, annotated, predicted):
    rng = np.random.default_rng(seed)
    gt, pred = random_bag(rng, annotated), random_bag(rng, predicted)
    counts = count_joints(gt, pred, 3, 0.75)
    assert counts[:, 0].tolist() == [found_by_the_rule(gt, pred, frame, 0.75) for frame in range(3)]
    best = count_joints(gt, pred, 3, 0.75, 'optimal')
    assert (best[:, 0] >= counts[:, 0]).all()
    assert best[:, [0, 2, 1]].tolist() == count_joints(pred, gt, 3, 0.75, 'optimal').tolist()
    assert (detection_scores(count_joints(gt, gt, 3, 0.75, 'optimal')) == 1).all()
    order = rng.permutation(predicted)
    shuffled = JointBag(*(column[order] for column in pred))
    assert count_joints(gt, shuffled, 3, 0.75, 'optimal').tolist() == best.tolist()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), association=st.sampled_from(['loco', 'optimal']))
def test_several_radii_count_as_each_by_itself(seed, association):
    rng = np.random.default_rng(seed)
    gt, pred = random_bag(rng, 20), random_bag(rng, 15)
    radii = [0.9, 0.5, 0.25]
    together = count_joints(gt, pred, 3, radii, association)
    assert together.tolist() == [count_joints(gt, pred, 3, radius, association).tolist() for radius in radii]


def test_blocks_do_not_change_counts(monkeypatch):
    rng = np.random.default_rng(0)
    gt, pred = random_bag(rng, 400), random_bag(rng, 300)
    whole = count_joints(gt, pred, 3, 0.75)
    monkeypatch.setattr(joint_detection, 'BLOCK', 1)
    assert count_joints(gt, pred, 3, 0.75).tolist() == whole.tolist()


def test_people_by_their_mean_joint_distance():
    gt = make_people(np.random.default_rng(0), 3)[:, :14]
    pred = gt + [399, 0, 0]
    pred[0, :7, 0] += 2
    pred[1, :8] = np.nan
    pred[2, :7] = np.nan
    expected = [[1, 2, 2]]
    assert count_people([gt], [pred], 399).tolist() == expected
    assert bag_of_people([gt, pred]).frame.tolist() == [0] * 42 + [1] * 27
    assert count_people([gt], [pred[:0]], 399).tolist() == [[0, 3, 0]]
    assert count_people([gt[:0], np.full_like(gt, np.nan)], [pred, gt], 399).tolist() == [[0, 0, 3], [0, 0, 3]]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), people=st.integers(0, 6))
def test_people_of_one_joint_count_as_joints_do(seed, people):
    rng = np.random.default_rng(seed)
    gt, pred = ([rng.normal(size=(rng.integers(0, people + 1), 1, 3)) for _ in range(4)] for _ in range(2))
    for association in ('loco', 'optimal'):
        joints = count_joints(bag_of_people(gt), bag_of_people(pred), 4, 1.5, association)
        assert count_people(gt, pred, 1.5, association).tolist() == joints.tolist()


def counts_of(sample: dict, **options) -> list[int]:
    metric = JointF1(**options)
    evaluate(metric, [sample])
    return metric.report['tables'][0]['rows']['whole set'][-3:]


def test_which_joints_count(log):
    gt = make_people(np.random.default_rng(1), 2)
    sample = dict(make_sample(0, gt, gt), camera={'image_size': [100, 50]})
    sample['gt_instances'].update(keypoints=np.full((2, 17, 2), 20.0), keypoints_occluded=np.ones((2, 17)))
    sample['gt_instances']['keypoints'][0, :4] = [[0, 50], [100, 0], [100.1, 20], [20, -0.1]]
    sample['gt_instances']['keypoints_3d_valid'][1, [3, 14]] = 0
    sample['pred_instances']['keypoint_scores'][:, 5] = [0, 0.3]
    assert counts_of(sample) == [24, 1, 3]
    assert counts_of(sample, score_threshold=0.3) == [23, 2, 3]
    assert counts_of(sample, per='person') == [2, 0, 0]
    sample['pred_instances']['keypoints_cam'][1, 6] = np.inf
    assert counts_of(dict(sample, camera=None)) == [24, 2, 2]
    assert '1 images have no camera' in log.text
    assert '1 predicted joints are not finite; they were left out' in log.text


def test_mean_of_the_images_and_pooled_counts():
    gt = make_people(np.random.default_rng(2), 3)
    samples = [make_sample(0, gt, gt), make_sample(1, gt[:1], NOBODY), make_sample(2, NOBODY, NOBODY, seq_name='TS2')]
    metric = JointF1()
    expected = {'F1@0.4/F1': 200 / 3, 'F1@0.4/precision': 200 / 3, 'F1@0.4/recall': 200 / 3}
    assert evaluate(metric, samples) == pytest.approx(expected)
    rows = metric.report['tables'][0]['rows']
    assert rows['whole set'][3:] == pytest.approx([100 * 84 / 98, 100, 75, 42, 14, 0])
    assert rows['TS2'] == [100] * 6 + [0] * 3


def test_without_images_nan_and_without_annotation_a_warning(log):
    assert all(np.isnan(value) for value in evaluate(JointF1(), []).values())
    assert 'there are no images, so every score is NaN' in log.text
    people = make_people(np.random.default_rng(3), 1)
    samples = [make_sample(0, NOBODY, people), make_sample(1, NOBODY, NOBODY)]
    assert evaluate(JointF1(), samples)['F1@0.4/F1'] == 50
    assert 'none of 2 images has an annotated joint' in log.text


def test_names_of_the_variants():
    assert JointF1(threshold=1.2).prefix == 'F1@1.2'
    assert JointF1(association='optimal', per='person').prefix == 'F1@0.4-optimal-person'


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'threshold': 0}, 'threshold must be a positive number of metres, got 0'),
        ({'association': 'greedy'}, r"association must be one of \['loco', 'optimal'\], got 'greedy'"),
        ({'per': 'frame'}, r"per must be one of \['joint', 'person'\], got 'frame'"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        JointF1(**options)

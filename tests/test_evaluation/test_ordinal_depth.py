import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.functional.ordinal_depth import depth_order
from mmp3d.evaluation.metrics.ordinal_depth import OrdinalDepth
from tests.test_evaluation.scenes import PELVIS, evaluate, make_people, make_sample

NOBODY = np.zeros((0, 17, 3))
DEPTHS = st.lists(st.integers(1000, 6000), min_size=2, max_size=5)


def is_right(pred: tuple[float, float], gt: tuple[float, float], rule: str = 'smap') -> bool:
    return bool(depth_order(np.array([pred]), np.array([gt]), np.ones((1, 2), bool), rule)[1].any())


def in_a_row(depths: list[float], predicted: list[float], img_id: int = 0, seq_name: str = 'TS1') -> dict:
    """People at these depths; predictions see them in the same place of the image."""
    gt = make_people(np.random.default_rng(0), len(depths))
    gt[..., 2] += np.array(depths)[:, None] - gt[:, PELVIS, 2:]
    sample = make_sample(img_id, gt, gt, seq_name=seq_name)
    sample['pred_instances']['keypoints_cam'][:, PELVIS, 2] = predicted
    return sample


def scores_of(metric: OrdinalDepth, samples: list[dict]) -> list[float]:
    """all, matched, recall."""
    return list(evaluate(metric, samples).values())


@pytest.mark.parametrize(
    ('pred', 'gt', 'smap', 'two_way'),
    [
        ((3000, 4000), (3000, 4000), True, True),
        ((3000, 3001), (3000, 4000), True, True),  # however little apart
        ((4000, 3000), (3000, 4000), False, False),
        ((3000, 3000), (3000, 4000), False, False),
        ((3100, 3000), (3000, 3100), True, False),  # both near: equally deep
        ((3299, 3000), (3000, 3299), True, False),
        ((3300, 3000), (3000, 3299), False, False),  # the limit itself is not near
        ((3299, 3000), (3000, 3300), False, False),
        ((3000, 9000), (3000, 3001), True, True),
        ((3000, 3100), (3000, 3000), True, False),  # no annotated order: no pair for the plain rule
        ((np.nan, 3000), (3000, 3100), False, False),
        ((np.inf, 3000), (4000, 3000), False, False),
    ],
)
def test_rules(pred, gt, smap, two_way):
    assert is_right(pred, gt) == smap
    assert is_right(pred, gt, 'two_way') == two_way
    assert is_right(pred[::-1], gt[::-1]) == smap


def test_people_of_equal_depth_are_a_pair_for_smap_only():
    depths, there = np.array([[3000.0, 3000, 4000]]), np.ones((1, 3), bool)
    assert depth_order(depths, depths, there)[0].sum() == 3
    assert depth_order(depths, depths, there, 'two_way')[0].sum() == 2


@settings(max_examples=25, deadline=None)
@given(depths=DEPTHS, scale=st.floats(1, 5), shift=st.floats(-500, 500))
def test_stretched_depths_keep_their_order_and_reversed_ones_lose_it(depths, scale, shift):
    gt = np.array([sorted(set(depths))], float)
    there = np.ones(gt.shape, bool)
    for rule in ('smap', 'two_way'):
        pairs, right = depth_order(gt * scale + shift, gt, there, rule)
        assert pairs.sum() == right.sum() == gt.size * (gt.size - 1) // 2
    assert not depth_order(-gt, gt, there, 'two_way')[1].any()


def test_missed_people_make_their_pairs_wrong_and_matched_leaves_them_out():
    gt = make_people(np.random.default_rng(1), 3) + np.array([0, 0, 1000]) * np.arange(3)[:, None, None]
    assert scores_of(OrdinalDepth(), [make_sample(0, gt, gt[:2])]) == pytest.approx([100 / 3, 100, 100 / 3])
    sample = make_sample(0, gt, gt)
    sample['pred_instances']['keypoints_cam'][2] = np.nan
    assert scores_of(OrdinalDepth(), [sample]) == pytest.approx([100 / 3, 100, 100 / 3])


def test_options_and_averages():
    swapped = in_a_row([3000, 3200], [3200, 3000])
    assert scores_of(OrdinalDepth(), [swapped])[0] == 100
    assert scores_of(OrdinalDepth(rule='two_way'), [swapped])[0] == 0
    assert scores_of(OrdinalDepth(same_depth=200), [swapped])[0] == 0
    assert scores_of(OrdinalDepth(skeleton='annot3'), [swapped])[0] == 100
    others = [in_a_row([3000, 4000, 5000], [5000, 4000, 3000], 1, 'TS2'), in_a_row([3000], [3000], 2, 'TS3')]
    metric = OrdinalDepth()
    assert scores_of(metric, [swapped, *others])[:2] == pytest.approx([50, 50])
    assert scores_of(OrdinalDepth(average='pooled'), [swapped, *others])[:2] == pytest.approx([25, 25])
    assert list(metric.report['tables'][0]['rows']) == ['TS1', 'TS2', 'mean']


def test_nobody_matched_and_no_pairs():
    gt = make_people(np.random.default_rng(2), 2)
    found, matched, recall = scores_of(OrdinalDepth(), [make_sample(0, gt, NOBODY)])
    assert (found, recall) == (0, 0) and np.isnan(matched)
    for samples in ([], [make_sample(0, NOBODY, gt)], [make_sample(0, gt[:1], gt)]):
        assert all(np.isnan(score) for score in scores_of(OrdinalDepth(), samples))


@pytest.mark.parametrize(
    'options', [{'rule': 'three_way'}, {'same_depth': -1}, {'average': 'frames'}, {'skeleton': 'annot2'}]
)
def test_wrong_options_are_named(options):
    with pytest.raises(ValueError, match=f'OrdinalDepth: {next(iter(options))} must be'):
        OrdinalDepth(**options)

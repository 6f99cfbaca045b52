import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation import PCKabs
from mmp3d.evaluation.functional import map_bone_lengths
from mmp3d.evaluation.functional.release_alignment import align_as_released, map_bone_lengths_as_ported
from mmp3d.evaluation.functional.release_depth import (
    errors_on_rays,
    fit_depths,
    owners_by_match,
    owners_by_track,
    rays,
)
from mmp3d.evaluation.functional.release_matching import match_people_by_shape
from mmp3d.evaluation.functional.similarity import align_similarity
from mmp3d.evaluation.metrics.release import WARNING, ReleaseAUC, ReleaseAUCabs, ReleasePCK, ReleasePCKabs
from tests.test_evaluation.scenes import PELVIS, evaluate, make_people, make_sample

NOBODY = np.zeros((0, 17, 3))
ALL = (ReleasePCK, ReleasePCKabs, ReleaseAUC, ReleaseAUCabs)
# (joint, parent) as the release pairs them, in the order of its walk.
PORTED_BONES = ((15, 1), (1, 15), (0, 1), (16, 2), (2, 3), (3, 1), (4, 5), (5, 6), (6, 14), (7, 8), (8, 9), (9, 14),
                (10, 11), (11, 12), (12, 14), (13, 14))  # fmt: skip


def turned(poses: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Poses after a random rotation, scale and shift, the same for all."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.linalg.det(turn)
    return poses @ turn * rng.uniform(0.3, 3) + rng.normal(size=3) * 1000


def fit_depth_line(pred: np.ndarray, gt: np.ndarray) -> np.ndarray:
    return fit_depths(pred, gt, np.zeros(len(pred), int), 1)[0]


# Matching


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_only_shape_decides_who_is_who(seed):
    rng = np.random.default_rng(seed)
    gt = make_people(rng, 3)
    order = rng.permutation(3)
    pred = np.stack([turned(gt[person], rng) for person in order])
    there = np.ones((1, 3), bool)
    assert order[match_people_by_shape(pred[None], gt[None], there, there)[0]].tolist() == [0, 1, 2]


def test_one_prediction_may_serve_everybody_and_a_shapeless_one_nobody():
    rng = np.random.default_rng(0)
    gt = make_people(rng, 1)
    there = np.ones((1, 2), bool)
    pair = np.concatenate([gt, gt + 3000])
    assert match_people_by_shape(gt[None], pair[None], there[:, :1], there).tolist() == [[0, 0]]
    shapeless = np.stack([np.tile(gt[0, PELVIS], (17, 1)), np.full((17, 3), np.nan)])
    assert match_people_by_shape(shapeless[None], pair[None], there, there).tolist() == [[-1, -1]]
    assert match_people_by_shape(shapeless[None, :0], pair[None], there[:, :0], there).tolist() == [[-1, -1]]


def test_the_limit_itself_still_matches():
    gt = make_people(np.random.default_rng(1), 1)[None]
    pred = make_people(np.random.default_rng(2), 1)[None]
    there = np.ones((1, 1), bool)
    distance = np.linalg.norm(align_similarity(pred, gt) - gt, axis=-1).mean()
    assert match_people_by_shape(pred, gt, there, there, radius=distance + 1e-9).item() == 0
    assert match_people_by_shape(pred, gt, there, there, radius=distance - 1e-9).item() == -1


def test_joints_without_annotation_have_no_say():
    gt = make_people(np.random.default_rng(3), 1)
    pred, there, valid = gt.copy(), np.ones((1, 1), bool), np.ones((1, 1, 17))
    pred[0, 4] += 1e5
    assert match_people_by_shape(pred[None], gt[None], there, there, valid).item() == -1
    valid[..., 4] = 0
    assert match_people_by_shape(pred[None], gt[None], there, there, valid).item() == 0


# Alignment


def walked(pred: np.ndarray, gt: np.ndarray) -> np.ndarray:
    """The release's bone map of one pose, bone after bone."""
    mapped = pred.copy()
    for joint, parent in PORTED_BONES:
        bone = pred[joint] - pred[parent]
        length = np.linalg.norm(gt[joint] - gt[parent])
        mapped[joint] = mapped[parent] + bone * length / np.linalg.norm(bone)
    return mapped


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_port_walks_from_wrong_parent_to_wrong_parent(seed):
    rng = np.random.default_rng(seed)
    pred, gt = make_people(rng, 3), make_people(rng, 3)
    expected = [walked(*poses) for poses in zip(pred, gt, strict=True)]
    np.testing.assert_allclose(map_bone_lengths_as_ported(pred, gt), expected, atol=1e-9)
    np.testing.assert_allclose(map_bone_lengths_as_ported(gt, gt), gt, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.5, 2).filter(lambda scale: abs(scale - 1) > 0.02))
def test_port_sees_scale_which_the_official_map_and_procrustes_forgive(seed, scale):
    gt = make_people(np.random.default_rng(seed), 2)
    gt -= gt[:, PELVIS, None]
    errors = {
        align: np.linalg.norm(align_as_released(gt * scale, gt, align), axis=-1)[:, :14].mean()
        for align in ('bone_port', 'bone', 'procrustes', 'none')
    }
    assert errors['bone'] < 1e-6 and errors['procrustes'] < 1e-6
    assert 1 < errors['bone_port'] < errors['none']


@pytest.mark.parametrize('align', ['bone_port', 'bone', 'procrustes', 'none'])
def test_alignment_ignores_position_and_only_procrustes_ignores_the_turn(align):
    rng = np.random.default_rng(4)
    pred, gt = make_people(rng, 2), make_people(rng, 2)
    offsets = align_as_released(pred, gt, align)
    np.testing.assert_allclose(align_as_released(pred + 500, gt - 700, align), offsets, atol=1e-8)
    turned_offsets = align_as_released(turned(pred, rng), gt, align)
    assert np.allclose(turned_offsets, offsets, atol=1e-6) == (align == 'procrustes')


def test_procrustes_moves_the_pelvis_and_it_is_not_put_back():
    rng = np.random.default_rng(5)
    offsets = align_as_released(make_people(rng, 1), make_people(rng, 1), 'procrustes')
    assert np.linalg.norm(offsets[0, PELVIS]) > 1


def test_port_loses_what_hangs_on_a_bone_without_direction_and_keeps_what_has_no_annotation():
    rng = np.random.default_rng(6)
    pred, gt = make_people(rng, 1), make_people(rng, 1)
    pred[0, 8] = pred[0, 9]
    mapped = map_bone_lengths_as_ported(pred, gt)
    assert np.flatnonzero(np.isnan(mapped[0]).any(axis=-1)).tolist() == [8]
    valid = np.ones((1, 17))
    valid[0, 13], gt[0, 13] = 0, np.nan
    mapped = map_bone_lengths_as_ported(pred, gt, valid)
    np.testing.assert_allclose(mapped[0, 13], pred[0, 13])
    assert np.isnan(mapped[0]).any(axis=-1).sum() == 1


def test_unknown_alignment_is_named():
    with pytest.raises(ValueError, match="align must be one of .*'bone_port'.* got 'bones'"):
        align_as_released(NOBODY, NOBODY, 'bones')


def test_port_differs_from_the_official_map():
    rng = np.random.default_rng(7)
    pred, gt = make_people(rng, 5), make_people(rng, 5)
    assert np.abs(map_bone_lengths_as_ported(pred, gt) - map_bone_lengths(pred, gt)).max() > 50


# Depth


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), slope=st.sampled_from([-0.7, 0.0, 0.3, 2.0]))
def test_procrustes_on_a_line_is_least_squares(seed, slope):
    rng = np.random.default_rng(seed)
    gt = rng.uniform(2000, 7000, 30)
    pred = slope * gt + rng.normal(size=30) * 300 + 1000
    scale, offset = fit_depth_line(pred, gt)
    expected, *_ = np.linalg.lstsq(np.stack([pred, np.ones(30)], axis=-1), gt, rcond=None)
    assert (scale, offset) == pytest.approx(tuple(expected), rel=1e-6)
    line = [np.outer(depths, [0.0, 0.0, 1.0]) for depths in (pred, gt)]
    np.testing.assert_allclose(align_similarity(*line)[:, 2], scale * pred + offset, atol=1e-5)


def test_each_sequence_has_its_own_line():
    pred = np.array([1.0, 2, 3, 10, 10, np.nan, 7])
    gt = np.array([5.0, 7, 9, 1, 3, 100, np.inf])
    lines = fit_depths(pred, gt, np.array([0, 0, 0, 2, 2, 0, 1]), 3)
    np.testing.assert_allclose(lines, [[2, 3], [1, 0], [0, 2]])


def test_owners_of_predictions():
    assert owners_by_track(np.array([[4, -1, 7]]), np.array([[9, 4, -1]])).tolist() == [[1, -1, -1]]
    assert owners_by_track(np.array([[4]]), np.zeros((1, 0), int)).tolist() == [[-1]]
    assert owners_by_match(np.array([[2, -1, 0]]), 4).tolist() == [[2, -1, 0, -1]]


def test_a_root_on_the_ray_is_wrong_by_its_depth_alone():
    roots = np.array([[3000.0, 0, 4000]])
    errors = errors_on_rays(np.zeros((1, 17, 3)), rays(roots, roots[:, 2]), np.array([4400.0]), roots)
    np.testing.assert_allclose(errors, 500)


# Metrics


def crowd(images: int = 6) -> list[dict]:
    """Two sequences; predicted depths are a line of the annotated ones, with some noise in the poses."""
    rng = np.random.default_rng(8)
    samples = []
    for img_id in range(images):
        gt = make_people(rng, 2) + [800, 0, 0] + np.array([0, 0, 1]) * rng.uniform(0, 2000, (2, 1, 1))
        pred = gt + rng.normal(size=gt.shape) * 15
        pred = pred - pred[:, PELVIS, None] + gt[:, PELVIS, None] * 0.6 + [0, 0, 900]
        samples.append(make_sample(img_id, gt, pred, seq_name=f'TS{1 + img_id % 2}'))
    return samples


def test_fit_and_ray_hide_a_wrong_depth_and_a_wrong_place():
    samples = crowd()
    assert evaluate(PCKabs(), samples)['PCKabs/all'] == 0
    leaky = {'align': 'none', 'threshold': 120.0}
    assert evaluate(ReleasePCKabs(**leaky), samples)['ReleasePCKabs/all'] == pytest.approx(100)
    for honest in ({'depth_fit': 'none'}, {'gt_ray': False}):
        assert evaluate(ReleasePCKabs(**leaky, **honest), samples)['ReleasePCKabs/all'] < 20
    on_ray = evaluate(ReleaseAUCabs(align='none'), samples)['ReleaseAUCabs/all']
    assert on_ray == pytest.approx(evaluate(ReleaseAUC(align='none'), samples)['ReleaseAUC/all'], abs=0.5)


def test_a_confusion_of_people_costs_nothing_where_the_release_knows_the_tracks():
    gt = make_people(np.random.default_rng(9), 2)
    gt[1] += [0, 0, 3000]
    pred = gt[::-1] - gt[::-1, PELVIS, None] + gt[:, PELVIS, None]
    sample = make_sample(0, gt, pred)
    sample['pred_instances']['keypoints'] = make_sample(0, gt, gt)['pred_instances']['keypoints']

    def score(tracks: list[int], **options) -> float:
        sample['pred_instances']['track_ids'] = np.array(tracks)
        return evaluate(ReleasePCKabs(align='none', depth_fit='none', **options), [sample])['ReleasePCKabs/all']

    assert score([0, 1], depth_of='2d') == score([0, 1], depth_of='track') == pytest.approx(100)
    assert score([0, 1], depth_of='matched') == score([-1, 5], depth_of='track') == 0


def test_fit_uses_each_prediction_that_belongs_to_somebody_once():
    gt = make_people(np.random.default_rng(10), 3) + np.array([0, 0, 1500]) * np.arange(3)[:, None, None]
    pred = gt - gt[:, PELVIS, None] + gt[:, PELVIS, None] * 0.5
    stray = gt[:1] + [0, 3000, 9000]
    samples = [make_sample(0, gt, np.concatenate([pred, stray]))]
    samples[0]['pred_instances']['keypoints'][:3] = make_sample(0, gt, gt)['pred_instances']['keypoints']
    assert evaluate(ReleasePCKabs(align='none', threshold=1.0), samples)['ReleasePCKabs/all'] == pytest.approx(100)
    metric = ReleasePCKabs()
    metric.process(None, samples)
    metric._measure_pending()
    np.testing.assert_allclose(metric.results[0].values['pairs'], np.stack([pred, gt])[:, :, PELVIS, 2].T, rtol=1e-6)


@pytest.mark.parametrize('depth_of', ['2d', 'track', 'matched'])
def test_fit_knows_people_who_are_not_scored_if_they_have_a_place(depth_of):
    gt = make_people(np.random.default_rng(13), 3)
    placed = np.ones((3, 17))
    placed[0] = 0
    sample = make_sample(0, gt, gt, person_valid=np.array([0, 0, 1]), keypoints_3d_valid=placed)
    sample['pred_instances']['track_ids'] = np.arange(3)
    metric = ReleasePCKabs(depth_of=depth_of)
    metric.process(None, [sample])
    metric._measure_pending()
    known = gt[2:] if depth_of == 'matched' else gt[1:]
    np.testing.assert_allclose(
        metric.results[0].values['pairs'], np.stack([known, known])[:, :, PELVIS, 2].T, rtol=1e-6
    )


def test_perfect_prediction_and_the_ceiling_of_the_curve():
    gt = make_people(np.random.default_rng(10), 2)
    for metric in ALL:
        score = list(evaluate(metric(), [make_sample(0, gt, gt)]).values())
        assert score[0] == pytest.approx(97.5 if 'AUC' in metric.__name__ else 100)


@pytest.mark.parametrize('metric', ALL)
def test_nobody_predicted_and_predictions_that_are_not_finite_are_missed(metric, log):
    gt = make_people(np.random.default_rng(11), 2)
    empty = make_sample(0, gt, NOBODY)
    assert list(evaluate(metric(), [empty]).values())[0] == 0
    broken = make_sample(0, gt, gt)
    broken['pred_instances']['keypoints_cam'][1] = np.nan
    for match in ('2d', 'procrustes'):
        best = list(evaluate(metric(match=match), [make_sample(0, gt, gt)]).values())[0]
        assert list(evaluate(metric(match=match), [broken]).values())[0] == pytest.approx(best / 2)
    assert '1 predicted people have joints that are not finite' in log.text


@pytest.mark.parametrize('metric', ALL)
@pytest.mark.parametrize('images', [0, 2])
def test_nobody_annotated_is_nan(metric, images):
    gt = make_people(np.random.default_rng(12), 1)
    scores = evaluate(metric(), [make_sample(number, NOBODY, gt) for number in range(images)])
    assert all(np.isnan(score) for score in scores.values())


@pytest.mark.parametrize('metric', ALL)
def test_ranks_and_chunks_do_not_matter(metric, monkeypatch):
    samples = crowd()
    whole = evaluate(metric(), samples)
    monkeypatch.setattr('mmp3d.evaluation.metrics.base.CHUNK_IMAGES', 2)
    assert evaluate(metric(), samples[::-1]) == pytest.approx(whole)


@pytest.mark.parametrize('metric', ALL)
def test_log_and_report_shout(metric, log):
    collector = metric()
    evaluate(collector, crowd())
    assert f'{collector.prefix}: {WARNING}' in log.text
    assert collector.report['protocol']['WARNING'] == WARNING == collector.protocol['WARNING']
    assert 'WRONG PARENTS' in collector.protocol['bone lengths']


def test_results_are_small():
    metric = ReleasePCKabs()
    metric.process(None, crowd())
    metric._measure_pending()
    arrays = [value for result in metric.results for value in result.values.values() if isinstance(value, np.ndarray)]
    assert sum(array.nbytes for array in arrays) <= 320 * 12


@pytest.mark.parametrize(
    ('metric', 'options', 'message'),
    [
        (ReleasePCK, {'align': 'bones'}, "align must be one of .* got 'bones'"),
        (ReleasePCK, {'match': '3d'}, "match must be one of .* got '3d'"),
        (ReleasePCK, {'skeleton': 'annot2'}, "skeleton must be one of .* got 'annot2'"),
        (ReleasePCKabs, {'depth_fit': 'ols'}, "depth_fit must be one of .* got 'ols'"),
        (ReleasePCKabs, {'depth_of': 'me'}, "depth_of must be one of .* got 'me'"),
    ],
)
def test_wrong_options_are_named(metric, options, message):
    with pytest.raises(ValueError, match=message):
        metric(**options)

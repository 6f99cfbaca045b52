"""Each error has the size, the probability and the duration that were asked for."""

import numpy as np
import pytest

from mmp3d.geometry.skeleton import COCO17, MUPOTS17
from mmp3d.synthetic.clip_noise import ClipNoise, TrueClips, lasting, observe
from mmp3d.synthetic.counter_random import CounterRandom, keys_of

NAMES = MUPOTS17.joint_names
FOCAL = 1000.0
SILENT = {**ClipNoise.none().__dict__, 'score': 0.8, 'occluded_score': 0.4, 'swap_distance': 0.15}


def standing(count, frames, depth=4000.0):
    """People who stand still, arms out, 1 m wide and 1.7 m tall."""
    heights = dict(head_top=0, head=100, neck=300, spine=600, pelvis=850, knee=1250, ankle=1700, hip=850, shoulder=300)
    points = np.zeros((17, 3), np.float32)
    for joint, name in enumerate(NAMES):
        part = name.split('_')[-1] if name != 'head_top' else name
        aside = dict(shoulder=180, elbow=350, wrist=500, hip=120, knee=130, ankle=140).get(part, 0)
        side = 1 if name.startswith('left') else -1
        points[joint] = side * aside, heights.get(part, 300) - 850, depth
    return np.broadcast_to(points, (count, frames, 17, 3))


def clips(count=200, frames=30, occluded=False, inside=True, points=None, rows=None):
    points = standing(count, frames) if points is None else points
    pixels = (points[..., :2] / points[..., 2:] * FOCAL + 1000).astype(np.float32)
    shape = points.shape[:3]
    return TrueClips(
        pixels, points, np.full(shape, inside), np.full(shape, occluded), np.full(len(points), FOCAL, np.float32),
        np.arange(len(points))[None] if rows is None else rows)  # fmt: skip


def seen(true, seed=1, fps=30.0, **noise):
    random = CounterRandom(keys_of(seed, np.arange(len(true.keypoints))))
    scenes = CounterRandom(keys_of(seed + 100, np.arange(true.rows.shape[1])))
    return observe(random, scenes, true, ClipNoise(**{**SILENT, **noise}), fps)


def test_without_noise_everything_in_the_picture_is_found_exactly():
    true = clips()
    true.inside[:, :, 3] = False
    keypoints, scores = seen(true)
    found = scores > 0
    np.testing.assert_array_equal(found, true.inside)
    np.testing.assert_array_equal(keypoints[found], true.keypoints[found])
    assert (keypoints[~found] == 0).all()
    np.testing.assert_allclose(scores[found], 0.8)


@pytest.mark.parametrize('occluded', [False, True])
def test_jitter_is_a_share_of_sigma_and_size_and_larger_for_occluded_joints(occluded):
    true = clips(occluded=occluded)
    keypoints, _ = seen(true, jitter=0.4, occluded_jitter=1.2)
    size = np.sqrt(250.0 * 425.0)
    spread = (keypoints - true.keypoints).std(axis=(0, 1, 3))
    np.testing.assert_allclose(spread, (1.2 if occluded else 0.4) * MUPOTS17.sigmas * size, rtol=0.06)


def test_jitter_in_pixels_weighs_more_on_far_people_and_jitter_in_millimetres_does_not():
    for depth in (3000.0, 9000.0):
        true = clips(points=standing(100, 20, depth))
        pixels, _ = seen(true, pixel_jitter=2.0)
        millimetres, _ = seen(true, millimetre_jitter=15.0)
        np.testing.assert_allclose((pixels - true.keypoints).std(), 2.0, rtol=0.05)
        np.testing.assert_allclose((millimetres - true.keypoints).std() * depth / FOCAL, 15.0, rtol=0.05)


def test_errors_last():
    true = clips(300, 12)
    keypoints, _ = seen(true, pixel_jitter=1.0, memory=0.2)
    error = keypoints - true.keypoints
    for lag in (1, 5):
        correlation = np.corrcoef(error[:, lag:].ravel(), error[:, :-lag].ravel())[0, 1]
        np.testing.assert_allclose(correlation, np.exp(-lag / 6), atol=0.03)
    np.testing.assert_allclose(error.std(axis=(0, 2, 3)), 1, rtol=0.05)
    afresh, _ = seen(true, pixel_jitter=1.0)
    error = afresh - true.keypoints
    assert abs(np.corrcoef(error[:, 1:].ravel(), error[:, :-1].ravel())[0, 1]) < 0.02


def test_lasting_numbers_keep_their_spread_and_depend_on_nothing_beside():
    random = CounterRandom(keys_of(0, np.arange(3000)))
    values = lasting(random, 0.9, 20)
    np.testing.assert_allclose(values.std(axis=0), 1, atol=0.05)
    alone = lasting(CounterRandom(keys_of(0, np.array([7]))), 0.9, 20)
    np.testing.assert_array_equal(values[7], alone[0])
    assert lasting(random, 0.9, 1, 2).shape == (3000, 1, 2)


@pytest.mark.parametrize(('occluded', 'rate'), [(False, 0.05), (True, 0.3)])
def test_misses_have_their_rate_and_last(occluded, rate):
    _, scores = seen(clips(occluded=occluded), miss=0.05, occluded_miss=0.3, memory=0.2)
    missed = scores == 0
    np.testing.assert_allclose(missed.mean(), rate, atol=0.015)
    again = (missed[:, 1:] & missed[:, :-1]).mean() / missed[:, :-1].mean()
    assert again > rate + 0.3


def test_missed_people_are_missed_as_a_whole():
    _, scores = seen(clips(600), person_miss=0.1)
    missed = scores == 0
    assert (missed.all(axis=-1) == missed.any(axis=-1)).all()
    np.testing.assert_allclose(missed.mean(), 0.1, atol=0.01)


def test_scores_are_lower_for_occluded_joints_and_for_larger_errors():
    visible, occluded = clips(), clips(occluded=True)
    options = dict(pixel_jitter=2.0, score_spread=0.05, score_slope=0.05)
    (points, high), (_, low) = seen(visible, **options), seen(occluded, **options)
    np.testing.assert_allclose(high.mean(), 0.8, atol=0.01)
    np.testing.assert_allclose(low.mean(), 0.4, atol=0.01)
    error = np.linalg.norm(points - visible.keypoints, axis=-1)
    assert np.corrcoef(error.ravel(), high.ravel())[0, 1] < -0.3


def test_sides_are_mixed_up_in_arms_and_legs_each_by_itself():
    true = clips(800)
    keypoints, _ = seen(true, side_flip=0.1)
    mirrored = true.keypoints[:, :, MUPOTS17.flip_indices]
    flipped = (keypoints == mirrored).all(axis=-1) & (true.keypoints != mirrored).any(axis=-1)
    arm, leg = (
        flipped[..., [NAMES.index(f'{side}_{part}') for side in ('left', 'right')]] for part in ('wrist', 'knee')
    )
    for limb in (arm, leg):
        assert (limb[..., 0] == limb[..., 1]).all()
        np.testing.assert_allclose(limb.mean(), 0.1, atol=0.01)
    np.testing.assert_allclose((arm & leg).mean(), 0.01, atol=0.005)


def test_close_people_exchange_joints_and_far_ones_do_not():
    points = np.array(standing(400, 10))
    points[200:, ..., 0] += 30
    true = clips(points=points, rows=np.arange(400).reshape(2, 200))
    keypoints, _ = seen(true, swap=0.2)
    swapped = (keypoints[:200] == true.keypoints[200:]).all(axis=-1)
    np.testing.assert_allclose(swapped.mean(), 0.2, atol=0.015)
    np.testing.assert_array_equal(swapped, (keypoints[200:] == true.keypoints[:200]).all(axis=-1))
    points[200:, ..., 0] += 2000
    far = clips(points=points, rows=true.rows)
    np.testing.assert_array_equal(seen(far, swap=0.5)[0], far.keypoints)
    alone = clips(points=points, rows=np.stack([np.arange(400), np.full(400, -1)]))
    np.testing.assert_array_equal(seen(alone, swap=0.5)[0], alone.keypoints)


def test_another_definition_of_joints_is_constant_in_a_clip_mirrored_and_of_its_size():
    true = clips(3000, 3)
    keypoints, _ = seen(true, definition_spread=20.0)
    offset = (keypoints - true.keypoints) * 4000 / FOCAL
    np.testing.assert_allclose(offset[:, 0], offset[:, 2], atol=0.01)
    left, right = (offset[:, 0, NAMES.index(f'{side}_hip')] for side in ('left', 'right'))
    np.testing.assert_allclose(left[:, 0], -right[:, 0], atol=0.2)
    np.testing.assert_allclose(left[:, 1], right[:, 1], atol=0.2)
    # Two axes of the body and the joint's own bone (here along one of them) lie in the picture.
    np.testing.assert_allclose(np.sqrt((left**2).sum(axis=-1).mean()), 20.0, rtol=0.05)


def test_a_coco_detector_has_no_head_and_the_middles_of_its_hips_and_shoulders():
    true = clips(1000, 2)
    keypoints, scores = seen(true, joint_sets={'mupots17': 1, 'coco17': 3}, pixel_jitter=3.0)
    lacking = ~(COCO17.conversion_to(MUPOTS17) > 0).any(axis=1)
    coco = (scores[..., lacking] == 0).all(axis=(1, 2))
    np.testing.assert_allclose(coco.mean(), 0.75, atol=0.05)
    assert (scores[~coco] > 0).all() and (scores[coco][..., ~lacking] > 0).all()
    hips = keypoints[:, :, [NAMES.index('left_hip'), NAMES.index('right_hip')]].mean(axis=2)
    pelvis = keypoints[:, :, NAMES.index('pelvis')]
    np.testing.assert_allclose(pelvis[coco], hips[coco], atol=1e-3)
    assert np.abs(pelvis[~coco] - hips[~coco]).max() > 1


def test_a_sure_detector_sees_its_share_of_the_clips_and_errs_by_so_much_each_frame():
    true = clips(count=400, occluded=True)
    true.inside[:, :, 4] = False
    points, scores = seen(true, jitter=3.0, miss=0.3, occluded_miss=0.3, sure_share=0.25, sure_jitter=(20.0, 20.0))
    sure = (scores.max(axis=2) == 1).all(axis=1)
    assert 0.18 < sure.mean() < 0.32
    visible = true.inside[sure]
    assert (scores[sure] == visible).all()
    error = (points[sure] - true.keypoints[sure])[visible]
    # 20 mm at 4000 mm with f = 1000 px are 5 px.
    np.testing.assert_allclose(error.std(axis=0), 5, rtol=0.05)
    steps = np.diff(points[sure] - true.keypoints[sure], axis=1)[visible[:, 1:]]
    np.testing.assert_allclose(steps.std(axis=0), 5 * np.sqrt(2), rtol=0.05)


@pytest.mark.parametrize(
    ('field', 'value'),
    [('miss', 1.0), ('jitter', -1), ('swap', 'often'), ('joint_sets', {'kinect': 1}), ('joint_sets', {'coco17': 0})],
)
def test_fields_out_of_range_are_named(field, value):
    with pytest.raises(ValueError, match=field):
        ClipNoise(**{field: value})

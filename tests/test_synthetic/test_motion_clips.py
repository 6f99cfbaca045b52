"""Clips are pieces of their motions, by bodies of the sizes asked for, on the floor."""

import numpy as np
import pytest

from mmp3d.geometry.skeleton import MUCO21
from mmp3d.synthetic.counter_random import CounterRandom, keys_of
from mmp3d.synthetic.motion_bank import procedural_bank
from mmp3d.synthetic.motion_clips import MotionVariation, draw_clips

BANK = procedural_bank(0, 6, seconds=2)
PLAIN = dict(body_scale=(1, 1), bone_spread=0, posture_spread=0, mirror=0, mix=0, tempo=(1, 1))
PELVIS = MUCO21.root_index
BONES = np.array(MUCO21.bones).T


def clips(count=40, frames=9, bank=BANK, **variation):
    random = CounterRandom(keys_of(1, np.arange(count)))
    return draw_clips(random, bank, frames, 30.0, MotionVariation(**variation))


def bone_lengths(joints):
    child, parent = BONES
    return np.linalg.norm(joints[..., child] - joints[..., parent], axis=-2)


def test_a_plain_clip_is_its_motion_turned_about_the_vertical():
    drawn = clips(**PLAIN)
    relative = drawn.joints - drawn.joints[..., [PELVIS]]
    for clip, motion in zip(relative[:10], drawn.motions, strict=False):
        bones = clip[0][:, BONES[0]] - clip[0][:, BONES[1]]
        directions = BANK.directions[BANK.starts[motion] : BANK.starts[motion + 1]][..., BONES[0]]
        recorded = directions * BANK.bone_lengths[motion][BONES[0]]
        # Heights of joints are those of one place between two of the motion's frames.
        gap = np.abs(recorded[:, 1] - bones[1]).max(axis=-1)
        assert gap.min() < np.abs(np.diff(recorded[:, 1], axis=0)).max() + 1
    expected = BANK.bone_lengths[drawn.motions][:, BONES[0]]
    np.testing.assert_allclose(bone_lengths(drawn.joints), np.repeat(expected[:, None], 9, axis=1), rtol=1e-4)


def test_the_lowest_point_is_on_the_floor_or_lifted_and_the_middle_above_the_origin():
    drawn = clips(body_scale=(0.5, 2))
    assert drawn.joints[:, :, 1].max() <= 0
    np.testing.assert_allclose(drawn.joints[:, 4, [0, 2], PELVIS], 0, atol=1e-3)
    assert np.ptp(drawn.joints[:, :, 2, PELVIS], axis=1).max() > 100


def test_body_scale_and_bone_spread_have_their_sizes_and_both_sides_are_alike():
    reference = clips(200, 1, **PLAIN)
    scaled = clips(200, 1, **{**PLAIN, 'body_scale': (0.88, 1.12)})
    ratio = bone_lengths(scaled.joints) / bone_lengths(reference.joints)
    np.testing.assert_allclose(ratio, np.repeat(ratio[..., :1], 20, axis=-1), rtol=1e-3)
    assert 0.88 <= ratio.min() < 0.90 and 1.10 < ratio.max() <= 1.1201
    spread = clips(200, 1, **{**PLAIN, 'bone_spread': 0.05})
    logarithms = np.log(bone_lengths(spread.joints) / bone_lengths(reference.joints))
    assert 0.045 < logarithms.std() < 0.055
    left, right = (
        [MUCO21.joint_names[child] for child in BONES[0]].index(f'{side}_knee') for side in ('left', 'right')
    )
    np.testing.assert_allclose(logarithms[..., left], logarithms[..., right], atol=1e-3)


def test_mirrored_clips_are_mirror_images():
    one, other = clips(**PLAIN), clips(**{**PLAIN, 'mirror': 1.0})
    flipped = other.joints[..., MUCO21.flip_indices]
    np.testing.assert_allclose(one.joints[:, :, 1], flipped[:, :, 1], atol=0.05)
    np.testing.assert_allclose(bone_lengths(one.joints), bone_lengths(flipped), rtol=1e-4)
    apart = [np.linalg.norm(joints - joints[..., [3]], axis=2) for joints in (one.joints, flipped)]
    np.testing.assert_allclose(*apart, atol=0.05)


def test_a_mixed_clip_keeps_its_legs_and_gets_another_trunk():
    plain, mixed = clips(**PLAIN), clips(**{**PLAIN, 'mix': 1.0})
    relative = [each.joints - each.joints[..., [PELVIS]] for each in (plain, mixed)]
    legs = [name.split('_')[-1] in ('hip', 'knee', 'ankle', 'toe') for name in MUCO21.joint_names]
    np.testing.assert_allclose(relative[0][..., legs], relative[1][..., legs], atol=0.05)
    hands = np.abs(relative[0] - relative[1])[..., MUCO21.joint_names.index('left_hand')].max(axis=(1, 2))
    assert (hands > 50).mean() > 0.8


def test_posture_turns_whole_limbs_by_its_spread():
    plain, turned = clips(400, 1, **PLAIN), clips(400, 1, **{**PLAIN, 'posture_spread': 5.0})
    bones = [each.joints[..., BONES[0]] - each.joints[..., BONES[1]] for each in (plain, turned)]
    cosine = (bones[0] * bones[1]).sum(axis=2) / np.prod([np.linalg.norm(each, axis=2) for each in bones], axis=0)
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))[:, 0]
    names = [MUCO21.joint_names[child] for child in BONES[0]]
    # Two of the three angles of a turn show in the direction of a bone.
    root_mean_square = np.sqrt((angle**2).mean(axis=0))
    assert root_mean_square[names.index('left_hip')] < 0.1
    assert 6 < root_mean_square[names.index('left_knee')] < 8
    assert 8.5 < root_mean_square[names.index('left_wrist')] < 11.5


def test_frame_rate_and_tempo_set_the_speed():
    slow = clips(60, 9, **PLAIN)
    random = CounterRandom(keys_of(1, np.arange(60)))
    half = draw_clips(random, BANK, 9, 60.0, MotionVariation(**PLAIN))
    step = [np.linalg.norm(np.diff(each.joints, axis=1), axis=2).mean() for each in (slow, half)]
    assert 0.4 < step[1] / step[0] < 0.6


@pytest.mark.parametrize('seconds', [1 / 30, 0.5])
def test_a_clip_longer_than_its_motion_bounces_or_holds(seconds):
    bank = procedural_bank(0, 3, seconds=seconds)
    length = len(bank.directions) // 3
    bounced = clips(20, 40, bank=bank, **PLAIN)
    assert bounced.frame_valid.all() and np.isfinite(bounced.joints).all()
    held = clips(20, 40, bank=bank, **PLAIN, short_motion='hold')
    assert (held.frame_valid.sum(axis=1) <= length).all()
    assert (held.frame_valid.sum(axis=1) >= length - 1).all() or length == 1
    still = ~held.frame_valid[:, 1:] & ~held.frame_valid[:, :-1]
    moved = np.abs(np.diff(held.joints, axis=1)).max(axis=(2, 3))
    assert moved[still].max() < 1e-2
    if length > 1:
        assert np.abs(np.diff(bounced.joints, axis=1)).max(axis=(2, 3)).max(axis=1).min() > 1


@pytest.mark.parametrize(
    ('field', 'value'),
    [('body_scale', (1.2, 0.8)), ('body_scale', 1.0), ('tempo', (0, 1)), ('mix', 1.5), ('short_motion', 'stop')],
)
def test_fields_out_of_range_are_named(field, value):
    with pytest.raises(ValueError, match=field):
        MotionVariation(**{field: value})

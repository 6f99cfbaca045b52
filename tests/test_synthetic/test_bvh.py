from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.synthetic.bvh import parse_bvh, read_bvh
from tests.shared_data import shared_path
from tests.test_synthetic.bvh_text import JOINTS, bvh_text

GOOD = bvh_text([{}, {'LeftArm': (-90, 0, 0)}, {'at': (1, 2, 3), 'Hips': (0, 0, 90)}])


def test_positions_follow_the_tree_and_the_order_of_the_channels() -> None:
    clip = parse_bvh(GOOD, 'clip')
    assert clip.names == tuple(JOINTS)
    assert len(clip) == 3
    assert clip.frame_time == 0.1
    positions, frames = clip.world()
    hand = clip.names.index('LeftHand')
    np.testing.assert_allclose(positions[0, hand], (1.5, 3.4, 0), atol=1e-12)
    np.testing.assert_allclose(positions[1, hand], (0.4, 2.3, 0), atol=1e-12)  # the arm hangs down
    np.testing.assert_allclose(positions[2, hand], (1, 3.4, 1.5), atol=1e-12)  # +x has turned to -z about y
    np.testing.assert_allclose(frames @ frames.swapaxes(-1, -2), np.broadcast_to(np.eye(3), frames.shape), atol=1e-12)


def test_rotations_compose_in_the_order_of_the_file() -> None:
    text = bvh_text([{'LeftArm': (90, 90, 0)}])
    positions, _ = parse_bvh(text, 'zxy').world()
    np.testing.assert_allclose(positions[0, JOINTS.index('LeftForeArm')], (0.4, 4.0, 0), atol=1e-12)
    swapped = text.replace('Zrotation Xrotation Yrotation', 'Xrotation Zrotation Yrotation')
    positions, _ = parse_bvh(swapped, 'xzy').world()
    np.testing.assert_allclose(positions[0, JOINTS.index('LeftForeArm')], (0.4, 3.4, 0.6), atol=1e-12)


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('HIERARCHY', 'HIERARCHIE', 'is no BVH file'),
        ('HIERARCHY', 'version https://git-lfs.github.com/spec/v1', 'git lfs pull'),
        ('MOTION', '', 'MOTION is missing'),
        ('Frames: 3', 'Frames: 0', 'at least 1'),
        ('Frames: 3', 'Frames: 4', 'truncated: Frames says 4, found 3'),
        ('Frames: 3', 'Frames: 2', 'damaged: Frames says 2, found 3'),
        ('Frames: 3', 'Frames: many', 'expected "Frames: NUMBER"'),
        ('Frame Time: 0.1', 'Frame Time: -1', 'Frame Time: expected a positive'),
        ('-90', 'nan', 'line 91: expected finite numbers'),
        ('-90', 'arm', 'line 91: expected finite numbers'),
        ('-90', '', 'line 91: expected 54 values, one a channel, found 53'),
        ('CHANNELS 6', 'CHANNELS 5', 'line 5: CHANNELS: expected a count'),
        ('Zposition', 'Wposition', 'line 5: CHANNELS: expected a count'),
        ('OFFSET 0 2 0', 'OFFSET 0 2', 'line 4: OFFSET: expected 3 numbers'),
        ('OFFSET 0 2 0', '', "no OFFSET for Hips"),
        ('JOINT Spine', 'JOINT Hips', 'not in use yet'),
        ('}\nMOTION', 'MOTION', 'closing braces'),
    ],
)  # fmt: skip
def test_errors_name_the_file_and_the_place(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ValueError, match='clip.bvh') as caught:
        parse_bvh(GOOD.replace(old, new, 1), 'clip.bvh')
    assert message in str(caught.value)


def test_a_file_that_is_missing_or_binary(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match='nowhere.bvh'):
        read_bvh(tmp_path / 'nowhere.bvh')
    (tmp_path / 'picture.bvh').write_bytes(b'\xff\xd8\xff\xe0')
    with pytest.raises(ValueError, match='picture.bvh: is no BVH file'):
        read_bvh(tmp_path / 'picture.bvh')


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, 40), st.text(alphabet='{}0129.-nae \nXJ:', max_size=12))
def test_damaged_files_are_refused_by_name_or_read(start: int, length: int, patch: str) -> None:
    try:
        clip = parse_bvh(GOOD[:start] + patch + GOOD[start + length :], 'clip.bvh')
    except ValueError as error:
        assert str(error).startswith('clip.bvh: ')
    else:
        assert np.isfinite(clip.world()[0]).all()


def test_real_files_keep_the_length_of_their_bones() -> None:
    file = sorted(shared_path('mocap').glob('**/*walk_normal*.bvh'))[0]
    clip = read_bvh(file)
    positions, _ = clip.world()
    bones = [(joint, parent) for joint, parent in enumerate(clip.parents) if parent >= 0][1:]
    lengths = np.stack([np.linalg.norm(positions[:, a] - positions[:, b], axis=-1) for a, b in bones])
    np.testing.assert_allclose(
        lengths,
        np.linalg.norm(clip.offsets[[a for a, _ in bones]], axis=-1)[:, None] @ np.ones((1, len(clip))),
        atol=1e-3,
    )
    assert 25 < clip.translations[0, clip.names.index('LowerLeg_L'), 0] < 45  # centimetres

"""Known height, world frame and smoothing of a clip, on people of known size and place."""

from __future__ import annotations

import numpy as np
import pytest

from mmp3d.export.adjustments import clip_in_world, person_heights, scale_to_height, smooth_clip
from mmp3d.geometry import MUPOTS17
from tests.test_export.clips import walking_clip


def test_height_fixes_the_scale_and_not_the_picture():
    clip = walking_clip()
    scaled = scale_to_height(clip, 1800, track_id=4)
    assert person_heights(scaled)[1] == pytest.approx(1800, abs=0.1)
    np.testing.assert_allclose(
        clip.camera.project(scaled.positions[0]), clip.camera.project(clip.positions[0]), atol=1e-3
    )
    assert scaled.processing['scale']['person'] == 4
    assert scale_to_height(clip, 1800).processing['scale']['person'] == 1
    for height, track_id in ((1.8, None), (1800, 99)):
        with pytest.raises(ValueError):
            scale_to_height(clip, height, track_id)


def test_feet_stand_on_the_floor_of_the_world():
    clip = walking_clip(people=4, frames=60)
    clip = clip.replaced(
        positions=clip.positions + np.array([0, 0, 1500]) * np.array([1, 0, 0, 1])[:, None, None, None]
    )
    world = clip_in_world(clip)
    ankles = world.positions[:, :, MUPOTS17.joint_names.index('left_ankle')]
    assert np.nanmedian(ankles[..., 2]) == pytest.approx(0.039 * np.median(person_heights(clip)), abs=40)
    head = world.positions[:, :, 0, 2]
    assert np.nanmin(head) > 1400
    # Its camera sees the world where the old one saw the people.
    seen = world.camera.project(world.camera.world_to_camera(world.positions[0]))
    np.testing.assert_allclose(seen, clip.camera.project(clip.positions[0]), atol=1e-2)
    with pytest.raises(ValueError, match='camera frame'):
        clip_in_world(world)


def test_smoothing_records_what_it_did():
    clip = walking_clip()
    noise = np.random.default_rng(0).normal(0, 15, clip.positions.shape)
    record = smooth_clip(clip.replaced(positions=clip.positions + noise), 'zero-phase').processing['smoothing']
    assert record['acceleration_after'] < 0.5 * record['acceleration_before']
    nobody = walking_clip(people=0)
    assert smooth_clip(nobody, 'one-euro').processing['smoothing']['acceleration_after'] is None

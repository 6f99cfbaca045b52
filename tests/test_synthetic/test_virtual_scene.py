"""People stand apart in front of the camera, on the floor; occluders are in front of somebody."""

import numpy as np
import pytest

from mmp3d.geometry.skeleton import MUPOTS17
from mmp3d.synthetic.counter_random import CounterRandom, keys_of
from mmp3d.synthetic.motion_bank import procedural_bank
from mmp3d.synthetic.motion_clips import MotionVariation
from mmp3d.synthetic.virtual_camera import CameraRanges
from mmp3d.synthetic.virtual_occlusion import occluded_joints
from mmp3d.synthetic.virtual_scene import LEAST_GAP, NEAREST, SceneVariation, draw_scenes

BANK = procedural_bank(0, 8, seconds=2)
ROOT = MUPOTS17.root_index
ALONE = dict(occluding_person=0.0, occluding_box=0.0)


def scenes(count=60, frames=5, cameras=None, **variation):
    random = CounterRandom(keys_of(4, np.arange(count)))
    ranges, variation = CameraRanges(**(cameras or {})), SceneVariation(**{**ALONE, **variation})
    return draw_scenes(random, BANK, frames, 30.0, ranges, variation, MotionVariation())


def world(drawn):
    cameras = drawn.cameras.rows(drawn.scenes)
    points = drawn.keypoints_cam @ cameras.R[:, None]
    points[..., 1] -= cameras.height[:, None, None]
    return points


def test_people_are_where_the_camera_sees_them():
    drawn = scenes(200)
    size = drawn.cameras.image_size[drawn.scenes][:, None, None]
    inside = ((drawn.keypoints >= 0) & (drawn.keypoints < size)).all(axis=-1)
    assert inside.mean() > 0.85
    np.testing.assert_array_equal(drawn.rows[0], np.arange(200))
    assert (drawn.rows[1] == -1).all()


def test_nobody_is_behind_or_in_the_camera_and_all_stay_on_the_floor():
    near = dict(distance=(500, 600), fill=(10, 10), height=(900, 2500))
    drawn = scenes(100, cameras=near, num_people=(3, 3))
    assert drawn.keypoints_cam[..., 2].min() > NEAREST - 0.01
    assert world(drawn)[..., 1].max() < 0.1


def test_people_keep_apart_unless_there_is_no_room():
    drawn = scenes(100, num_people=(2, 2), pair_share=0.5)
    root = world(drawn)[:, :, ROOT][:, :, [0, 2]]
    gap = np.linalg.norm(root[drawn.rows[0]] - root[drawn.rows[1]], axis=-1).min(axis=1)
    assert (gap > LEAST_GAP - 1).mean() > 0.95
    assert (gap < 1500).mean() > 0.4


def test_number_of_people_is_drawn_within_its_range():
    drawn = scenes(300, num_people=(1, 3))
    count = (drawn.rows[:-1] >= 0).sum(axis=0)
    assert set(count) == {1, 2, 3}
    np.testing.assert_array_equal(np.sort(drawn.rows[drawn.rows >= 0]), np.arange(len(drawn.scenes)))


def test_who_is_in_front_hides_joints_and_is_nearer():
    free = occluded_joints(scenes(100), by_self=False)
    assert not free.any()
    drawn = scenes(100, occluding_person=1.0)
    hidden = occluded_joints(drawn, by_self=False)[drawn.rows[0]]
    assert 0.15 < hidden.mean() < 0.7
    depth = drawn.keypoints_cam[:, 2, ROOT, 2]
    assert (depth[drawn.rows[-1]] < depth[drawn.rows[0]]).all()
    boxed = scenes(100, occluding_box=1.0)
    assert 0.15 < occluded_joints(boxed, by_self=False).mean() < 0.7


def test_the_occluder_is_only_looked_for_where_he_may_reach_and_is_found_there():
    """The quick search gives what the plain one gives."""
    from mmp3d.geometry import hidden_behind_people

    drawn = scenes(40, frames=1, num_people=(3, 3), occluding_person=1.0)
    hidden = occluded_joints(drawn, by_self=False)
    for scene in range(40):
        people = drawn.rows[:, scene]
        plain = hidden_behind_people(
            drawn.keypoints[people, 0], drawn.keypoints_cam[people, 0, :, 2], drawn.cameras.focal[scene]
        )
        np.testing.assert_array_equal(hidden[people[:-1], 0], plain[:-1])


def test_the_own_body_hides_the_far_arm_but_no_joint_hides_itself():
    drawn = scenes(300, frames=1)
    hidden = occluded_joints(drawn)[:, 0]
    assert 0.05 < hidden.mean() < 0.3
    names = MUPOTS17.joint_names
    depth = drawn.keypoints_cam[:, 0, :, 2]
    for joint in ('left_shoulder', 'right_shoulder', 'left_hip', 'right_hip'):
        who = hidden[:, names.index(joint)]
        assert who.any()
        assert (depth[who, names.index(joint)] > depth[who].min(axis=1) + 100).all()


@pytest.mark.parametrize(
    ('field', 'value'), [('num_people', (0, 1)), ('num_people', 1.5), ('pair_share', -1), ('pair_distance', (1, 2))]
)
def test_fields_out_of_range_are_named(field, value):
    with pytest.raises(ValueError, match=field):
        SceneVariation(**{field: value})

"""A person in front hides the joints behind his limbs."""

import numpy as np

from mmp3d.geometry import COCO17, MUPOTS17, Camera, hidden_behind_people
from mmp3d.geometry.occlusion import hidden_behind_person, hidden_behind_self

FOCAL = 1000.0


def standing(x, z):
    """A stick figure, arms out: head at the top, feet 1.7 m lower."""
    points = np.zeros((17, 3))
    heights = dict(head_top=0, head=100, neck=300, spine=600, pelvis=850, knee=1250, ankle=1650, hip=850, shoulder=300)
    for joint, name in enumerate(MUPOTS17.joint_names):
        side = name.removeprefix('left_').removeprefix('right_')
        points[joint] = (x, heights.get(side, 300), z)
    return points


def hidden(*people):
    points = np.stack(people)
    camera = Camera.from_intrinsics((FOCAL, FOCAL), (0, 0), (100, 100))
    return hidden_behind_people(camera.project(points), points[..., 2], FOCAL)


def test_who_stands_behind_is_hidden():
    front, behind = hidden(standing(0, 3000), standing(0, 3600))
    assert not front.any()
    assert behind.sum() >= 12


def test_who_stands_beside_is_not():
    assert not hidden(standing(0, 3000), standing(600, 3600)).any()


def test_people_at_the_same_depth_do_not_hide_each_other():
    assert not hidden(standing(0, 3000), standing(0, 3100)).any()


def test_unknown_depth_neither_hides_nor_is_hidden():
    points = np.stack([standing(0, 3000), standing(0, 3600)])
    pixels = Camera.from_intrinsics((FOCAL, FOCAL), (0, 0), (100, 100)).project(points)
    depth = points[..., 2].copy()
    depth[0] = 0
    assert not hidden_behind_people(pixels, depth, FOCAL).any()


def test_nobody_and_one():
    assert hidden_behind_people(np.zeros((0, 17, 2)), np.zeros((0, 17)), FOCAL).shape == (0, 17)
    assert not hidden(standing(0, 3000)).any()


ELBOW, WRIST = MUPOTS17.joint_names.index('left_elbow'), MUPOTS17.joint_names.index('left_wrist')
FAR = 1e6


def one_bone(start, end):
    """A person of whom only the left forearm is in reach: px, mm of each joint."""
    keypoints, depth = np.full((17, 2), FAR), np.zeros(17)
    keypoints[ELBOW], keypoints[WRIST] = start[:2], end[:2]
    depth[ELBOW], depth[WRIST] = start[2], end[2]
    return keypoints, depth


def one_joint(x, y, z):
    keypoints, depth = np.full((17, 2), -FAR), np.zeros(17)
    keypoints[0], depth[0] = (x, y), z
    return keypoints, depth


def test_a_bone_is_a_capsule_of_90_mm_at_its_mean_depth():
    # From (0, 0) to (100, 0) px at 3000 mm on average: the radius is 30 px at a focal length of 1000 px.
    bone = one_bone((0, 0, 2800), (100, 0, 3200))
    for x, y, hides in (
        (50, 29, True),
        (50, -29, True),
        (50, 31, False),
        (129, 0, True),
        (131, 0, False),
        (-29, 0, True),
        (-31, 0, False),
        (122, 22, False),
        (120, 20, True),
    ):
        assert hidden_behind_person(*one_joint(x, y, 4000), *bone, FOCAL)[0] == hides, (x, y)
    slanted = one_bone((0, 0, 3000), (60, 80, 3000))
    for x, y, hides in ((53, 24, True), (56, 22, False), (7, 56, True), (4, 58, False)):
        assert hidden_behind_person(*one_joint(x, y, 4000), *slanted, FOCAL)[0] == hides, (x, y)


def test_what_is_hidden_lies_150_mm_behind():
    bone = one_bone((0, 0, 2800), (100, 0, 3200))
    for depth, hides in ((3149, False), (3151, True), (2000, False), (0, False)):
        assert hidden_behind_person(*one_joint(50, 0, depth), *bone, FOCAL)[0] == hides, depth


def test_a_bone_with_an_unknown_end_hides_nothing():
    for start, end in ((0, 3000), (3000, 0)):
        assert not hidden_behind_person(*one_joint(50, 0, 9000), *one_bone((0, 0, start), (100, 0, end)), FOCAL).any()


def test_many_pairs_at_once_have_focal_lengths_of_their_own():
    joints = [one_joint(50, 20, 4000), one_joint(50, 20, 4000), one_joint(50, 20, 3100)]
    bone = one_bone((0, 0, 3000), (100, 0, 3000))
    keypoints, depth = map(np.stack, zip(*joints, strict=True))
    found = hidden_behind_person(
        keypoints, depth, *(np.stack([each] * 3) for each in bone), np.array([1000, 500, 1000])
    )
    assert found.shape == (3, 17)
    assert found[:, 0].tolist() == [True, False, False]
    assert not found[:, 1:].any()


def test_the_own_body_hides_but_not_the_bones_of_a_joint():
    keypoints, depth = one_bone((0, 0, 3000), (100, 0, 3400))
    assert not hidden_behind_self(keypoints, depth, FOCAL).any()
    keypoints[0], depth[0] = (50, 0), 3800
    assert np.flatnonzero(hidden_behind_self(keypoints, depth, FOCAL)).tolist() == [0]
    assert hidden_behind_self(keypoints[None], depth[None], np.array([FOCAL])).shape == (1, 17)


def test_bones_are_those_of_the_skeleton():
    keypoints, depth = np.full((2, 17, 2), FAR), np.zeros((2, 17))
    ends = [COCO17.joint_names.index(f'left_{name}') for name in ('hip', 'knee')]
    keypoints[0, ends], depth[0, ends] = [(0, 0), (100, 0)], 3000
    keypoints[1, 0], depth[1, 0] = (50, 0), 4000
    assert np.argwhere(hidden_behind_people(keypoints, depth, FOCAL, COCO17)).tolist() == [[1, 0]]
    assert not hidden_behind_people(keypoints, depth, FOCAL, MUPOTS17).any()

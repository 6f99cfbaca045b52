"""Joint sets convert by name, with a mask for what the source lacks."""

import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmp3d.geometry import COCO17, MUCO21, MUPOTS17, SKELETONS
from mmp3d.geometry.joint_sets import MUPOTS17_BONE_LENGTHS


@pytest.mark.parametrize('skeleton', SKELETONS.values(), ids=SKELETONS)
def test_mirroring_twice_is_nothing(skeleton):
    assert (skeleton.flip_indices[skeleton.flip_indices] == np.arange(skeleton.num_joints)).all()


@pytest.mark.parametrize('skeleton', SKELETONS.values(), ids=SKELETONS)
def test_every_joint_reaches_a_root(skeleton):
    for joint in range(skeleton.num_joints):
        for _ in range(skeleton.num_joints):
            joint = skeleton.parents[joint]
        assert skeleton.parents[joint] == joint


@pytest.mark.parametrize('skeleton', SKELETONS.values(), ids=SKELETONS)
def test_metainfo_is_what_mmpose_parses(skeleton):
    meta = parse_pose_metainfo(skeleton.metainfo('a_set'))
    assert meta['num_keypoints'] == skeleton.num_joints
    assert meta['flip_indices'] == skeleton.flip_indices.tolist()
    assert len(meta['skeleton_links']) == len(skeleton.bones)


def test_conversion_to_itself_changes_nothing():
    points = np.random.default_rng(0).normal(size=(3, 17, 2)).astype(np.float32)
    converted, valid = MUPOTS17.convert(points, np.ones((3, 17)), MUPOTS17)
    assert np.allclose(converted, points)
    assert valid.all()


def test_muco_to_mupots_drops_hands_and_toes():
    points = np.random.default_rng(0).normal(size=(21, 3)).astype(np.float32)
    converted, valid = MUCO21.convert(points, np.ones(21), MUPOTS17)
    assert np.array_equal(converted, points[:17])
    assert valid.all()


def test_coco_implies_neck_and_pelvis_only_where_both_sides_are_valid():
    points = np.arange(34, dtype=np.float32).reshape(17, 2)
    valid = np.ones(17)
    valid[COCO17.joint_names.index('left_hip')] = 0
    points[COCO17.joint_names.index('left_hip')] = np.nan
    converted, converted_valid = COCO17.convert(points, valid, MUPOTS17)
    names = MUPOTS17.joint_names
    shoulders = [COCO17.joint_names.index(f'{side}_shoulder') for side in ('left', 'right')]
    assert np.allclose(converted[names.index('neck')], points[shoulders].mean(axis=0))
    missing = {name for name, good in zip(names, converted_valid, strict=True) if not good}
    assert missing == {'head_top', 'head', 'spine', 'pelvis', 'left_hip'}
    assert (converted[~converted_valid] == 0).all()


def test_nobody_converts_to_nobody():
    converted, valid = COCO17.convert(np.zeros((0, 17, 2)), np.zeros((0, 17)), MUPOTS17)
    assert converted.shape == (0, 17, 2)
    assert valid.shape == (0, 17)


def test_wrong_joint_count_is_named():
    with pytest.raises(ValueError, match='has 17 joints, got points of shape'):
        COCO17.convert(np.zeros((2, 16, 2)), np.zeros((2, 16)), MUPOTS17)
    with pytest.raises(ValueError, match="'coco17' has no root"):
        COCO17.root_index  # noqa: B018


def test_reach_is_the_way_along_the_bones():
    ways = MUPOTS17.reach(MUPOTS17_BONE_LENGTHS)
    names = MUPOTS17.joint_names
    wrist, elbow, shoulder, hip = (names.index(f'left_{name}') for name in ('wrist', 'elbow', 'shoulder', 'hip'))
    assert ways[wrist, elbow] == MUPOTS17_BONE_LENGTHS[wrist]
    assert ways[wrist, shoulder] == MUPOTS17_BONE_LENGTHS[wrist] + MUPOTS17_BONE_LENGTHS[elbow]
    assert np.array_equal(ways, ways.T)
    assert (np.diag(ways) == 0).all()
    assert np.isfinite(ways).all()
    assert ways[wrist, hip] > ways[wrist, shoulder]

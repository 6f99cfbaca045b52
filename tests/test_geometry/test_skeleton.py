"""Joint sets convert by name, with a mask for what the source lacks."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmp3d.geometry import COCO17, MUCO21, MUPOTS17, SKELETONS
from mmp3d.geometry.joint_sets import IMPLIED_JOINTS, MUPOTS17_BONE_LENGTHS
from mmp3d.geometry.skeleton import H36M17, H36M32, JTA14, JTA22, LSP14, PANOPTIC19, SMPL24
from tests.shared_data import shared_path

ANY_SET = st.sampled_from(list(SKELETONS.values()))
# Which joint of the first set each joint of the second is, as the data sets' evaluators list them.
INDEX_LISTS = [
    (H36M17, MUPOTS17, [10, 8, 14, 15, 16, 11, 12, 13, 1, 2, 3, 4, 5, 6, 0, 7, 9]),
    (H36M32, H36M17, [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27]),
    (JTA22, JTA14, [0, 2, 4, 5, 6, 8, 9, 10, 16, 17, 18, 19, 20, 21]),
    (MUPOTS17, JTA14, list(range(14))),
    (MUCO21, MUPOTS17, list(range(17))),
    (PANOPTIC19, COCO17, [1, 15, 17, 16, 18, 3, 9, 4, 10, 5, 11, 6, 12, 7, 13, 8, 14]),
]
# The regressor that 3DPW is scored with gives Human3.6M's joints with the left leg first.
LEFT_LEG_FIRST = [0, 4, 5, 6, 1, 2, 3, *range(7, 17)]
REGRESSED_TO_LSP14 = [6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10]


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


@pytest.mark.parametrize('skeleton', SKELETONS.values(), ids=SKELETONS)
def test_sets_have_as_many_joints_as_their_names_say(skeleton):
    assert str(skeleton.num_joints) == re.search(r'\d+$', skeleton.name)[0]
    assert len(set(skeleton.joint_names)) == len(skeleton.parents) == skeleton.num_joints
    assert (skeleton.sigmas > 0).all()
    assert not skeleton.root or skeleton.parents[skeleton.root_index] == skeleton.root_index


@pytest.mark.parametrize(
    ('source', 'target', 'indices'),
    INDEX_LISTS,
    ids=[f'{source.name}-{target.name}' for source, target, _ in INDEX_LISTS],
)
def test_conversions_are_those_of_the_evaluators(source, target, indices):
    points = np.random.default_rng(0).normal(size=(5, source.num_joints, 3)).astype(np.float32)
    converted, valid = source.convert(points, np.ones((5, source.num_joints)), target)
    assert np.array_equal(converted, points[:, indices])
    assert valid.all()


def test_regressed_joints_give_the_14_of_3dpw():
    points = np.random.default_rng(0).normal(size=(17, 3)).astype(np.float32)
    converted, valid = H36M17.convert(points, np.ones(17), LSP14)
    assert np.array_equal(converted, points[LEFT_LEG_FIRST][REGRESSED_TO_LSP14])
    assert valid.all()


@pytest.mark.parametrize(
    ('source', 'lacking'),
    [
        (MUCO21, set()),
        (H36M17, set()),
        (H36M32, set()),
        (COCO17, {'head_top', 'head', 'spine'}),
        (JTA14, {'head', 'spine'}),
        (JTA22, {'spine'}),
        (SMPL24, {'head_top'}),
        (LSP14, {'head', 'spine'}),
        (PANOPTIC19, {'head_top', 'head', 'spine'}),
    ],
)
def test_what_each_set_lacks_of_the_canonical_one(source, lacking):
    _, valid = source.convert(np.zeros((source.num_joints, 3)), np.ones(source.num_joints), MUPOTS17)
    assert {name for name, good in zip(MUPOTS17.joint_names, valid, strict=True) if not good} == lacking


@given(source=ANY_SET, target=ANY_SET, seed=st.integers(0, 1000), data=st.data())
def test_there_and_back_keeps_every_joint_that_both_have(source, target, seed, data):
    valid = np.array(data.draw(st.lists(st.booleans(), min_size=source.num_joints, max_size=source.num_joints)))
    points = np.random.default_rng(seed).normal(scale=1000, size=(source.num_joints, 3)).astype(np.float32)
    back, back_valid = target.convert(*source.convert(points, valid, target), source)
    shared = np.array([name in target.joint_names for name in source.joint_names])
    assert np.array_equal(back_valid[shared], valid[shared])
    assert np.array_equal(back[shared & valid], points[shared & valid])
    implied = {name for name, good in zip(source.joint_names, back_valid & ~shared, strict=True) if good}
    assert implied <= set(IMPLIED_JOINTS)


@given(source=ANY_SET, target=ANY_SET, seed=st.integers(0, 1000))
def test_conversion_goes_along_with_the_mirroring_of_people(source, target, seed):
    points = np.random.default_rng(seed).normal(scale=1000, size=(source.num_joints, 3)).astype(np.float32)
    valid = np.random.default_rng(seed).random(source.num_joints) < 0.8
    mirrored, mirrored_valid = source.convert(
        points[source.flip_indices] * (-1, 1, 1), valid[source.flip_indices], target
    )
    converted, converted_valid = source.convert(points, valid, target)
    np.testing.assert_allclose(mirrored, converted[target.flip_indices] * (-1, 1, 1), rtol=1e-6)
    assert np.array_equal(mirrored_valid, converted_valid[target.flip_indices])


def test_human36m_tree_is_that_of_its_release():
    metadata = shared_path('real/samples/h36m/H36M-Toolbox/metadata.xml').read_text().split('<skel_pos>')[1]
    from_one = np.array(re.findall(r'<parent>(\d+)</parent>', metadata), int)
    assert list(H36M32.parents) == np.maximum(from_one - 1, 0).tolist()


def test_panoptic_eyes_and_ears_lie_where_their_names_say():
    folder = shared_path('real/samples/panoptic_body3d/160906_band2/hdPose3d_stage1_coco19')
    people = json.loads((folder / 'body3DScene_00000139.json').read_text())['bodies']
    assert people
    for person in people:
        place = dict(zip(PANOPTIC19.joint_names, np.reshape(person['joints19'], (19, 4))[:, :3], strict=True))
        leftwards = place['left_shoulder'] - place['right_shoulder']
        assert (place['left_ear'] - place['right_ear']) @ leftwards > 0
        for side, other in (('left', 'right'), ('right', 'left')):
            nose, own_ear, other_ear = (
                np.linalg.norm(place[f'{side}_eye'] - place[name]) for name in ('nose', f'{side}_ear', f'{other}_ear')
            )
            assert nose < own_ear < other_ear


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


def test_metainfo_tells_sides_and_halves_of_the_body():
    meta = MUCO21.metainfo('a_set')
    points = {point['name']: point for point in meta['keypoint_info'].values()}
    lower = {'hip', 'knee', 'ankle', 'toe'}
    for name, point in points.items():
        side, _, part = name.rpartition('_') if name.startswith(('left_', 'right_')) else ('', '', name)
        assert point['type'] == ('lower' if part in lower or name == 'pelvis' else 'upper'), name
        assert point['swap'] == {'left': f'right_{part}', 'right': f'left_{part}', '': ''}[side]
    colours = [points[name]['color'] for name in ('left_knee', 'right_knee', 'neck')]
    assert len({tuple(colour) for colour in colours}) == 3
    assert points['left_wrist']['color'] == colours[0] and points['right_wrist']['color'] == colours[1]
    assert [point['id'] for point in meta['keypoint_info'].values()] == list(range(21))
    assert meta['dataset_name'] == 'a_set' and meta['joint_weights'] == [1.0] * 21


def test_links_go_from_the_parent_and_have_the_colour_of_the_child():
    meta = MUPOTS17.metainfo('a_set')
    links = {link['link']: link for link in meta['skeleton_info'].values()}
    assert ('left_elbow', 'left_wrist') in links and ('neck', 'left_shoulder') in links
    colours = {point['name']: point['color'] for point in meta['keypoint_info'].values()}
    assert all(link['color'] == colours[child] for (_, child), link in links.items())
    assert [link['id'] for link in meta['skeleton_info'].values()] == list(range(16))


def test_sigmas_are_cocos_on_both_sides():
    sigmas = dict(zip(COCO17.joint_names, COCO17.sigmas.tolist(), strict=True))
    assert sigmas['left_wrist'] == sigmas['right_wrist'] == pytest.approx(0.062)
    assert sigmas['nose'] == pytest.approx(0.026) and sigmas['left_hip'] == pytest.approx(0.107)

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.functional import map_bone_lengths
from mmp3d.geometry import MUPOTS17
from tests.test_evaluation.scenes import make_people

PARENTS = np.array(MUPOTS17.parents)
ROOT = MUPOTS17.root_index


def bone_lengths(pose: np.ndarray) -> np.ndarray:
    return np.linalg.norm(pose - pose[..., PARENTS, :], axis=-1)


def two_poses(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return make_people(rng, 4), make_people(rng, 4)


def test_straight_chain_by_hand():
    gt = np.zeros((17, 3))
    pred = np.zeros((17, 3))
    for joint, parent in ((15, 14), (1, 15), (2, 1), (3, 2), (4, 3)):
        gt[joint] = gt[parent] + [0, 100, 0]
        pred[joint] = pred[parent] + [joint, 0, 0]
    others = [joint for joint in range(17) if joint not in (15, 1, 2, 3, 4, ROOT)]
    gt[others], pred[others] = gt[PARENTS[others]] + 1, pred[PARENTS[others]] + 1
    mapped = map_bone_lengths(pred, gt)
    for steps, joint in enumerate((15, 1, 2, 3, 4), start=1):
        np.testing.assert_allclose(mapped[joint], [100 * steps, 0, 0])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.05, 20))
def test_lengths_are_annotated_directions_are_predicted_scale_is_ignored(seed, scale):
    pred, gt = two_poses(seed)
    mapped = map_bone_lengths(pred, gt)
    np.testing.assert_allclose(bone_lengths(mapped), bone_lengths(gt), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(mapped[:, ROOT], pred[:, ROOT])
    np.testing.assert_allclose(map_bone_lengths(mapped, gt), mapped, atol=1e-8)
    rooted = pred[:, ROOT, None]
    np.testing.assert_allclose(map_bone_lengths((pred - rooted) * scale + rooted, gt), mapped, atol=1e-7)


def test_equal_poses_stay_and_a_uniformly_scaled_pose_becomes_the_annotation():
    _, gt = two_poses(0)
    np.testing.assert_allclose(map_bone_lengths(gt, gt), gt, atol=1e-9)
    root = gt[:, ROOT, None]
    np.testing.assert_allclose(map_bone_lengths((gt - root) * 0.9 + root, gt), gt, atol=1e-9)


def test_bone_without_annotation_keeps_its_predicted_length():
    pred, gt = two_poses(1)
    valid = np.ones((4, 17))
    valid[:, 4] = 0
    lengths = bone_lengths(map_bone_lengths(pred, gt, valid))
    np.testing.assert_allclose(lengths[:, 4], bone_lengths(pred)[:, 4])
    np.testing.assert_allclose(np.delete(lengths, 4, axis=1), np.delete(bone_lengths(gt), 4, axis=1), atol=1e-9)


@pytest.mark.parametrize('damage', ['zero_length', 'nan', 'inf'])
def test_joint_without_direction_is_nan_with_all_that_hangs_on_it_and_nothing_else(damage):
    pred, gt = two_poses(2)
    pred[0, 3] = {'zero_length': pred[0, 2], 'nan': np.nan, 'inf': np.inf}[damage]
    mapped = map_bone_lengths(pred, gt)
    broken = np.isnan(mapped).any(axis=-1)
    assert set(map(tuple, np.argwhere(broken))) == {(0, 3), (0, 4)}


def test_root_that_is_nan_leaves_nothing():
    pred, gt = two_poses(3)
    pred[0, ROOT] = np.nan
    broken = np.isnan(map_bone_lengths(pred, gt)).all(axis=(1, 2))
    assert broken.tolist() == [True, False, False, False]


def test_nobody():
    assert map_bone_lengths(np.zeros((0, 17, 3)), np.zeros((0, 17, 3))).shape == (0, 17, 3)

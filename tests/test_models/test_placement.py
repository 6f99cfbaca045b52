import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.geometry import MUPOTS17
from mmp3d.models.lifters.placement import FARTHEST, place_poses, root_from_rays

ROOT = MUPOTS17.root_index


def seen_people(seed=0, people=4):
    generator = torch.Generator().manual_seed(seed)
    poses = torch.randn(people, 17, 3, generator=generator) * 400
    poses = poses - poses[:, ROOT, None]
    root = torch.rand(people, 3, generator=generator) * torch.tensor([2000, 1000, 5000]) + torch.tensor(
        [-1e3, -500, 3e3]
    )
    points = poses + root[:, None]
    return poses, root, points[..., :2] / points[..., 2:]


@given(st.integers(0, 1000), st.sets(st.integers(0, 16), max_size=13))
def test_the_root_of_a_pose_of_known_size_is_found(seed, hidden):
    poses, root, rays = seen_people(seed)
    weights = torch.ones(4, 17)
    weights[:, list(hidden)] = 0
    np.testing.assert_allclose(root_from_rays(poses, rays, weights), root, rtol=1e-3, atol=2)
    known_depth = root_from_rays(poses, rays, weights, root[:, 2])
    np.testing.assert_allclose(known_depth, root, rtol=1e-3, atol=1)


def test_poses_without_direction_have_a_finite_place():
    poses, _, rays = seen_people()
    for weights in (torch.zeros(4, 17), torch.eye(17)[:4]):
        root = root_from_rays(poses, rays, weights)
        assert root.isfinite().all() and (root[:, 2] == FARTHEST).all()
    assert root_from_rays(poses[:0], rays[:0], weights[:0]).shape == (0, 3)


def test_poses_stand_on_the_ray_of_their_root_or_where_the_others_say():
    poses, root, rays = seen_people()
    scores = torch.ones(4, 17)
    expected = poses + root[:, None]
    np.testing.assert_allclose(place_poses(poses, root[:, 2], rays, scores, ROOT), expected, atol=0.5)
    scores[:, ROOT] = 0
    rays[:, ROOT] = float('nan')
    np.testing.assert_allclose(place_poses(poses, root[:, 2], rays, scores, ROOT), expected, atol=0.5)
    nowhere = place_poses(poses, root[:, 2], rays, torch.zeros(4, 17), ROOT)
    np.testing.assert_allclose(nowhere[:, ROOT, :2], 0, atol=1e-6)

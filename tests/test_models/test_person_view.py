import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.geometry import MUPOTS17
from mmp3d.models.lifters import PoseGCN
from mmp3d.models.lifters.person_view import LOG_EXTENT_SPREAD, MEAN_EXTENT, person_view
from mmp3d.models.lifters.pose_features import SMALLEST_SIZE


def people(number, middle, seed=0):
    """(N, K, 3) mm around a middle."""
    generator = torch.Generator().manual_seed(seed)
    return torch.tensor(middle) + 300 * torch.randn(number, 17, 3, generator=generator)


def rays_of(points):
    return points[..., :2] / points[..., 2:]


@given(st.floats(-4000, 4000), st.floats(-2000, 2000), st.floats(2500, 9000))
@settings(max_examples=30, deadline=None)
def test_the_rotation_is_one_and_brings_the_middle_to_the_axis(x, y, z):
    view = person_view(rays_of(people(3, (x, y, z))), torch.ones(3, 17))
    eye = torch.eye(3).expand(3, 3, 3)
    torch.testing.assert_close(view.rotation @ view.rotation.transpose(-1, -2), eye, rtol=0, atol=1e-5)
    torch.testing.assert_close(torch.linalg.det(view.rotation), torch.ones(3), rtol=0, atol=1e-5)
    middle = torch.cat([view.centre, torch.ones(3, 1)], dim=-1)[:, None]
    torch.testing.assert_close(view.turned(middle)[..., :2], torch.zeros(3, 1, 2), rtol=0, atol=1e-5)
    torch.testing.assert_close(view.turned_back(view.turned(middle)), middle, rtol=1e-5, atol=1e-5)


def test_whoever_walks_around_a_camera_looks_the_same():
    points = people(1, (0.0, 0.0, 4000.0))
    straight = person_view(rays_of(points), torch.ones(1, 17))
    rotation = straight.rotation
    aside = person_view(rays_of(points @ _turn(0.6)), torch.ones(1, 17))
    assert not torch.allclose(aside.rotation, rotation, atol=0.1)
    torch.testing.assert_close(aside.shape, straight.shape, rtol=0, atol=2e-2)
    torch.testing.assert_close(aside.size, straight.size, rtol=1e-2, atol=0)


def _turn(angle):
    angle = torch.tensor(angle)
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.tensor(0.0), torch.tensor(1.0)
    return torch.stack([torch.stack([cos, zero, sin]), torch.stack([zero, one, zero]), torch.stack([-sin, zero, cos])])


@pytest.mark.parametrize('middle', [(0.0, 0.0, 4000.0), (1500.0, -400.0, 3000.0)])
def test_true_depths_give_the_true_pose(middle):
    points = people(4, middle)
    view = person_view(rays_of(points), torch.ones(4, 17))
    seen = view.turned(points)
    # Depths relative to the one at which the shape has its extent.
    reference = seen[..., 2].mean(dim=-1, keepdim=True)
    extent = view.size[:, None] * reference
    outputs = torch.zeros_like(seen)
    outputs[..., 2] = seen[..., 2] - reference
    placed = view.placed(outputs, (extent[:, 0] / MEAN_EXTENT).log() / LOG_EXTENT_SPREAD)
    placed, seen = placed - placed[:, :1], seen - seen[:, :1]
    torch.testing.assert_close(placed[..., 2], seen[..., 2], rtol=0, atol=0.05)
    # The rays are relative to their middle, which is nearly, but not exactly, on the axis.
    torch.testing.assert_close(placed, seen, rtol=0, atol=60)


def test_joints_that_were_not_found_are_where_they_are_predicted():
    scores = torch.ones(2, 17)
    scores[:, 3] = 0
    rays = rays_of(people(2, (0.0, 0.0, 4000.0)))
    rays[:, 3] = float('nan')
    view = person_view(rays, scores)
    assert torch.isfinite(view.shape).all() and (view.shape[:, 3] == 0).all()
    predicted = people(2, (0.0, 0.0, 0.0), seed=1)
    torch.testing.assert_close(view.placed(predicted, torch.zeros(2))[:, 3], predicted[:, 3])


def test_nobody_and_a_single_joint_have_finite_features():
    scores = torch.zeros(2, 17)
    scores[1, 5] = 0.4
    view = person_view(torch.full((2, 17, 2), float('inf')).masked_fill(scores[..., None] > 0, 0.1), scores)
    assert all(torch.isfinite(values).all() for values in (*view, *view.features()))
    torch.testing.assert_close(view.rotation[0], torch.eye(3))
    assert view.size[1] == torch.tensor(SMALLEST_SIZE)


def test_half_precision_leaves_the_geometry_alone():
    rays, scores = rays_of(people(3, (900.0, 100.0, 6000.0))), torch.ones(3, 17)
    plain = person_view(rays, scores)
    with torch.autocast('cpu', torch.bfloat16):
        cast = person_view(rays, scores)
    for one, other in zip(plain, cast, strict=True):
        assert one.dtype == other.dtype == torch.float32
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_graph_network_that_looks_at_the_person():
    torch.manual_seed(0)
    net = PoseGCN(hidden_channels=8, look_at=True).eval()
    points = people(2, (1000.0, 0.0, 4000.0))
    poses = net(rays_of(points), torch.ones(2, 17))
    assert poses.shape == (2, 17, 3) and (poses[:, MUPOTS17.root_index] == 0).all()
    with pytest.raises(ValueError, match='with_confidence'):
        PoseGCN(hidden_channels=8, look_at=True, with_confidence=False)

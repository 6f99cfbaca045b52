"""People at 0.3 m and at 100 m, at and behind the camera, with focal lengths of 200 to 20,000 px, in every stage."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mmp3d.apis import load_lifters
from mmp3d.codecs.depth_coding import DepthCoding
from mmp3d.export import PeopleClip, read_clip, write_clip
from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.geometry.depth import metric_depth
from mmp3d.geometry.depth_confidence import root_confidence
from mmp3d.models.integration import HardIntegration, LinearIntegration
from mmp3d.models.lifters.person_view import person_view
from mmp3d.models.lifters.placement import FARTHEST, NEAREST, root_from_rays
from mmp3d.pipeline.integration import BranchFrames, integrate, pair_people
from mmp3d.pipeline.lifting import lift_track
from mmp3d.pipeline.matching import CameraPeople, match_people
from mmp3d.pipeline.network_stages import NetworkRule
from mmp3d.pipeline.track import Track
from mmp3d.pipeline.tracking import FramePoses, PoseTracker
from tests.test_export.clips import WRITABLE, walking_clip

ROOT = MUPOTS17.root_index
SIZE = (1920, 1080)
BODY = walking_clip(people=1, frames=1).positions[0, 0] - walking_clip(people=1, frames=1).positions[0, 0, ROOT]
# Deep enough to tell a swapped axis, and so flat that the nearest person is wholly before the camera.
BODY = np.float64(BODY) + np.linspace(-80, 80, 17)[:, None] * [0, 0, 1]
BODY -= BODY[ROOT]

distances = st.floats(300, 100_000)
focals = st.floats(200, 20_000)
signed = st.floats(-100_000, 100_000)
near_and_wide = example(distance=300.0, focal=200.0)
far_and_narrow = example(distance=100_000.0, focal=20_000.0)
many = settings(max_examples=60, deadline=None, derandomize=True)


def _camera(focal: float, **fields) -> Camera:
    return Camera.from_intrinsics((focal, focal), ((SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2), SIZE, **fields)


def _person(distance: float) -> np.ndarray:
    """(17, 3) mm: the root at the distance."""
    return BODY + [0, 0, distance]


@many
@near_and_wide
@far_and_narrow
@given(distance=distances, focal=focals)
def test_camera_there_and_back(distance, focal):
    camera, points = _camera(focal), _person(distance)
    pixels = camera.project(points)
    assert np.isfinite(pixels).all()
    np.testing.assert_allclose(camera.back_project(pixels, points[:, 2]), points, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(
        camera.resized((960, 540)).project(points), (pixels + 0.5) / 2 - 0.5, rtol=1e-9, atol=1e-6
    )


@many
@given(distance=distances | distances.map(lambda distance: -distance), focal=focals, k1=st.floats(-0.3, 0.3))
@example(distance=0.0, focal=200.0, k1=0.0)
@example(distance=-300.0, focal=20_000.0, k1=0.3)
def test_camera_sees_only_what_is_before_it(distance, focal, k1):
    camera = _camera(focal, distortion=[k1, 0, 0, 0, 0])
    points = _person(distance)
    pixels = camera.project(points)
    seen = np.isfinite(pixels).all(axis=-1)
    assert not seen[points[:, 2] <= 0].any() and (np.isnan(pixels).any(axis=-1) == ~seen).all()
    # What the lens shows at all it shows in one place.
    again = camera.back_project(pixels[seen], points[seen, 2])
    np.testing.assert_allclose(again, points[seen], rtol=1e-5, atol=1e-3 * max(abs(distance), 1000) / focal + 1e-3)


@many
@near_and_wide
@far_and_narrow
@given(distance=distances, focal=focals)
@pytest.mark.parametrize('space', ['linear', 'log'])
@pytest.mark.parametrize('to', ['root', 'parent'])
def test_depths_are_coded_there_and_back(space, to, distance, focal):
    coding = DepthCoding(root_depth_space=space, relative_depth_to=to)
    points, ones = _person(distance)[None].astype(np.float32), np.ones((1, 17), np.float32)
    labels = coding.encode(ones, points, ones, _camera(focal))
    assert all(np.isfinite(values).all() and values.dtype == np.float32 for values in labels.values())
    read = {name: torch.from_numpy(values) for name, values in labels.items()}
    root = torch.from_numpy(np.repeat(labels['root_depths'][:, ROOT, None], 17, axis=1))
    relative, normalized = coding.read(read['relative_depths'], root, torch.ones(1, 17), torch.ones(1, 17).bool())
    np.testing.assert_allclose(metric_depth(normalized.numpy(), focal), [distance], rtol=1e-5)
    np.testing.assert_allclose(relative.numpy()[0], BODY[:, 2], atol=1e-5 * distance + 1e-2)


@many
@given(distance=st.floats(-100_000, 0), focal=focals)
@example(distance=0.0, focal=200.0)
@example(distance=float('-inf'), focal=200.0)
@example(distance=float('nan'), focal=20_000.0)
def test_nobody_behind_the_camera_has_a_depth_to_learn(distance, focal):
    ones = np.ones((1, 17), np.float32)
    labels = DepthCoding(root_depth_space='log').encode(ones, _person(distance)[None], ones, _camera(focal))
    assert all(np.isfinite(values).all() for values in labels.values())
    assert not labels['root_depth_weights'].any() and not labels['relative_depth_weights'].any()


@pytest.mark.parametrize('space', ['linear', 'log'])
@pytest.mark.parametrize('value', [-3e38, -1e4, 0.0, 1e4, 3e38])
def test_whatever_a_network_says_is_a_positive_depth(space, value):
    depth = DepthCoding(root_depth_space=space).root_from_network(torch.tensor([value]))
    assert (depth > 0).all() and depth.isfinite().all()


@many
@near_and_wide
@far_and_narrow
@given(distance=distances, focal=focals)
def test_person_view_is_finite_and_a_rotation(distance, focal):
    rays = torch.from_numpy(_camera(focal).normalize(_camera(focal).project(_person(distance)))).float()
    aside = rays + torch.tensor([50.0, -50.0])
    for seen in (rays, aside, rays * 0, rays * 1e6):
        view = person_view(seen[None], torch.ones(1, 17))
        assert all(values.isfinite().all() for values in (*view, *view.features()))
        product = view.rotation @ view.rotation.transpose(-1, -2)
        torch.testing.assert_close(product, torch.eye(3)[None], atol=1e-4, rtol=0)
    # The view is in units of the person: it does not change with the distance, but for the perspective.
    shape = person_view(rays[None], torch.ones(1, 17)).shape
    assert shape.abs().max() < 6


@many
@near_and_wide
@far_and_narrow
@given(distance=distances, focal=focals)
def test_place_of_a_known_pose(distance, focal):
    camera = _camera(focal)
    rays = torch.from_numpy(camera.normalize(camera.project(_person(distance)))).float()
    root = root_from_rays(torch.from_numpy(BODY).float(), rays, torch.ones(17))
    assert NEAREST <= root[2] <= FARTHEST
    # Rays in float32 tell 100 m to a metre.
    np.testing.assert_allclose(root.numpy(), [0, 0, distance], rtol=1e-2, atol=2 + 1e-6 * distance)


@pytest.fixture(scope='module')
def lifters():
    return load_lifters()


@pytest.mark.parametrize('focal', [200.0, 1500.0, 20_000.0])
@pytest.mark.parametrize('distance', [300.0, 4000.0, 100_000.0])
def test_lifted_people_are_finite_and_on_their_rays(lifters, distance, focal):
    camera = _camera(focal)
    pixels = np.repeat(camera.project(_person(distance))[None], 9, axis=0)
    lifted = lift_track(Track(0, np.arange(9), pixels, np.ones((9, 17))), camera, lifters).keypoints_cam
    assert np.isfinite(lifted).all() and (lifted[:, ROOT, 2] > 0).all()
    np.testing.assert_allclose(camera.project(lifted[:, ROOT]), pixels[:, ROOT], atol=0.5)


def test_lifted_people_without_a_ray_or_far_aside(lifters):
    camera = _camera(200)
    pixels = np.stack([np.full((17, 2), value) for value in (0.0, 1e6, -1e6, 1e30, np.nan)])
    lifted = lift_track(Track(0, np.arange(5), pixels, np.ones((5, 17))), camera, lifters).keypoints_cam
    assert np.isfinite(lifted).all()


@many
@given(distance=signed, other=signed)
@example(distance=300.0, other=100_000.0)
@example(distance=0.0, other=-0.0)
def test_matching_leaves_nobody_out(distance, other):
    people = CameraPeople(np.stack([_person(distance), _person(other)]), np.ones((2, 17)))
    (matches,) = match_people([people], [people])
    for side, alone in enumerate((matches.bottom_up_only, matches.top_down_only)):
        assert sorted([*matches.pairs[:, side].tolist(), *alone.tolist()]) == [0, 1]
    before = {row for row, root in enumerate(people.keypoints_cam.mean(axis=1)) if root[2] > 0}
    assert set(matches.pairs[:, 0].tolist()) == set(matches.pairs[:, 1].tolist()) == before


@many
@given(distance=signed, other=signed, focal=focals)
@example(distance=300.0, other=100_000.0, focal=20_000.0)
@example(distance=0.0, other=-300.0, focal=200.0)
@pytest.mark.parametrize('network', [HardIntegration(), LinearIntegration()])
def test_integrated_people(network, distance, other, focal):
    lower = CameraPeople(_person(distance)[None].astype(np.float32), np.ones((1, 17), np.float32))
    upper = CameraPeople(_person(other)[None].astype(np.float32), np.ones((1, 17), np.float32))
    branches = [BranchFrames([people], [np.ones(1, np.float32)]) for people in (lower, upper)]
    people = pair_people(match_people([lower], [upper]), *branches, least_score=0.2)
    (found,) = integrate(people, NetworkRule(network), _camera(focal))
    shown = found['keypoints_cam'][..., 2] > 0
    assert np.isfinite(found['keypoints_cam']).all() and np.isfinite(found['bboxes']).all()
    assert np.isfinite(found['keypoints'][shown]).all() and np.isnan(found['keypoints'][~shown]).all()
    assert (found['keypoint_scores'][~shown] == 0).all() and (found['keypoint_scores'][shown] > 0).all()


@many
@given(distance=signed, error=st.floats(0, 1))
@example(distance=0.0, error=0.1)
def test_confidence_in_a_place(distance, error):
    sure = root_confidence(np.array([[0, 0, distance]]), error)
    assert np.isfinite(sure).all() and 0 <= sure[0] <= 1


@many
@given(distance=signed, focal=focals)
@example(distance=0.0, focal=200.0)
def test_tracker_takes_what_a_projection_gives(distance, focal):
    tracker = PoseTracker()
    pixels = _camera(focal).project(_person(distance)[None])
    ids = [tracker.update(FramePoses(frame, pixels, np.ones((1, 17)))).ids for frame in range(3)]
    assert np.unique(ids).size == 1
    assert distance < 300 or ids[0] >= 0


@pytest.mark.parametrize('distance', [-100_000.0, -300.0, 0.0, 300.0, 100_000.0, 1e9])
@pytest.mark.parametrize('focal', [200.0, 20_000.0])
def test_exported_people_come_back(tmp_path, distance, focal):
    points = np.repeat(_person(distance)[None, None], 3, axis=1)
    clip = PeopleClip(points, np.ones(points.shape[:3]), np.array([1]), 25, camera=_camera(focal))
    for name in WRITABLE:
        paths = write_clip(tmp_path / f'a.{name}', clip)
        assert all(path.stat().st_size for path in paths)
        if name in ('html', 'rrd'):
            continue
        again = read_clip(paths[0]).positions
        exact = name in ('json', 'npz', 'csv')
        # BVH adds up bones; its numbers have seven decimals of a metre.
        np.testing.assert_allclose(
            again, clip.positions, rtol=0 if exact else 1e-6, atol=0 if exact else 1e-3 + abs(distance) * 1e-6
        )

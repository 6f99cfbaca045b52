from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.geometry import Camera
from mmp3d.synthetic.shapes import CAPSULE, ELLIPSOID, PosedShapes
from mmp3d.synthetic.zbuffer import BACKGROUND, FURNITURE, Buffers, draw_box, draw_shapes

CAMERA = Camera.from_intrinsics((200, 200), (60, 40), (121, 81))


def _shapes(*rows: tuple) -> PosedShapes:
    """Rows of (kind, start, end, size), in frames that are turned against the camera's."""
    kind, start, end, size = (np.array(column) for column in zip(*rows, strict=True))
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    count = len(kind)
    return PosedShapes(
        kind, size.astype(float), np.full(count, np.inf), np.zeros(count, bool), np.zeros((count, 2), int),
        np.arange(count), start.astype(float), end.astype(float), np.repeat(turn[None], count, 0))  # fmt: skip


def _drawn(shapes: PosedShapes) -> Buffers:
    buffers = Buffers.over(np.zeros((81, 121, 3), np.uint8))
    draw_shapes(buffers, CAMERA, shapes)
    return buffers


@given(st.floats(-400, 400), st.floats(-250, 250), st.floats(1500, 5000), st.floats(50, 600))
def test_sphere_is_exact_at_every_pixel(x: float, y: float, z: float, radius: float) -> None:
    centre = np.array([x, y, z])
    buffers = _drawn(_shapes((ELLIPSOID, centre, centre, (radius, radius, radius))))
    v, u = np.mgrid[:81, :121]
    rays = np.stack([(u - 60) / 200, (v - 40) / 200, np.ones_like(u)], -1)
    a, b, c = (rays**2).sum(-1), rays @ centre, centre @ centre - radius**2
    discriminant = b**2 - a * c
    clear = np.abs(discriminant) > 1e-3 * c
    np.testing.assert_array_equal((buffers.label == 0)[clear], (discriminant > 0)[clear])
    hit = clear & (discriminant > 0)
    depth = (b[hit] - np.sqrt(discriminant[hit])) / a[hit]
    np.testing.assert_allclose(1 / buffers.nearness[hit], depth, rtol=2e-3)


def test_capsule_shows_its_front_and_its_width() -> None:
    buffers = _drawn(_shapes((CAPSULE, (-300, 0, 2000), (300, 0, 2000), (100, 100, 0))))
    np.testing.assert_allclose(1 / buffers.nearness[40, 60], 1900, rtol=3e-3)
    assert (buffers.label[:, 60] == 0).sum() == 19  # 2 * 100 mm * 200 px / 2000 mm, open ends
    assert 78 <= (buffers.label[40] == 0).sum() <= 80


def test_nearer_shapes_hide_farther_ones_in_any_order() -> None:
    near = (ELLIPSOID, (0, 0, 2000), (0, 0, 2000), (200, 200, 200))
    far = (ELLIPSOID, (0, 0, 4000), (0, 0, 4000), (900, 900, 900))
    first, second = _drawn(_shapes(near, far)), _drawn(_shapes(far, near))
    np.testing.assert_array_equal(first.nearness, second.nearness)
    assert first.label[40, 60] == 0
    assert second.label[40, 60] == 1
    assert first.label[40, 60 + 30] == 1
    assert first.label[0, 0] == BACKGROUND


def test_shapes_behind_or_at_the_camera_are_left_out() -> None:
    for depth in (-2000, 0, 100):
        centre = (0, 0, depth)
        assert (_drawn(_shapes((ELLIPSOID, centre, centre, (80, 80, 80)))).label == BACKGROUND).all()


def test_box_face_is_a_plane() -> None:
    bits = (np.arange(8)[:, None] >> np.arange(3)) & 1
    corners = (bits - 0.5) * 400 + (0, 0, 2200)
    buffers = Buffers.over(np.zeros((81, 121, 3), np.uint8))
    draw_box(buffers, CAMERA, corners, np.full((6, 3), 100.0), np.full((81, 121), 128, np.uint8))
    assert buffers.label[40, 60] == FURNITURE
    np.testing.assert_allclose(1 / buffers.nearness[30:50, 50:70], 2000, rtol=1e-5)
    assert (buffers.label == FURNITURE).sum() == 41 * 41
    np.testing.assert_allclose(buffers.colour[40, 60], 100, atol=2)

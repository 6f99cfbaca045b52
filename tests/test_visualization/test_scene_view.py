"""The 3D view: everything inside, one scale for all axes, far things higher."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.visualization.scene_view import VIEW_AXES, SceneView, joined_boxes, rounded_box, scene_box, tick_step

SIZE = (400, 300)
coordinate = st.floats(-20000, 20000, width=32)


@given(st.lists(st.tuples(coordinate, coordinate, coordinate), min_size=1, max_size=8))
def test_all_people_are_inside_the_picture(points):
    people = [np.array(points, np.float64)]
    view = SceneView(rounded_box(scene_box(people)), SIZE)
    pixels = view.project(people[0])
    assert (pixels >= 0).all() and (pixels <= np.array(SIZE)).all()


def test_equal_scale_and_right_handed_view():
    assert np.allclose(VIEW_AXES @ VIEW_AXES.T, np.eye(3))
    assert np.linalg.det(VIEW_AXES) > 0
    view = SceneView(rounded_box(scene_box([])), SIZE)
    steps = view.project(np.eye(3) * 1000) - view.project(np.zeros(3))
    # The rows of an orthographic map of an orthonormal frame are as long as each other.
    assert np.allclose((steps**2).sum(axis=0), (1000 * view.scale) ** 2)
    assert np.allclose(steps[:, 0] @ steps[:, 1], 0)


def test_depth_goes_up_and_right_height_goes_up():
    view = SceneView(rounded_box(scene_box([])), SIZE)
    origin = view.project(np.zeros(3))
    right, down, forward = view.project(np.eye(3)) - origin
    assert right[0] > 0 and forward[0] > 0 and forward[1] < 0
    assert down[1] > 0 and abs(down[0]) < 1e-9


def test_missing_joints_do_not_count():
    people = [np.array([[0, 0, 3000], [np.nan] * 3, [100, 500, 3500.0]])]
    box = scene_box(people)
    assert np.isfinite(box).all() and box[1, 1] == 500


def test_boxes():
    joined = joined_boxes(np.array([[0, 0, 0], [1, 1, 1.0]]), np.array([[-1, 0, 0.5], [0, 3, 0.6]]))
    assert joined.tolist() == [[-1, 0, 0], [1, 3, 1]]
    box = np.array([[-1300, -1234, 2100], [1300, 777, 5900.0]])
    assert tick_step(box) == 1000
    assert rounded_box(box).tolist() == [[-1500, -1300, 2000], [1500, 800, 6000]]

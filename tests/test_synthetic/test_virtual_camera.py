"""Cameras stand where they were asked to, look at people, and agree with ``geometry.Camera``."""

import numpy as np
import pytest

from mmp3d.synthetic.counter_random import CounterRandom, keys_of
from mmp3d.synthetic.virtual_camera import AIM_HEIGHT, CameraRanges, draw_cameras


def cameras(count=500, **ranges):
    return draw_cameras(CounterRandom(keys_of(2, np.arange(count))), CameraRanges(**ranges))


def test_what_is_drawn_is_within_its_range_and_fills_it():
    drawn = cameras(height=(1000, 2000), distance=(3000, 4000), fov=(40, 60), fill=(2, 2), image_sizes=((1000, 500),))
    fov = np.degrees(2 * np.arctan(500 / drawn.focal))
    for values, low, high in ((drawn.height, 1000, 2000), (drawn.distance, 3000, 4000), (fov, 40, 60)):
        assert low - 0.01 <= values.min() < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < values.max() <= high + 0.01


def test_the_aim_is_in_the_middle_of_the_picture():
    drawn = cameras(pitch=(0, 0), off_centre=0.0)
    aim = np.zeros((500, 1, 3, 1), np.float32)
    aim[:, 0, 1, 0], aim[:, 0, 2, 0] = -AIM_HEIGHT, drawn.distance
    pixels = drawn.project(drawn.to_camera(aim))[:, 0, :, 0]
    np.testing.assert_allclose(pixels, (drawn.image_size - 1) / 2, atol=0.05)


def test_a_standing_adult_is_not_larger_than_asked():
    drawn = cameras(distance=(500, 500), fill=(0.5, 0.5))
    assert (drawn.focal * 1720 / drawn.distance <= 0.5001 * drawn.image_size[:, 1]).all()


def test_they_see_what_the_camera_class_sees():
    drawn = cameras(5)
    points = np.random.default_rng(0).normal(0, 800, (5, 2, 3, 17)).astype(np.float32)
    points[:, :, 2] += 5000
    for row in range(5):
        camera = drawn.camera(row)
        world = np.moveaxis(points[row], 1, -1)
        in_camera = camera.world_to_camera(world.astype(np.float64))
        np.testing.assert_allclose(np.moveaxis(drawn.to_camera(points)[row], 1, -1), in_camera, atol=0.01)
        pixels = np.moveaxis(drawn.project(drawn.to_camera(points))[row], 1, -1)
        np.testing.assert_allclose(pixels, camera.project(in_camera), atol=0.01)


@pytest.mark.parametrize(
    ('field', 'value'), [('fov', (0, 60)), ('height', 3), ('off_centre', 2), ('image_sizes', ()), ('fill', (2, 1))]
)
def test_fields_out_of_range_are_named(field, value):
    with pytest.raises(ValueError, match=field):
        CameraRanges(**{field: value})

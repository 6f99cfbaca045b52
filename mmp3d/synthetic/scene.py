"""Scenes: a camera, people who move and interact on a floor, furniture, a lamp; and the draw of all that.

World frame: x right, y down with the floor at y = 0, z forward
from below the camera; millimetres and seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmp3d.geometry.camera import Camera
from mmp3d.synthetic.casting import PROCEDURAL, Area, Casting, cast_people
from mmp3d.synthetic.furniture import Box, furniture, seats
from mmp3d.synthetic.person import Person

NEAR, FAR = 2000.0, 7000.0


@dataclass(frozen=True)
class Scene:
    """All that a picture shows, apart from its background.

    Args:
        camera: Intrinsics and world-to-camera pose.
        people: N persons.
        boxes: Furniture.
        lamp: (3,) unit direction towards the lamp, world frame.
        seed: Seed of everything that is drawn later (background, sensor noise, tint).
    """

    camera: Camera
    people: list[Person]
    boxes: list[Box]
    lamp: np.ndarray
    seed: int


def sample_scene(
    rng: np.random.Generator,
    image_size: tuple[int, int],
    people: tuple[int, int],
    patterned: bool = True,
    horizon: float = 0.0,
    casting: Casting = PROCEDURAL,
) -> Scene:
    """Draw a scene.

    Args:
        rng: Source of randomness; the same state gives the same scene.
        image_size: (width, height) px.
        people: Least and greatest number of people.
        patterned: Whether cloth carries patterns.
        horizon: Seconds around t = 0 in which people keep off each other and stay in front of the camera.
        casting: What people do.
    """
    count = int(rng.integers(people[0], people[1] + 1))
    width, height = image_size
    focal = rng.uniform(0.7, 1.4) * width
    depth = _group_depth(rng, focal, height)
    camera = _sample_camera(rng, focal, image_size, depth)
    persons = cast_people(rng, count, Area(camera, NEAR, FAR, depth), patterned, horizon, casting)
    lamp = sample_lamp(rng)
    boxes = seats(rng, persons)
    for _ in range(int(rng.choice([0, 0, 1, 1, 2, 3]))):
        around = Area(camera, NEAR, FAR, rng.uniform(NEAR, FAR + 1000))
        boxes += furniture(rng, around, persons, horizon)
    return Scene(camera, persons, boxes, lamp, int(rng.integers(2**31)))


def _group_depth(rng: np.random.Generator, focal: float, image_height: int) -> float:
    """mm to the middle of the group; people taller than the picture are kept rare."""
    for _ in range(20):
        depth = rng.uniform(NEAR + 400, FAR - 500)
        if focal * 1720 / depth < rng.uniform(0.75, 1.25) * image_height:
            break
    return depth


def _sample_camera(rng: np.random.Generator, focal: float, image_size: tuple[int, int], depth: float) -> Camera:
    """A camera 0.5 to 2.6 m above the floor that looks at the middle of the group, more or less."""
    height = float(np.clip(rng.normal(1450, 400), 500, 2600))
    aim = np.array([0.03, 0.05]) * rng.normal(size=2)
    pitch = np.arctan((height - 880) / depth) + aim[0]
    roll = np.radians(np.clip(rng.normal(0, 2), -6, 6))
    cos, sin = np.cos(pitch), np.sin(pitch)
    tilt = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    cos, sin = np.cos(roll), np.sin(roll)
    R = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]) @ tilt
    centre = (np.array(image_size) - 1) / 2 + rng.normal(0, 0.012, 2) * image_size[0]
    return Camera.from_intrinsics((focal, focal), centre, image_size, R=R, t=R @ (0, height, 0))


def sample_lamp(rng: np.random.Generator) -> np.ndarray:
    """(3,) unit direction towards a lamp well above the floor."""
    lamp = rng.normal(0, 0.5, 3) + (0, -1, -0.25)
    lamp[1] = min(lamp[1], -0.45)
    return lamp / np.linalg.norm(lamp)

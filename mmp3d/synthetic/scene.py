"""Scenes: a camera, people who move and interact on a floor, furniture, a lamp; and the draw of all that.

Shapes: N people, T times, J = 21 MuCo joints, B boxes. World frame: x right, y down with the floor at y = 0, z forward
from below the camera; millimetres and seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmp3d.geometry.camera import Camera
from mmp3d.synthetic.body import Appearance, Body, sample_appearance, sample_body
from mmp3d.synthetic.interaction import sample_pair
from mmp3d.synthetic.kinematics import JOINT, rotation_about_vertical
from mmp3d.synthetic.motion import NUM_JOINTS, Motion, sample_motion
from mmp3d.synthetic.path import Path, sample_single
from mmp3d.synthetic.posing import stand_bodies

NEAR, FAR = 2000.0, 7000.0
PAIR_SHARE = 0.6
_LEAST_GAP = 420.0


@dataclass(frozen=True)
class Person:
    """One person of a scene: body, clothes, motion and where the motion goes."""

    body: Body
    appearance: Appearance
    motion: Motion
    path: Path

    def ground(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(T,) s to (T, 2) mm on the floor (x, z) and (T,) rad heading."""
        return self.motion.along(self.path, self.body.leg_length, times)


def pose_people(people: list[Person], times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """World positions and bone frames over time.

    Args:
        people: N persons.
        times: (T,) s.

    Returns:
        (N, T, J, 3) mm and (N, T, J, 3, 3) bone-to-world rotations. The lowest point of a person touches the floor
        (y = 0) except in a jump.
    """
    if not people:
        return np.zeros((0, len(times), NUM_JOINTS, 3)), np.zeros((0, len(times), NUM_JOINTS, 3, 3))
    rotations = np.stack([person.motion.rotations(times) for person in people])
    ground, heading = map(np.stack, zip(*(person.ground(times) for person in people), strict=True))
    lift = np.stack([person.motion.lift(times) for person in people])
    return stand_bodies([person.body for person in people], rotations, ground, heading, lift)


@dataclass(frozen=True)
class Box:
    """A piece of furniture: (8, 3) mm corners in the world frame and (6, 3) BGR face colours 0..255."""

    corners: np.ndarray
    colours: np.ndarray


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
) -> Scene:
    """Draw a scene.

    Args:
        rng: Source of randomness; the same state gives the same scene.
        image_size: (width, height) px.
        people: Least and greatest number of people.
        patterned: Whether cloth carries patterns.
        horizon: Seconds around t = 0 in which people keep off each other and stay in front of the camera.
    """
    count = int(rng.integers(people[0], people[1] + 1))
    width, height = image_size
    focal = rng.uniform(0.7, 1.4) * width
    depth = _group_depth(rng, focal, height)
    camera = _sample_camera(rng, focal, image_size, depth)
    persons: list[Person] = []
    while len(persons) < count:
        persons += _place(rng, camera, depth, persons, count - len(persons), patterned, horizon)
    lamp = rng.normal(0, 0.5, 3) + (0, -1, -0.25)
    lamp[1] = min(lamp[1], -0.45)
    boxes = _sample_boxes(rng, camera, persons, horizon)
    return Scene(camera, persons, boxes, lamp / np.linalg.norm(lamp), int(rng.integers(2**31)))


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


def _place(rng, camera, depth, others, room, patterned, horizon) -> list[Person]:
    """One person or an interacting pair, at the best of some random places."""
    pair = room >= 2 and rng.random() < PAIR_SHARE
    best, best_gap = [], -np.inf
    bodies = [(sample_body(rng), sample_appearance(rng, patterned)) for _ in range(1 + pair)]
    for _ in range(12):
        place = _sample_place(rng, camera, depth)
        if pair:
            motions, paths = sample_pair(rng, place, camera_distance=place[1])
        else:
            motions, paths = [sample_motion(rng)], [sample_single(rng, place)]
        persons = [Person(*body, *rest) for body, rest in zip(bodies, zip(motions, paths, strict=True), strict=False)]
        gap = _gap(persons, others, horizon)
        if gap > best_gap:
            best, best_gap = persons, gap
        if gap > _LEAST_GAP:
            break
    return best


def _sample_place(rng: np.random.Generator, camera: Camera, depth: float) -> np.ndarray:
    """(2,) mm on the floor (x, z): somewhere the camera sees, now and then at the edge of the picture."""
    z = np.clip(depth + rng.normal(0, 900), NEAR, FAR)
    margin = -0.04 if rng.random() < 0.12 else 0.12
    u = rng.uniform(margin, 1 - margin) * camera.image_size[0]
    return np.array([(u - camera.K[0, 2]) / camera.K[0, 0] * z, z])


def _gap(persons: list[Person], others: list[Person], horizon: float) -> float:
    """mm between the new people and the rest, at the closest; negative where someone comes too near to the camera."""
    times = np.linspace(-horizon / 2, horizon / 2, 1 if horizon == 0 else 13)
    new = np.stack([person.ground(times)[0] for person in persons])
    closest = np.inf
    if others:
        old = np.stack([person.ground(times)[0] for person in others])
        closest = np.linalg.norm(new[:, None] - old[None], axis=-1).min()
    depth = new[..., 1]
    beyond = max(NEAR - 300 - depth.min(), depth.max() - FAR - 800, 0)
    return float(closest if beyond == 0 else -beyond)


def _sample_boxes(rng: np.random.Generator, camera: Camera, persons: list[Person], horizon: float) -> list[Box]:
    """Seats under people who sit, and sometimes furniture among the people."""
    boxes = []
    for person in persons:
        if person.motion.seated:
            boxes.append(_seat(rng, person))
    for _ in range(int(rng.choice([0, 0, 1, 1, 2, 3]))):
        x, z = _sample_place(rng, camera, rng.uniform(NEAR, FAR + 1000))
        size = np.exp(rng.normal(np.log((450, 700, 450)), 0.45))
        spots = np.concatenate(
            [p.ground(np.linspace(-horizon / 2, horizon / 2, 7))[0] for p in persons] or [np.full((1, 2), 1e6)]
        )
        clear = np.linalg.norm(spots - (x, z), axis=1).min() > 350 + np.hypot(size[0], size[2]) / 2
        if clear and z > NEAR - 200:
            boxes.append(_box(rng, np.array([x, 0, z]), size, rng.uniform(0, np.pi)))
    return boxes


def _seat(rng: np.random.Generator, person: Person) -> Box:
    joints, _ = pose_people([person], np.zeros(1))
    x, y, z = joints[0, 0, JOINT['pelvis']]
    _, heading = person.ground(np.zeros(1))
    size = np.array(
        [rng.uniform(350, 500), max(-y - person.body.clearance[JOINT['pelvis']], 100), rng.uniform(320, 420)]
    )
    back = np.array([np.sin(heading[0]), 0, np.cos(heading[0])]) * -40
    return _box(rng, np.array([x, 0, z]) + back, size, float(heading[0]))


def _box(rng: np.random.Generator, base: np.ndarray, size: np.ndarray, angle: float) -> Box:
    """A box that stands on the floor at ``base``, ``size`` = (width, height, depth) mm."""
    bits = (np.arange(8)[:, None] >> np.arange(3)) & 1
    local = (bits - (0.5, 1, 0.5)) * size
    corners = local @ rotation_about_vertical(np.float64(angle)).T + base
    shades = rng.uniform(0.55, 1.1, (6, 1))
    return Box(corners, rng.uniform(15, 235, 3) * shades)

"""Boxes on the floor: seats under people who sit, and furniture among people.

World frame: x right, y down with the floor at y = 0, z forward; millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmp3d.synthetic.casting import Area, Disc
from mmp3d.synthetic.kinematics import JOINT, rotation_about_vertical
from mmp3d.synthetic.person import Person, pose_people


@dataclass(frozen=True)
class Box:
    """A piece of furniture: (8, 3) mm corners in the world frame and (6, 3) BGR face colours 0..255."""

    corners: np.ndarray
    colours: np.ndarray


def seats(rng: np.random.Generator, persons: list[Person]) -> list[Box]:
    """A seat under everybody who sits."""
    return [_seat(rng, person) for person in persons if person.motion.seated]


def furniture(rng: np.random.Generator, area: Area | Disc, persons: list[Person], horizon: float) -> list[Box]:
    """A box at a random place; none where somebody comes by within ``horizon`` seconds around t = 0, or too near."""
    x, z = area.place(rng)
    size = np.exp(rng.normal(np.log((450, 700, 450)), 0.45))
    spots = np.concatenate(
        [p.ground(np.linspace(-horizon / 2, horizon / 2, 7))[0] for p in persons] or [np.full((1, 2), 1e6)]
    )
    clear = np.linalg.norm(spots - (x, z), axis=1).min() > 350 + np.hypot(size[0], size[2]) / 2
    return [_box(rng, np.array([x, 0, z]), size, rng.uniform(0, np.pi))] if clear and z > area.near - 200 else []


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

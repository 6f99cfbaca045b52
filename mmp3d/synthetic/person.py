"""A person of a scene, and where the joints of people are over time.

Shapes: N people, T times, J = 21 MuCo joints. World frame y down, floor at y = 0; millimetres, seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmp3d.synthetic.body import Appearance, Body
from mmp3d.synthetic.motion import NUM_JOINTS, Motion
from mmp3d.synthetic.path import Path
from mmp3d.synthetic.posing import stand_bodies


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
        (y = 0) except where its motion lifts it.
    """
    if not people:
        return np.zeros((0, len(times), NUM_JOINTS, 3)), np.zeros((0, len(times), NUM_JOINTS, 3, 3))
    rotations = np.stack([person.motion.rotations(times) for person in people])
    ground, heading = map(np.stack, zip(*(person.ground(times) for person in people), strict=True))
    lift = np.stack([person.motion.lift(times) for person in people])
    return stand_bodies([person.body for person in people], rotations, ground, heading, lift)

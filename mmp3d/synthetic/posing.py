"""Stands bodies on the floor: from bone rotations, a way over the floor and a lift to joints in the world.

Shapes: N people, T times, J = 21 MuCo joints. World frame y down, floor at y = 0; millimetres, radians.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmp3d.synthetic.body import Body
from mmp3d.synthetic.kinematics import JOINT, forward_kinematics, rotation_about_vertical


def stand_bodies(
    bodies: Sequence[Body], rotations: np.ndarray, ground: np.ndarray, heading: np.ndarray, lift: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """World positions and bone frames of bodies whose lowest points are ``lift`` above the floor.

    Args:
        bodies: N bodies.
        rotations: (N, T, J, 3, 3) local rotations, without heading; the pelvis's ones are overwritten.
        ground: (N, T, 2) mm, pelvis on the floor (x, z).
        heading: (N, T) rad from +z towards +x.
        lift: (N, T) mm.

    Returns:
        (N, T, J, 3) mm and (N, T, J, 3, 3) bone-to-world rotations.
    """
    pelvis = JOINT['pelvis']
    rotations[:, :, pelvis] = rotation_about_vertical(heading) @ rotations[:, :, pelvis]
    offsets = np.stack([body.offsets for body in bodies])[:, None]
    positions, frames = forward_kinematics(offsets, rotations)
    clearance = np.stack([body.clearance for body in bodies])[:, None]
    lowest = (positions[..., 1] + clearance).max(axis=-1) + lift
    origin = np.stack([ground[..., 0], -lowest, ground[..., 1]], axis=-1)
    return positions + origin[:, :, None], frames

"""How deep the bodies of people who come close to each other are in one another.

A body is a set of round limbs: line segments between joints, with a radius. Shapes: ... leading dimensions (times),
J = 21 MuCo joints, L limbs. Millimetres, any frame.
"""

from __future__ import annotations

import numpy as np

from mmp3d.synthetic.body import Body
from mmp3d.synthetic.kinematics import JOINT

# Radius as a share of the standing height, times the girth of trunk, arms or legs: the drawn shapes, see ``shapes``.
_TRUNK, _ARMS, _LEGS = range(3)
_LIMBS = [
    ('neck', 'spine', 0.070, _TRUNK), ('spine', 'pelvis', 0.070, _TRUNK), ('right_hip', 'left_hip', 0.060, _TRUNK),
    ('right_shoulder', 'left_shoulder', 0.040, _TRUNK), ('head', 'head_top', 0.045, _TRUNK),
    *[(f'{side}_{start}', f'{side}_{end}', radius, part) for side in ('right', 'left') for start, end, radius, part in (
        ('shoulder', 'elbow', 0.026, _ARMS), ('elbow', 'wrist', 0.019, _ARMS), ('wrist', 'hand', 0.014, _ARMS),
        ('hip', 'knee', 0.040, _LEGS), ('knee', 'ankle', 0.026, _LEGS), ('ankle', 'toe', 0.020, _LEGS))],
]  # fmt: skip
_START, _END = np.array([[JOINT[limb[0]], JOINT[limb[1]]] for limb in _LIMBS]).T
_RADIUS = np.array([limb[2] for limb in _LIMBS])
_PART = np.array([limb[3] for limb in _LIMBS])
# mm that limbs may be in one another where people touch: cloth and flesh give way.
TOUCH = 25.0
# No joint is further from the pelvis than this share of the standing height.
_REACH = 0.85


def limb_radii(body: Body) -> np.ndarray:
    """(L,) mm."""
    return body.height * _RADIUS * body.girth[_PART]


def penetration(first: np.ndarray, second: np.ndarray, first_radii: np.ndarray, second_radii: np.ndarray) -> np.ndarray:
    """How deep two bodies are in one another, at the deepest.

    Args:
        first, second: (..., J, 3) mm joints of the two.
        first_radii, second_radii: (L,) mm, see :func:`limb_radii`.

    Returns:
        (...) mm: the sum of the radii of two limbs less the distance of their axes; negative where the bodies are
        apart, and then minus the width of the gap.
    """
    gaps = _segment_distance(
        first[..., _START, None, :], first[..., _END, None, :], second[..., None, _START, :], second[..., None, _END, :]
    )
    return (first_radii[:, None] + second_radii - gaps).max(axis=(-2, -1))


def deepest_penetration(joints: np.ndarray, bodies: list[Body]) -> np.ndarray:
    """Depth between every person and whoever is deepest in them.

    Args:
        joints: (N, T, J, 3) mm.
        bodies: N bodies.

    Returns:
        (N, T) mm, 0 where nobody touches the person.
    """
    depth = np.zeros(joints.shape[:2])
    radii, reach = [limb_radii(body) for body in bodies], [body.height * _REACH for body in bodies]
    pelvis = joints[:, :, JOINT['pelvis']]
    for first in range(len(bodies)):
        for second in range(first):
            apart = np.linalg.norm(pelvis[first] - pelvis[second], axis=-1)
            near = np.flatnonzero(apart < reach[first] + reach[second])
            if near.size:
                found = penetration(joints[first, near], joints[second, near], radii[first], radii[second])
                for person in (first, second):
                    depth[person, near] = np.maximum(depth[person, near], found)
    return depth


def _segment_distance(p: np.ndarray, p_end: np.ndarray, q: np.ndarray, q_end: np.ndarray) -> np.ndarray:
    """(...) least distance of the segments from p to p_end and from q to q_end; all (..., 3), broadcast."""
    u, v, w = p_end - p, q_end - q, p - q
    a, b, c = _dot(u, u), _dot(u, v), _dot(v, v)
    d, e = _dot(u, w), _dot(v, w)
    along = np.clip((b * e - c * d) / np.maximum(a * c - b * b, 1e-9 * np.maximum(a * c, 1e-9)), 0, 1)
    other = (b * along + e) / np.maximum(c, 1e-9)
    # Where the nearest point lies beyond an end of the second one, its end is nearest to another point of the first.
    clipped = np.clip(other, 0, 1)
    along = np.where(clipped == other, along, np.clip((b * clipped - d) / np.maximum(a, 1e-9), 0, 1))
    gap = w + along[..., None] * u - clipped[..., None] * v
    return np.sqrt(_dot(gap, gap))


def _dot(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.einsum('...i,...i->...', first, second)

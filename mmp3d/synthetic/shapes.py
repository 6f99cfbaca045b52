"""A person as ellipsoids and tapered capsules that hang on the joints, and their pose in the camera.

Shapes: S shapes, J = 21 MuCo joints. Camera frame x right, y down, z forward; millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from mmp3d.synthetic.body import (
    EXTRA,
    HAIR,
    NUM_MATERIALS,
    SHIRT,
    SHOES,
    SKIN,
    TROUSERS,
    Appearance,
    Body,
)
from mmp3d.synthetic.kinematics import JOINT

ELLIPSOID, CAPSULE = 0, 1


@dataclass(frozen=True)
class ShapeTemplate:
    """The shapes of one body, bound to its joints.

    Args:
        kind: (S,) ``ELLIPSOID`` or ``CAPSULE``.
        anchor: (S,) joint that the centre (or start) hangs on.
        carrier: (S,) joint whose bone frame the shape turns with.
        start: (S, 3) mm, centre (or start) seen from the anchor in the carrier's frame.
        end: (S, 3) mm, end of a capsule seen from its start, in the carrier's frame; zero for ellipsoids.
        size: (S, 3) mm semi-axes, or (radius at the start, radius at the end, 0).
        material: (S, 2) material before and behind the split.
        split: (S,) local y in mm where the second material starts.
        is_head: (S,) whether a face is painted on the shape.
    """

    kind: np.ndarray
    anchor: np.ndarray
    carrier: np.ndarray
    start: np.ndarray
    end: np.ndarray
    size: np.ndarray
    material: np.ndarray
    split: np.ndarray
    is_head: np.ndarray


@dataclass(frozen=True)
class PosedShapes:
    """Shapes of all people in the camera frame.

    Args:
        kind, size, split, is_head: As in :class:`ShapeTemplate`, people concatenated.
        material: (S, 2) index in the concatenated material tables.
        owner: (S,) person.
        start: (S, 3) mm. end: (S, 3) mm, absolute. frame: (S, 3, 3) local-to-camera rotation.
    """

    kind: np.ndarray
    size: np.ndarray
    split: np.ndarray
    is_head: np.ndarray
    material: np.ndarray
    owner: np.ndarray
    start: np.ndarray
    end: np.ndarray
    frame: np.ndarray


def pose_shapes(template: ShapeTemplate, joints: np.ndarray, frames: np.ndarray, owner: int) -> PosedShapes:
    """Place a body's shapes at its joints.

    Args:
        template: Shapes of the body.
        joints: (J, 3) mm, camera frame. frames: (J, 3, 3) bone-to-camera rotations.
        owner: Index of the person.
    """
    frame = frames[template.carrier]
    start = joints[template.anchor] + np.einsum('sij,sj->si', frame, template.start)
    end = start + np.einsum('sij,sj->si', frame, template.end)
    return PosedShapes(
        template.kind, template.size, template.split, template.is_head, template.material + owner * NUM_MATERIALS,
        np.full(len(frame), owner), start, end, frame)  # fmt: skip


def join_shapes(people: list[PosedShapes]) -> PosedShapes:
    """The shapes of several people as one set. ``people`` must not be empty."""
    return PosedShapes(*(np.concatenate([getattr(one, f.name) for one in people]) for f in fields(PosedShapes)))


def build_template(body: Body, look: Appearance) -> ShapeTemplate:
    """The shapes of a body in its clothes."""
    rows = _Rows(body)
    _add_trunk(rows, look)
    _add_head(rows, look)
    for side, sign in (('right_', 1), ('left_', -1)):
        _add_arm(rows, look, side)
        _add_leg(rows, look, side, sign)
    return rows.template()


class _Rows:
    """Rows of a template; lengths are given as shares of the standing height."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.rows: list[tuple] = []

    def ellipsoid(
        self, anchor: str, carrier: str, centre: tuple, semi: tuple, material: int, head: bool = False
    ) -> None:
        self._add(ELLIPSOID, anchor, carrier, centre, (0, 0, 0), semi, (material, material), np.inf, head)

    def capsule(self, joint: str, bone: tuple, radii: tuple, materials: tuple, covered: float = np.inf) -> None:
        """A limb from ``joint`` along ``bone``; the first material covers the share ``covered`` of its length."""
        split = covered * np.linalg.norm(bone) if np.isfinite(covered) else np.inf
        self._add(CAPSULE, joint, joint, (0, 0, 0), bone, (*radii, 0), materials, split, False)

    def _add(self, kind, anchor, carrier, start, end, size, materials, split, head) -> None:
        self.rows.append((kind, JOINT[anchor], JOINT[carrier], start, end, size, materials, split, head))

    def bone(self, child: str) -> np.ndarray:
        """(3,) offset of a joint from its parent as a share of the standing height."""
        return self.body.offsets[JOINT[child]] / self.body.height

    def template(self) -> ShapeTemplate:
        kind, anchor, carrier, start, end, size, material, split, is_head = map(np.array, zip(*self.rows, strict=True))
        height = self.body.height
        return ShapeTemplate(
            kind, anchor, carrier, start * height, end * height, size * height, material, split * height, is_head
        )


def _add_trunk(rows: _Rows, look: Appearance) -> None:
    girth = rows.body.girth[0]
    belly = girth**1.5
    rows.ellipsoid('pelvis', 'pelvis', (0, 0.0, -0.004), (0.092 * girth, 0.068, 0.072 * girth), TROUSERS)
    rows.ellipsoid('spine', 'spine', (0, 0.045, 0.004), (0.080 * girth, 0.095, 0.062 * belly), SHIRT)
    rows.ellipsoid('spine', 'spine', (0, -0.068, 0.002), (0.096 * girth, 0.108, 0.070 * girth), SHIRT)
    width = abs(rows.bone('right_shoulder')[0])
    rows.ellipsoid('neck', 'neck', (0, 0.018, -0.004), (width + 0.014, 0.034 * girth, 0.044 * girth), SHIRT)
    if look.skirt:
        rows.capsule('pelvis', (0, 0.2, 0), (0.088 * girth, 0.125 * girth), (TROUSERS, TROUSERS))
    if look.backpack:
        rows.ellipsoid('spine', 'spine', (0, -0.065, -0.095), (0.072, 0.098, 0.05), EXTRA)


def _add_head(rows: _Rows, look: Appearance) -> None:
    size = rows.body.head
    top = rows.bone('head_top')[1]
    centre = top + 0.064 * size
    rows.capsule('neck', (0, -0.075, 0.008), (0.033 * rows.body.girth[0], 0.030), (SKIN, SKIN))
    rows.ellipsoid('neck', 'head', (0, centre, 0.008), (0.043 * size, 0.066 * size, 0.054 * size), SKIN, head=True)
    rows.ellipsoid('neck', 'head', (0, centre + 0.010 * size, 0.008 + 0.053 * size), (0.008, 0.013, 0.013), SKIN)
    rows.ellipsoid('neck', 'head', (0, centre - 0.014, -0.006), (0.048 * size, 0.055 * size, 0.054 * size), HAIR)
    if look.long_hair:
        rows.ellipsoid('neck', 'head', (0, centre + 0.05, -0.026), (0.046 * size, 0.085 * size, 0.032), HAIR)
    if look.hat:
        rows.ellipsoid('neck', 'head', (0, centre - 0.038 * size, 0.012), (0.056, 0.03, 0.078 * size), EXTRA)


def _add_arm(rows: _Rows, look: Appearance, side: str) -> None:
    girth = rows.body.girth[1]
    upper, lower = rows.bone(side + 'elbow'), rows.bone(side + 'wrist')
    rows.capsule(side + 'shoulder', upper, (0.031 * girth, 0.024 * girth), (SHIRT, SKIN), look.sleeve)
    rows.capsule(side + 'elbow', lower, (0.024 * girth, 0.016 * girth), (SHIRT, SKIN), look.sleeve - 1)
    rows.ellipsoid(side + 'wrist', side + 'wrist', (0, 0.042, 0), (0.013, 0.048, 0.022), SKIN)


def _add_leg(rows: _Rows, look: Appearance, side: str, sign: int) -> None:
    girth = rows.body.girth[2]
    thigh, shank, toe = rows.bone(side + 'knee'), rows.bone(side + 'ankle'), rows.bone(side + 'toe')
    rows.capsule(side + 'hip', thigh, (0.050 * girth, 0.033 * girth), (TROUSERS, SKIN), look.trouser_leg)
    rows.capsule(side + 'knee', shank, (0.033 * girth, 0.020 * girth), (TROUSERS, SKIN), look.trouser_leg - 1)
    foot = sign * 0.004, toe[1] - 0.004, toe[2] * 0.42
    rows.ellipsoid(side + 'ankle', side + 'ankle', foot, (0.024, 0.022, 0.078), SHOES)

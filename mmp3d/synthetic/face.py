"""Where a person's nose, eyes and ears are on the drawn head.

Shapes: N people, F = 5 points in COCO's order. Frame of the head's ellipsoid: x to the person's right, y down, z the
way the face looks, lengths as shares of the semi-axes. Camera frame in mm.
"""

from __future__ import annotations

import numpy as np

from mmp3d.synthetic.shapes import PosedShapes

EYE_SIDE, EYE_HEIGHT = 0.42, -0.08
_EYE_FRONT = (1 - EYE_SIDE**2 - EYE_HEIGHT**2) ** 0.5
FACE_NAMES = ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear')
# The nose is an ellipsoid of its own that stands out of the head's one, see ``shapes``; ears are not drawn.
_FACE = np.array(
    [
        (0, 0.15, 1.2),
        (-EYE_SIDE, EYE_HEIGHT, _EYE_FRONT),
        (EYE_SIDE, EYE_HEIGHT, _EYE_FRONT),
        (-1, 0.05, 0),
        (1, 0.05, 0),
    ]
)


def face_points(shapes: PosedShapes | None) -> np.ndarray:
    """(N, F, 3) mm in the camera frame, people in the order of the shapes; None for nobody."""
    if shapes is None:
        return np.zeros((0, *_FACE.shape))
    head = shapes.is_head
    local = _FACE * shapes.size[head][:, None]
    return shapes.start[head][:, None] + np.einsum('nij,nfj->nfi', shapes.frame[head], local)

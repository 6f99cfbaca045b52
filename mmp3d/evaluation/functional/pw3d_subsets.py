"""Which frames of 3DPW show people who are hidden: by overlapping boxes, or by the lists that ROMP published.

Shapes: F frames, G annotated people. Pixels.
"""

from __future__ import annotations

import numpy as np

OVERLAP_IOU = 0.3
# First frame, and the one after the last.
PERSON_OCCLUSION_FRAMES = {
    'courtyard_basketball_00': (200, 280),
    'courtyard_captureSelfies_00': (500, 600),
    'courtyard_dancing_00': (60, 370),
    'courtyard_dancing_01': (60, 270),
    'courtyard_hug_00': (100, 500),
    'downtown_bus_00': (1620, 1900),
}
OBJECT_OCCLUSION_SCENES = (
    'courtyard_backpack', 'courtyard_basketball', 'courtyard_bodyScannerMotions', 'courtyard_box', 'courtyard_golf',
    'courtyard_jacket', 'courtyard_laceShoe', 'downtown_stairs', 'flat_guitar', 'flat_packBags', 'outdoors_climbing',
    'outdoors_crosscountry', 'outdoors_fencing', 'outdoors_freestyle', 'outdoors_golf', 'outdoors_parcours',
    'outdoors_slalom')  # fmt: skip
NAMED_SUBSETS = {
    '3DPW-PC': 'people hidden by people: six ranges of frames (ROMP)',
    '3DPW-OC': 'people hidden by objects: 17 scenes, all splits (ROMP)',
    '3DPW-NC': 'sequences that neither 3DPW-PC nor 3DPW-OC draws on (ROMP)',
}


def in_named_subset(subset: str, seq_name: str, frame_id: int | None) -> bool:
    """Whether a frame belongs to one of ``NAMED_SUBSETS``.

    Args:
        subset: Its name.
        seq_name: 3DPW's name of the sequence, for example ``'courtyard_hug_00'``.
        frame_id: Number of the frame in its sequence, from 0; None: not known, then it is in no range of frames.

    Raises:
        ValueError: There is no such subset.
    """
    if subset not in NAMED_SUBSETS:
        raise ValueError(f'subset must be one of {sorted(NAMED_SUBSETS)}, got {subset!r}')
    by_objects = seq_name.rpartition('_')[0] in OBJECT_OCCLUSION_SCENES
    if subset == '3DPW-OC':
        return by_objects
    if subset == '3DPW-NC':
        return not by_objects and seq_name not in PERSON_OCCLUSION_FRAMES
    first, end = PERSON_OCCLUSION_FRAMES.get(seq_name, (0, 0))
    return frame_id is not None and first <= frame_id < end


def largest_overlaps(boxes: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Greatest intersection over union of any two people's boxes in each frame.

    Args:
        boxes: (F, G, 4) px, corners x1, y1, x2, y2, padded; a box that is not finite overlaps nothing.
        present: (F, G) bool.

    Returns:
        (F,) in [0, 1]; 0 for a frame with fewer than two people.
    """
    frames, people = present.shape
    if people < 2:
        return np.zeros(frames)
    usable = present & np.isfinite(boxes).all(axis=-1)
    corners = np.where(usable[..., None], boxes, 0.0)
    one, other = corners[:, :, None], corners[:, None]
    sides = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    shared = np.maximum(sides, 0).prod(axis=-1)
    area = (corners[..., 2:] - corners[..., :2]).prod(axis=-1)
    union = area[:, :, None] + area[:, None] - shared
    overlap = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return (overlap * ~np.eye(people, dtype=bool)).max(axis=(1, 2))

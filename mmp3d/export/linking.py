"""Ids over the frames for people who have none: the nearest root of the frames just before.

Shapes: N people of one frame. Camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

# Nobody is followed over a longer way or time. Depth from one image jumps by far more than people walk.
FARTHEST = 1000.0
LONGEST_GAP_SECONDS = 0.5


def linked(roots: Sequence[np.ndarray], track_ids: Sequence[np.ndarray], fps: float) -> list[np.ndarray]:
    """Track ids without -1.

    Args:
        roots: For each frame (N, 3) mm.
        track_ids: For each frame (N,); those that are not negative stay.
        fps: Frames a second.

    Returns:
        For each frame (N,) ids; new ones follow the greatest that was given.

    Raises:
        ValueError: An id occurs twice in a frame.
    """
    next_id = max((int(ids.max(initial=-1)) for ids in track_ids), default=-1) + 1
    latest: dict[int, tuple[int, np.ndarray]] = {}
    results = []
    for number, (places, given) in enumerate(zip(roots, track_ids, strict=True)):
        named = given[given >= 0]
        if len(np.unique(named)) != len(named):
            raise ValueError(f'frame {number}: track ids must differ, got {named.tolist()}')
        latest = {key: seen for key, seen in latest.items() if number - seen[0] <= max(LONGEST_GAP_SECONDS * fps, 1)}
        ids = given.copy()
        nameless = np.flatnonzero(given < 0)
        _continue(ids, nameless, places, latest)
        fresh = np.flatnonzero(ids < 0)
        ids[fresh] = next_id + np.arange(len(fresh))
        next_id += len(fresh)
        latest.update({int(ids[row]): (number, places[row]) for row in nameless})
        results.append(ids)
    return results


def _continue(ids: np.ndarray, rows: np.ndarray, places: np.ndarray, latest: dict) -> None:
    """Give ``rows`` the ids of the latest people nearest to them, in place."""
    if not (len(rows) and latest):
        return
    before = np.array([place for _, place in latest.values()])
    away = np.linalg.norm(places[rows][:, None] - before[None], axis=-1)
    # Twice the gate: nobody beyond it is worth the loss of a pair within it.
    cost = np.where(away < FARTHEST, away, 2 * FARTHEST)
    here, there = linear_sum_assignment(cost)
    known = np.array(list(latest))
    near = away[here, there] < FARTHEST
    ids[rows[here[near]]] = known[there[near]]

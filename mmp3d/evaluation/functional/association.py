"""Which prediction stands for which annotation, from their distances alone: two rules, each over many groups at once.

Shapes: B groups (a frame, or a frame's joints of one type), G annotations and P predictions of a group. Any one unit.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment


def mutual_nearest(distances: np.ndarray, radius: float) -> np.ndarray:
    """Each annotation asks its nearest prediction; a prediction that several ask takes the nearest of them.

    Nobody asks a second time: an annotation that loses is missed, even if another prediction is within the radius. Of
    equals the first counts. Source: LoCO's evaluation of JTA (Fabbri et al., CVPR 2020).

    Args:
        distances: (B, G, P); infinite where two cannot be paired, not NaN.
        radius: A pair exactly as far apart still counts.

    Returns:
        (B, G) index of the prediction in its group, -1 where there is none.
    """
    matches = np.full(distances.shape[:2], -1)
    if not distances.size:
        return matches
    nearest = distances.argmin(axis=2)
    distance = np.take_along_axis(distances, nearest[..., None], axis=2)[..., 0]
    group, asking = np.nonzero(distance <= radius)
    asked = nearest[group, asking]
    order = np.argsort(distance[group, asking], kind='stable')
    _, first = np.unique((group * distances.shape[2] + asked)[order], return_index=True)
    chosen = order[first]
    matches[group[chosen], asking[chosen]] = asked[chosen]
    return matches


def optimal_assignment(distances: np.ndarray, radius: float) -> np.ndarray:
    """As many pairs within the radius as there can be, and of all such pairings one with the least total distance.

    Arguments and result as for :func:`mutual_nearest`.
    """
    if not distances.size:
        return np.full(distances.shape[:2], -1)
    near = distances <= radius
    matches = np.where(near.any(axis=2), near.argmax(axis=2), -1)
    # One pair more must be worth more than any total of distances within the radius.
    costs = np.where(near, distances, radius * (1 + min(distances.shape[1:])))
    contested = (near.sum(axis=1).max(axis=1) > 1) | (near.sum(axis=2).max(axis=1) > 1)
    # SciPy solves one group a call; where nobody has a choice there is nothing to solve.
    for group in np.flatnonzero(contested):
        rows, columns = linear_sum_assignment(costs[group])
        matches[group] = -1
        matches[group, rows] = np.where(near[group, rows, columns], columns, -1)
    return matches


ASSOCIATIONS = {'loco': mutual_nearest, 'optimal': optimal_assignment}

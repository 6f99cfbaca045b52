"""Identity over time: CLEAR MOT and IDF1 on the distance of root joints in space.

Shapes: T frames of one sequence, N people of a frame, G annotated and P predicted people of a frame, E annotated
people of all frames. Camera frame, millimetres. Sources: CLEAR MOT, Bernardin and Stiefelhagen, EURASIP JIVP 2008;
IDF1, Ristani et al., ECCV workshops 2016; where they leave a choice, as py-motmetrics 1.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from mmp3d.evaluation.functional.association import optimal_assignment

NOBODY = -1


class TrackedPeople(NamedTuple):
    """The people of one sequence, frame by frame in time order.

    Args:
        ids: T integer arrays (N,); an id stands once in a frame.
        roots: T arrays (N, 3) mm; a root that is not finite is near nobody.
    """

    ids: Sequence[np.ndarray]
    roots: Sequence[np.ndarray]


class TrackCounts(NamedTuple):
    """What the scores of a sequence are made of; the counts of several sequences add up.

    Args:
        people: Annotated people of all frames.
        predictions: Predicted people of all frames.
        matches: Annotated people who have a prediction.
        switches: Matches with another id than the same person's match before, however long ago.
        fragmentations: Times that a person is missed between two matches; a run of misses is one.
        identity_matches: Frames in which a predicted track is near the one person that it is given to for good.
        distance: Sum over the matches, mm.
    """

    people: int
    predictions: int
    matches: int
    switches: int
    fragmentations: int
    identity_matches: int
    distance: float


def count_tracks(gt: TrackedPeople, pred: TrackedPeople, gate: float) -> TrackCounts:
    """Compare the tracks of one sequence.

    In every frame, a person first keeps the id that it had when it was last matched, if that id is there and within
    the gate (where two people claim one id, the first in the frame); the others are then paired for the most pairs
    and the least distance. Identity matches come from one assignment of whole tracks to people that makes them most.

    Args:
        gt: Annotated people.
        pred: Predicted people of the same frames.
        gate: mm; people farther apart than this are never paired.

    Examples:
        >>> roots = [np.array([[0.0, 0, 3000], [1000, 0, 3000]])] * 3
        >>> gt = TrackedPeople([np.array([0, 1])] * 3, roots)
        >>> pred = TrackedPeople([np.array([7, 8]), np.array([7, 8]), np.array([8, 7])], roots)
        >>> counts = count_tracks(gt, pred, gate=500)
        >>> counts.matches, counts.switches
        (6, 2)
        >>> round(tracking_scores(counts)['MOTA'], 3)
        0.667
    """
    gt_ids, num_gt = _numbered(gt.ids)
    pred_ids, num_pred = _numbered(pred.ids)
    together = np.zeros((num_gt, num_pred), int)
    latest = np.full(num_gt, NOBODY)
    matched, distance = [np.zeros(0, int)], 0.0
    # A match depends on the one in the frame before, so frames cannot be computed together.
    for people, predictions, *roots in zip(gt_ids, pred_ids, gt.roots, pred.roots, strict=True):
        distances = cdist(*roots)
        distances[~(distances <= gate)] = np.inf
        together[np.ix_(people, predictions)] += np.isfinite(distances)
        columns = _match_frame(latest[people], predictions, distances, gate)
        found = columns >= 0
        latest[people[found]] = predictions[columns[found]]
        distance += distances[found, columns[found]].sum()
        matched.append(np.where(found, latest[people], NOBODY))
    matched = np.concatenate(matched)
    switches, fragmentations = _interruptions(np.concatenate([np.zeros(0, int), *gt_ids]), matched)
    return TrackCounts(
        people=len(matched),
        predictions=sum(map(len, pred_ids)),
        matches=int((matched != NOBODY).sum()),
        switches=switches,
        fragmentations=fragmentations,
        identity_matches=int(together[linear_sum_assignment(together, maximize=True)].sum()),
        distance=float(distance),
    )


def tracking_scores(counts: TrackCounts) -> dict[str, float]:
    """IDF1, identity precision and recall, MOTA (fractions) and MOTP (mm); NaN where nobody is annotated or matched."""
    people, predictions, matches = counts.people, counts.predictions, counts.matches
    mistakes = (people - matches) + (predictions - matches) + counts.switches
    scores = {
        'IDF1': (2 * counts.identity_matches, people + predictions),
        'IDP': (counts.identity_matches, predictions),
        'IDR': (counts.identity_matches, people),
        'MOTA': (people - mistakes, people),
        'MOTP': (counts.distance, matches),
    }
    return {
        name: earned / possible if people and possible else float('nan') for name, (earned, possible) in scores.items()
    }


def _numbered(ids: Sequence[np.ndarray]) -> tuple[list[np.ndarray], int]:
    """The ids as numbers from 0 on, frame by frame, and how many there are."""
    names, numbers = np.unique(np.concatenate([np.zeros(0, int), *ids]), return_inverse=True)
    return np.split(numbers, np.cumsum([len(frame) for frame in ids])[:-1]), len(names)


def _match_frame(latest: np.ndarray, predictions: np.ndarray, distances: np.ndarray, gate: float) -> np.ndarray:
    """(G,) prediction of each person, -1 for none, given (G,) latest ids, (P,) ids and (G, P) distances."""
    if not distances.size:
        return np.full(len(latest), NOBODY)
    kept = (latest[:, None] == predictions) & np.isfinite(distances)
    kept &= kept.cumsum(axis=0) == 1
    keeps = kept.any(axis=1)
    others = np.where(keeps[:, None] | kept.any(axis=0), np.inf, distances)
    return np.where(keeps, kept.argmax(axis=1), optimal_assignment(others[None], gate)[0])


def _interruptions(people: np.ndarray, matched: np.ndarray) -> tuple[int, int]:
    """Switches and fragmentations, from (E,) people in time order and (E,) the id that each is matched with."""
    order = np.argsort(people, kind='stable')
    place = np.flatnonzero(matched[order] != NOBODY)
    people, matched = people[order][place], matched[order][place]
    same = people[1:] == people[:-1]
    switches = same & (matched[1:] != matched[:-1])
    return int(switches.sum()), int((same & (np.diff(place) > 1)).sum())

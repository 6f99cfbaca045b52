"""Detection of joints in camera space, as LoCO scores it on JTA (F1@t): typed points, or people with joints.

Shapes: F frames, M points of all frames, N people of a frame, G and P the most annotated and predicted people of a
frame or points of a group, K joints, B groups. Positions in the camera frame, in the unit of the radius.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mmp3d.evaluation.functional.association import ASSOCIATIONS, mutual_nearest
from mmp3d.evaluation.functional.padding import pad_people

# Distances held at a time: few enough to stay in a processor's cache, and all the memory that is needed.
BLOCK = 1 << 16
# Groups whose sizes differ by less than this are padded to one size.
SIZE_STEP = 4
LEAST_SHARED = 0.5


class JointBag(NamedTuple):
    """Points of several frames, in any order.

    Args:
        frame: (M,) index of the frame of each point.
        kind: (M,) joint type, 0 or higher.
        positions: (M, 3); a point that is not finite is near nothing.
    """

    frame: np.ndarray
    kind: np.ndarray
    positions: np.ndarray


def bag_of_people(frames: Sequence[np.ndarray]) -> JointBag:
    """The joints of F arrays (N, K, 3), F > 0, without the people; joints that are not finite are left out."""
    people = np.concatenate(frames)
    frame = np.repeat(np.arange(len(frames)), [len(poses) for poses in frames])
    person, kind = np.nonzero(np.isfinite(people).all(axis=-1))
    return JointBag(frame[person], kind, people[person, kind])


def count_joints(
    gt: JointBag, pred: JointBag, num_frames: int, radius: float | Sequence[float], association: str = 'loco'
) -> np.ndarray:
    """Joints found, missed and predicted where there is none, frame by frame.

    A point can only stand for one of its own frame and type. Among points of equal distance the first in the bag's
    order counts.

    Args:
        gt: Annotated points.
        pred: Predicted points.
        num_frames: F; frames without points count as well.
        radius: A prediction exactly as far away still finds the joint. Several radii share the distances.
        association: ``'loco'`` (:func:`mutual_nearest`) or ``'optimal'`` (:func:`optimal_assignment`).

    Returns:
        (F, 3) int: found, missed, false; (R, F, 3) for R radii.
    """
    num_kinds = 1 + max(int(bag.kind.max(initial=0)) for bag in (gt, pred))
    gt_points, gt_starts, gt_counts = _grouped(gt, num_kinds, num_frames, np.inf)
    pred_points, pred_starts, pred_counts = _grouped(pred, num_kinds, num_frames, -np.inf)
    radii = np.atleast_1d(np.asarray(radius, np.float64))
    found = np.zeros((len(radii), num_frames), int)
    for groups in _blocks(gt_counts, pred_counts):
        # Not by index: its result would have the coordinates innermost in memory, which takes twice as long.
        annotated = gt_points.take(_members(gt_starts[groups], gt_counts[groups]), axis=1)
        predicted = pred_points.take(_members(pred_starts[groups], pred_counts[groups]), axis=1)
        distances = np.sqrt(((annotated[:, :, None] - predicted[:, None]) ** 2).sum(axis=0))
        np.add.at(found, np.s_[:, groups // num_kinds], _count_pairs(np.moveaxis(distances, -1, 0), radii, association))
    annotated, predicted = (np.bincount(bag.frame, minlength=num_frames) for bag in (gt, pred))
    return np.stack([found, annotated - found, predicted - found], axis=-1).reshape(*np.shape(radius), num_frames, 3)


def count_people(
    gt: Sequence[np.ndarray], pred: Sequence[np.ndarray], radius: float, association: str = 'loco'
) -> np.ndarray:
    """People found, missed and predicted where there is nobody, frame by frame.

    Two people are as far apart as the joints that both have are on average; a prediction that has less than half of
    the annotated person's joints cannot stand for it. A person without any joint is none.

    Args:
        gt: F > 0 arrays (N, K, 3), NaN for joints that do not count.
        pred: F arrays (N, K, 3), NaN for joints that do not count.
        radius: See :func:`count_joints`.
        association: See :func:`count_joints`.

    Returns:
        (F, 3) int: found, missed, false.
    """
    gt_people, gt_present = pad_people(gt)
    pred_people, pred_present = pad_people(pred)
    gt_present &= np.isfinite(gt_people).all(axis=-1).any(axis=-1)
    pred_present &= np.isfinite(pred_people).all(axis=-1).any(axis=-1)
    pairs = max(1, gt_present.shape[1] * pred_present.shape[1] * gt_people.shape[2])
    step = max(1, BLOCK // pairs)
    blocks = [slice(start, start + step) for start in range(0, len(gt), step)]
    distances = np.concatenate([_person_distances(gt_people[block], pred_people[block]) for block in blocks])
    distances[~(gt_present[:, :, None] & pred_present[:, None])] = np.inf
    found = (ASSOCIATIONS[association](distances, radius) >= 0).sum(axis=1)
    return np.stack([found, gt_present.sum(axis=1) - found, pred_present.sum(axis=1) - found], axis=-1)


def detection_scores(counts: np.ndarray) -> np.ndarray:
    """Precision, recall and F1 from counts of found, missed and false.

    Where there is nothing to find and nothing was predicted all three are 1; where only one side is empty they are 0.

    Args:
        counts: (..., 3).

    Returns:
        (..., 3) in [0, 1].
    """
    found, missed, false = np.moveaxis(np.asarray(counts, np.float64), -1, 0)
    earned = np.stack([found, found, 2 * found], axis=-1)
    possible = np.stack([found + false, found + missed, 2 * found + missed + false], axis=-1)
    empty = ((found + missed + false) == 0)[..., None]
    return np.divide(earned, possible, out=np.where(empty, 1.0, np.zeros_like(earned)), where=possible > 0)


def _count_pairs(distances: np.ndarray, radii: np.ndarray, association: str) -> np.ndarray:
    """(R, B) pairs of each group within each of (R,) radii, from (B, G, P) distances."""
    if association != 'loco':
        return np.array([(ASSOCIATIONS[association](distances, radius) >= 0).sum(axis=1) for radius in radii])
    # Who asks whom, and who is nearest of those that ask, are the same whatever the radius.
    matches = mutual_nearest(distances, radii.max())
    paired = np.take_along_axis(distances, np.maximum(matches, 0)[..., None], axis=2)[..., 0]
    return ((paired <= radii[:, None, None]) & (matches >= 0)).sum(axis=-1)


def _grouped(
    bag: JointBag, num_kinds: int, num_frames: int, filler: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(3, M + 1) points sorted by frame and type, ``filler`` behind the last, and where each group starts, its size."""
    group = bag.frame * num_kinds + bag.kind
    points = np.full((3, len(group) + 1), filler)
    points[:, :-1] = np.asarray(bag.positions, np.float64).reshape(-1, 3)[np.argsort(group, kind='stable')].T
    # Infinities of opposite sign on the two sides keep every distance to them infinite, never NaN.
    points[:, ~np.isfinite(points).all(axis=0)] = filler
    counts = np.bincount(group, minlength=num_frames * num_kinds)
    return points, np.cumsum(counts) - counts, counts


def _blocks(gt_counts: np.ndarray, pred_counts: np.ndarray) -> Iterator[np.ndarray]:
    """Groups that have points on both sides, those of about the same sizes together, ``BLOCK`` distances at a time."""
    groups = np.flatnonzero((gt_counts > 0) & (pred_counts > 0))
    if not len(groups):
        return
    sizes = -(-np.stack([gt_counts[groups], pred_counts[groups]]) // SIZE_STEP)
    order = np.lexsort(sizes)
    groups, sizes = groups[order], sizes[:, order]
    changes = np.flatnonzero((np.diff(sizes, axis=1) != 0).any(axis=0)) + 1
    for alike, (rows, columns) in zip(np.split(groups, changes), sizes[:, np.r_[0, changes]].T, strict=True):
        step = max(1, BLOCK // int(rows * columns * SIZE_STEP**2))
        yield from (alike[start : start + step] for start in range(0, len(alike), step))


def _members(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(most of any group, B) index of each group's points, -1 behind the last."""
    place = np.arange(counts.max())[:, None]
    return np.where(place < counts, starts + place, -1)


def _person_distances(gt: np.ndarray, pred: np.ndarray) -> np.ndarray:
    """(F, G, K, 3) and (F, P, K, 3) to (F, G, P) mean joint distances, infinite where too few joints are shared."""
    distances = np.linalg.norm(gt[:, :, None] - pred[:, None], axis=-1)
    shared = np.isfinite(distances)
    count = shared.sum(axis=-1)
    annotated = np.isfinite(gt).all(axis=-1).sum(axis=-1)[:, :, None]
    total = np.where(shared, distances, 0.0).sum(axis=-1)
    enough = (count > 0) & (count >= LEAST_SHARED * annotated)
    return np.divide(total, count, out=np.full(total.shape, np.inf), where=enough)

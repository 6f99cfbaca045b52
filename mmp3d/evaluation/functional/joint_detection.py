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
FARTHEST = float(np.finfo(np.float64).max)


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

    Examples:
        >>> gt = bag_of_people([np.zeros((1, 2, 3))])  # one frame, one person, two joints
        >>> pred = bag_of_people([np.array([[[0, 0, 300.0], [0, 0, 900]]])])
        >>> counts = count_joints(gt, pred, num_frames=1, radius=[400, 1000])
        >>> counts.tolist()  # found, missed, false
        [[[1, 1, 1]], [[2, 0, 0]]]
    """
    annotated, predicted = (np.bincount(bag.frame, minlength=num_frames) for bag in (gt, pred))
    radii = np.atleast_1d(np.asarray(radius, np.float64))
    if association == 'loco':
        found = count_within(*nearest_pairs(gt, pred, num_frames), num_frames, radii)
    else:
        found = np.zeros((len(radii), num_frames), int)
        for frames, distances in _distance_blocks(gt, pred, num_frames):
            pairs = [(ASSOCIATIONS[association](distances, limit) >= 0).sum(axis=1) for limit in radii]
            np.add.at(found, np.s_[:, frames], pairs)
    return np.stack([found, annotated - found, predicted - found], axis=-1).reshape(*np.shape(radius), num_frames, 3)


def nearest_pairs(gt: JointBag, pred: JointBag, num_frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Frame and distance of each pair of :func:`mutual_nearest` without a limit.

    Who asks whom, and who is the nearest of those that ask, do not depend on the radius: within any, the pairs are
    those of these that are near enough. Arguments as for :func:`count_joints`.
    """
    found = [(np.zeros(0, int), np.zeros(0))]
    for frames, distances in _distance_blocks(gt, pred, num_frames):
        matches = mutual_nearest(distances, FARTHEST)
        group, point = np.nonzero(matches >= 0)
        found.append((frames[group], distances[group, point, matches[group, point]]))
    frames, distances = map(np.concatenate, zip(*found, strict=True))
    return frames, distances


def count_within(frames: np.ndarray, distances: np.ndarray, num_frames: int, radii: np.ndarray) -> np.ndarray:
    """(R, F) how many of the pairs of :func:`nearest_pairs` are within each of (R,) radii."""
    return np.array([np.bincount(frames[distances <= radius], minlength=num_frames) for radius in radii])


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


def _distance_blocks(gt: JointBag, pred: JointBag, num_frames: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Groups of a frame's points of one type: (B,) the frame of each and (B, G, P) its distances, infinite behind."""
    num_kinds = 1 + max(int(bag.kind.max(initial=0)) for bag in (gt, pred))
    gt_points, gt_starts, gt_counts = _grouped(gt, num_kinds, num_frames, np.inf)
    pred_points, pred_starts, pred_counts = _grouped(pred, num_kinds, num_frames, -np.inf)
    for groups in _blocks(gt_counts, pred_counts):
        # Not by index: its result would have the coordinates innermost in memory, which takes twice as long.
        annotated = gt_points.take(_members(gt_starts[groups], gt_counts[groups]), axis=1)
        predicted = pred_points.take(_members(pred_starts[groups], pred_counts[groups]), axis=1)
        distances = np.sqrt(((annotated[:, :, None] - predicted[:, None]) ** 2).sum(axis=0))
        yield groups // num_kinds, np.moveaxis(distances, -1, 0)


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

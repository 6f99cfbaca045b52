"""Group joint candidates into people: by their ID tags, and by what a body can reach.

Shapes: K joints, M candidates a joint, C candidates of one joint, L tag dimensions, N people found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

MISSING = -1
# A joint may lie this many times as far from another as the bones of a tall adult reach.
MAX_SHARE = 1.5


@dataclass(frozen=True, eq=False)
class BodyReach:
    """Where the candidates lie, in millimetres of the person that they may belong to.

    Args:
        places: (K, M, 2) px, in any image.
        scales: (K, M) logarithm of millimetres per pixel at each candidate, NaN where it tells nothing.
        limits: (K, K) greatest distance of two joints of one person, mm; see ``Skeleton.reach``.
        weight: What a distance of the whole limit counts as, in units of tag distance.
    """

    places: np.ndarray
    scales: np.ndarray
    limits: np.ndarray
    weight: float


def reach_of_cells(
    cells: np.ndarray,
    scales: np.ndarray,
    width: int,
    stride: float,
    limits: np.ndarray,
    weight: float,
    scale_joint: int | None = None,
) -> BodyReach:
    """The reach for candidates at (K, M) flat cells of maps with this width and stride.

    Args:
        cells: (K, M), row * width + column.
        scales: See :class:`BodyReach`, as are ``limits`` and ``weight``.
        width: Cells of a row.
        stride: px per cell.
        limits: (K, K).
        weight: See there.
        scale_joint: The only joint whose scales tell anything; None: all do.
    """
    if scale_joint is not None:
        scales = np.where(np.arange(len(scales))[:, None] == scale_joint, scales, np.nan)
    places = np.stack([cells % width, cells // width], axis=-1) * float(stride)
    return BodyReach(places, scales, limits, weight)


class _People:
    """The people found so far, with running sums of what their joints say."""

    def __init__(self, num_joints: int, limit: int, tag_size: int) -> None:
        self.members = np.full((limit, num_joints), MISSING, np.int64)
        self.tags = np.zeros((limit, tag_size))
        self.counts = np.zeros(limit)
        self.scales = np.zeros(limit)
        self.scale_counts = np.zeros(limit)
        self.places = np.full((limit, num_joints, 2), np.nan)
        self.found = 0

    def add(self, joint: int, people: np.ndarray, candidates: np.ndarray, tags: np.ndarray) -> None:
        self.members[people, joint] = candidates
        self.tags[people] += tags
        self.counts[people] += 1

    def add_places(self, joint: int, people: np.ndarray, candidates: np.ndarray, reach: BodyReach) -> None:
        self.places[people, joint] = reach.places[joint, candidates]
        scales = reach.scales[joint, candidates]
        self.scales[people] += np.nan_to_num(scales)
        self.scale_counts[people] += np.isfinite(scales)

    def tag_distances(self, tags: np.ndarray) -> np.ndarray:
        means = self.tags[: self.found] / self.counts[: self.found, None]
        return np.linalg.norm(tags[:, None] - means[None], axis=-1)

    def reach_distances(self, joint: int, places: np.ndarray, reach: BodyReach) -> np.ndarray:
        """(C, N) mean share of the limits to a person's joints; infinite where one is exceeded by half."""
        known = self.scale_counts[: self.found]
        scales = np.exp(self.scales[: self.found] / np.maximum(known, 1))
        apart = np.linalg.norm(places[:, None, None] - self.places[None, : self.found], axis=-1)
        shares = apart * scales[None, :, None] / reach.limits[joint]
        shares[:, known == 0] = 0
        has = np.isfinite(shares)
        mean = np.where(has, shares, 0).sum(axis=-1) / np.maximum(has.sum(axis=-1), 1)
        return np.where(np.where(has, shares, 0).max(axis=-1, initial=0) > MAX_SHARE, np.inf, mean)


def group_by_tags(
    scores: np.ndarray,
    tags: np.ndarray,
    joint_order: Sequence[int],
    score_threshold: float = 0.1,
    tag_threshold: float = 1.0,
    reach: BodyReach | None = None,
) -> np.ndarray:
    """Assign candidates to people, joint after joint, by the distance of tags.

    After Newell et al., "Associative Embedding", 2017: the candidates of each joint are assigned to the people found
    so far so that the sum of distances is least and, among near equals, the sum of scores highest. A candidate
    without a person nearer than ``tag_threshold`` starts a new one. With ``reach`` the distance also grows with the
    way, in millimetres, to the person's joints, so that people whose tags are alike are told apart by where they are.

    Args:
        scores: (K, M) heatmap values.
        tags: (K, M, L) tags at the candidates.
        joint_order: Order in which joints are assigned; reliable joints first.
        score_threshold: Candidates at or below are left out. Higher: fewer people and joints.
        tag_threshold: Greatest distance between a candidate and its person. Higher: fewer, more mixed people.
        reach: Places, scales and limits; None: tags alone.

    Returns:
        (N, K) int64 index of each person's candidate, -1 where the person lacks the joint.
    """
    num_joints, num_candidates, tag_size = tags.shape
    people = _People(num_joints, num_joints * num_candidates, tag_size)
    for joint in joint_order:
        usable = (scores[joint] > score_threshold) & np.isfinite(tags[joint]).all(axis=-1)
        candidates = np.flatnonzero(usable)
        if not len(candidates):
            continue
        chosen = np.full(len(candidates), MISSING)
        if people.found:
            distances = people.tag_distances(tags[joint, candidates])
            if reach is not None:
                way = people.reach_distances(joint, reach.places[joint, candidates], reach)
                distances = np.hypot(distances, reach.weight * way)
            rows, columns = _assign(distances, scores[joint, candidates], tag_threshold)
            chosen[rows] = columns
        new = chosen == MISSING
        chosen[new] = people.found + np.arange(new.sum())
        people.found += int(new.sum())
        people.add(joint, chosen, candidates, tags[joint, candidates])
        if reach is not None:
            people.add_places(joint, chosen, candidates, reach)
    return people.members[: people.found]


def _assign(distances: np.ndarray, scores: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    cost = distances * 10 - scores[:, None]
    # A distance above the threshold (or one that is not a number) costs the same as no person, so that it never
    # displaces an acceptable pair.
    cost[~(distances < threshold)] = 1e5
    rows, columns = linear_sum_assignment(cost)
    accepted = distances[rows, columns] < threshold
    return rows[accepted], columns[accepted]

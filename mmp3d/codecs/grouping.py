"""Group joint candidates into people by their ID tags (associative embedding).

Shapes: K joints, M candidates a joint, L tag dimensions, N people found.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

MISSING = -1


def group_by_tags(
    scores: np.ndarray,
    tags: np.ndarray,
    joint_order: Sequence[int],
    score_threshold: float = 0.1,
    tag_threshold: float = 1.0,
) -> np.ndarray:
    """Assign candidates to people, joint after joint, by the distance of tags.

    Newell et al., "Associative Embedding", 2017: the candidates of each joint are assigned to the people found so
    far so that the sum of rounded tag distances is least and, among equals, the sum of scores highest. A candidate
    without a person nearer than ``tag_threshold`` starts a new one.

    Args:
        scores: (K, M) heatmap values.
        tags: (K, M, L) tags at the candidates.
        joint_order: Order in which joints are assigned; reliable joints first.
        score_threshold: Candidates at or below are left out. Higher: fewer people and joints.
        tag_threshold: Greatest distance between a tag and its person's mean tag. Higher: fewer, more mixed people.

    Returns:
        (N, K) int64 index of each person's candidate, -1 where the person lacks the joint.
    """
    num_joints, num_candidates, tag_size = tags.shape
    limit = num_joints * num_candidates
    members = np.full((limit, num_joints), MISSING, np.int64)
    tag_sums = np.zeros((limit, tag_size), np.float64)
    counts = np.zeros(limit, np.int64)
    found = 0
    for joint in joint_order:
        candidates = np.flatnonzero((scores[joint] > score_threshold) & np.isfinite(tags[joint]).all(axis=-1))
        if not len(candidates):
            continue
        joint_tags = tags[joint, candidates]
        people = np.full(len(candidates), MISSING)
        if found:
            rows, columns = _assign(
                joint_tags, tag_sums[:found] / counts[:found, None], scores[joint, candidates], tag_threshold
            )
            people[rows] = columns
        new = people == MISSING
        people[new] = found + np.arange(new.sum())
        found += int(new.sum())
        members[people, joint] = candidates
        tag_sums[people] += joint_tags
        counts[people] += 1
    return members[:found]


def _assign(
    tags: np.ndarray, person_tags: np.ndarray, scores: np.ndarray, tag_threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    distances = np.linalg.norm(tags[:, None] - person_tags[None], axis=-1)
    # A distance above the threshold costs the same as no person, so that it never displaces an acceptable pair.
    cost = np.round(np.minimum(distances, 100)) * 100 - scores[:, None]
    # Written so that a distance that is not a number is far, too.
    cost[~(distances < tag_threshold)] = 1e5
    rows, columns = linear_sum_assignment(cost)
    accepted = distances[rows, columns] < tag_threshold
    return rows[accepted], columns[accepted]

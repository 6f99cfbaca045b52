"""The grouping of the authors' release, written plainly after its rules.

It searches the whole map for every joint of everybody, also for those that it has.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from drawn_maps import NUM_JOINTS
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from mmp3d.geometry.grouping import MISSING

JOINT_ORDER = (0, 1, 4, 2, 5, 3, 6, 7, 8, 11, 9, 12, 10, 13)
MAX_CANDIDATES, NMS_KERNEL, SCORE_THRESHOLD, TAG_THRESHOLD, FILL_THRESHOLD = 30, 5, 0.1, 1.0, 1.5


def released_people(heat: Tensor, tags: Tensor) -> np.ndarray:
    """(N, K) flat cells by the released procedure; ``tags`` (K, H, W, L)."""
    pooled = F.max_pool2d(heat[None], NMS_KERNEL, stride=1, padding=NMS_KERNEL // 2)[0]
    scores, cells = (heat * (pooled == heat)).flatten(1).topk(MAX_CANDIDATES, dim=1)
    at_cells = tags.flatten(1, 2)[torch.arange(len(heat))[:, None], cells]
    people = released_grouping(scores.numpy(), cells.numpy(), at_cells.numpy())
    return np.stack([released_refinement(person, heat, tags) for person in people])


def released_grouping(scores: np.ndarray, cells: np.ndarray, tags: np.ndarray) -> list[np.ndarray]:
    """(K,) flat cells of each person, from (K, M) candidates and their (K, M, L) tags."""
    people: list[np.ndarray] = []
    tags_of: list[list[np.ndarray]] = []
    for joint in JOINT_ORDER:
        usable = np.flatnonzero(scores[joint] > SCORE_THRESHOLD)
        owners = released_owners(scores[joint, usable], tags[joint, usable], tags_of)
        for candidate, owner in zip(usable, owners, strict=True):
            if owner is None:
                owner = len(people)
                people.append(np.full(NUM_JOINTS, MISSING))
                tags_of.append([])
            people[owner][joint] = cells[joint, candidate]
            tags_of[owner].append(tags[joint, candidate])
    return people


def released_owners(scores: np.ndarray, tags: np.ndarray, tags_of: list[list[np.ndarray]]) -> list[int | None]:
    """Person of each candidate of a joint, None for a new one."""
    if not tags_of or not len(scores):
        return [None] * len(scores)
    means = np.stack([np.mean(of_person, axis=0) for of_person in tags_of])
    apart = np.linalg.norm(tags[:, None] - means, axis=-1)
    cost = np.pad(np.round(apart) * 100 - scores[:, None], ((0, 0), (0, max(0, len(scores) - len(means)))))
    columns = linear_sum_assignment(cost)[1]
    return [
        int(column) if column < len(means) and row[column] < TAG_THRESHOLD else None
        for row, column in zip(apart, columns, strict=True)
    ]


def released_refinement(person: np.ndarray, heat: Tensor, tags: Tensor) -> np.ndarray:
    """The person's (K,) flat cells with missing joints looked up."""
    has = np.flatnonzero(person != MISSING)
    mean = tags.flatten(1, 2)[torch.from_numpy(has), torch.from_numpy(person[has])].mean(dim=0)
    refined = person.copy()
    for joint in range(NUM_JOINTS):
        apart = (tags[joint] - mean).square().sum(dim=-1).sqrt()
        best = int((heat[joint] - (apart / FILL_THRESHOLD).round()).argmax())
        if person[joint] == MISSING and heat[joint].flatten()[best] > 0:
            refined[joint] = best
    return refined

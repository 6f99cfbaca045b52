"""Heatmaps and tag maps of people on a grid, whose joints are known; some joints are too weak to be a candidate."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from mmp3d.codecs.heatmaps import draw_heatmaps

NUM_JOINTS = 14
# Between the tags of one person and the next.
TAG_STEP = 3.0
WEAK_SHARE, WEAK_HEIGHT = 1 / 7, 0.08


def draw_maps(people: int, size: tuple[int, int], seed: int = 0, tag_size: int = 2) -> tuple[Tensor, Tensor]:
    """(K, H, W) heat and (K, L, H, W) tags; every cell has the tag of the person whose joint is nearest.

    The first number of a tag counts the people, the others go round among two, three, ... values.
    """
    rng, (width, height) = np.random.default_rng(seed), size
    columns = int(np.ceil(np.sqrt(people * width / height)))
    rows = int(np.ceil(people / columns))
    pitch = np.array([width / columns, height / rows])
    corners = np.stack([np.arange(people) % columns, np.arange(people) // columns], axis=-1) * pitch
    cells = corners[:, None] + rng.uniform(0.1, 0.9, (people, NUM_JOINTS, 2)) * pitch
    weak = rng.random((people, NUM_JOINTS)) < WEAK_SHARE
    heat = np.maximum(draw_heatmaps(cells, ~weak, size, 4.0), WEAK_HEIGHT * draw_heatmaps(cells, weak, size, 4.0))
    rounds = [people, *range(2, tag_size + 1)]
    of_people = TAG_STEP * (np.arange(people)[:, None] % rounds)
    nearest = [_nearest(joint, size) for joint in np.round(cells).astype(int).swapaxes(0, 1)]
    tags = of_people[np.stack(nearest)] + rng.normal(0, 0.05, (NUM_JOINTS, height, width, tag_size))
    return torch.from_numpy(heat), torch.from_numpy(tags.astype(np.float32)).movedim(-1, 1).contiguous()


def _nearest(cells: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) which of (N, 2) cells is nearest."""
    free = np.ones(size[::-1], np.uint8)
    places = cells[:, 1], cells[:, 0]
    free[places] = 0
    labels = cv2.distanceTransformWithLabels(free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1]
    people = np.zeros(labels.max() + 1, int)
    people[labels[places]] = np.arange(len(cells))
    return people[labels]

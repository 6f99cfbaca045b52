"""Simulated 2D pose detections: ground truth with the noise, misses, mix-ups and false people of a real detector.

Shapes: N people, K joints, M detected people. Pixels. Needs numpy only, so that training can call it for every image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mmp3d.geometry.skeleton import MUPOTS17


@dataclass(frozen=True)
class DetectionNoise:
    """How a simulated detector errs. Every probability is 0..1.

    Args:
        jitter: Error of a visible joint, as a share of the joint's COCO sigma times the person's size.
        occluded_jitter: The same for an occluded joint.
        miss: Probability that a visible joint is not found (score 0, point (0, 0)).
        occluded_miss: The same for an occluded joint.
        miss_person: Probability that a fully visible person is not found.
        miss_hidden_person: The same for a person whose joints are all hidden; in between, the hidden share counts
            squared.
        false_people: Mean number of false people an image.
        swap: Probability that a joint is exchanged with the same joint of a person close by.
        swap_distance: How close that is, as a share of the person's size.
        side_flip: Probability that a person's left and right are mixed up.
        score, occluded_score: Mean score of visible and of occluded joints.
        score_spread: Standard deviation of the scores.
    """

    jitter: float = 0.35
    occluded_jitter: float = 1.1
    miss: float = 0.02
    occluded_miss: float = 0.25
    miss_person: float = 0.015
    miss_hidden_person: float = 0.7
    false_people: float = 0.05
    swap: float = 0.15
    swap_distance: float = 0.15
    side_flip: float = 0.015
    score: float = 0.86
    occluded_score: float = 0.5
    score_spread: float = 0.08


def simulate_detections(
    rng: np.random.Generator,
    keypoints: np.ndarray,
    visible: np.ndarray,
    occluded: np.ndarray,
    boxes: np.ndarray,
    noise: DetectionNoise = DetectionNoise(),
    image_size: tuple[int, int] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate a 2D pose detector on one image.

    Args:
        rng: Source of randomness.
        keypoints: (N, 17, 2) px true MUPOTS17 joints; N = 0 is legal.
        visible: (N, 17) 1 where the joint is labelled and inside of the image; others are never detected.
        occluded: (N, 17) 1 where the joint is hidden.
        boxes: (N, 4) xyxy px; their geometric mean side is the person's size (1 px where a box is NaN or empty).
        noise: The errors.
        image_size: (width, height) px, the range of false people; without it they appear near true ones.

    Returns:
        (M, 17, 2) px float32 and (M, 17) scores float32, people in random order. A joint that was not found has score 0
        and point (0, 0).
    """
    keypoints = np.asarray(keypoints, np.float64).reshape(-1, len(_SIGMAS), 2)
    visible, occluded = (np.asarray(mask).reshape(keypoints.shape[:2]) > 0.5 for mask in (visible, occluded))
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    sides = boxes[:, 2:] - boxes[:, :2]
    size = np.sqrt(np.fmax(sides[:, 0] * sides[:, 1], 1.0))
    visible = visible & np.isfinite(keypoints[..., 0] + keypoints[..., 1])
    keypoints = np.where(visible[..., None], keypoints, 0.0)
    found = _found_people(rng, visible, occluded, noise)
    points, scores = _noisy_joints(rng, keypoints, visible, occluded, size, noise)
    _swap_joints(rng, points, scores, visible, size, noise)
    _flip_sides(rng, points, scores, noise)
    false_points, false_scores = _false_people(rng, keypoints, visible, size, noise, image_size)
    points, scores = points[found], scores[found]
    if len(false_points):
        points, scores = np.concatenate([points, false_points]), np.concatenate([scores, false_scores])
    points[scores == 0] = 0
    order = rng.permutation(len(points))
    return points[order].astype(np.float32), scores[order].astype(np.float32)


def _found_people(rng, visible, occluded, noise: DetectionNoise) -> np.ndarray:
    """(N,) bool: who is detected at all; the more of a body is hidden or outside, the less likely."""
    hidden = 1 - (visible & ~occluded).mean(axis=1)
    miss = noise.miss_person + (noise.miss_hidden_person - noise.miss_person) * hidden**2
    return (rng.random(len(visible)) >= miss) & (visible.sum(axis=1) >= 3)


def _noisy_joints(rng, keypoints, visible, occluded, size, noise: DetectionNoise) -> tuple[np.ndarray, np.ndarray]:
    shape = visible.shape
    spread = np.where(occluded, noise.occluded_jitter, noise.jitter) * _SIGMAS * size[:, None]
    points = keypoints + rng.standard_normal((*shape, 2)) * spread[..., None]
    missed = rng.random(shape) < np.where(occluded, noise.occluded_miss, noise.miss)
    scores = np.where(occluded, noise.occluded_score, noise.score) + rng.standard_normal(shape) * noise.score_spread
    return points, np.where(visible & ~missed, np.minimum(np.maximum(scores, 0.05), 1.0), 0.0)


def _swap_joints(rng, points, scores, visible, size, noise: DetectionNoise) -> None:
    """Exchange joints of the same name between two people where they nearly coincide."""
    count = len(points)
    if count < 2 or noise.swap == 0:
        return
    first, second = _pairs(count)
    gap = points[first] - points[second]
    reach = noise.swap_distance * np.minimum(size[first], size[second])
    close = (gap * gap).sum(-1) < (reach * reach)[:, None]
    close &= visible[first] & visible[second] & (rng.random(close.shape) < noise.swap)
    if not close.any():
        return
    for pair, joint in zip(*np.nonzero(close), strict=True):
        a, b = first[pair], second[pair]
        points[[a, b], joint] = points[[b, a], joint]
        scores[[a, b], joint] = scores[[b, a], joint]


@lru_cache(maxsize=32)
def _pairs(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the two people of every pair."""
    return np.triu_indices(count, 1)


def _flip_sides(rng, points, scores, noise: DetectionNoise) -> None:
    flipped = rng.random(len(points)) < noise.side_flip
    if flipped.any():
        points[flipped] = points[flipped][:, _FLIP]
        scores[flipped] = scores[flipped][:, _FLIP]


def _false_people(rng, keypoints, visible, size, noise: DetectionNoise, image_size) -> tuple[np.ndarray, np.ndarray]:
    """False people: distorted copies of true ones at other places, with low scores and gaps."""
    count = int(rng.poisson(noise.false_people)) if visible.any() else 0
    if count == 0:
        return np.zeros((0, *keypoints.shape[1:])), np.zeros((0, keypoints.shape[1]))
    donors = rng.choice(np.flatnonzero(visible.any(axis=1)), count)
    weight = visible[donors][..., None]
    centre = (keypoints[donors] * weight).sum(1, keepdims=True) / weight.sum(1, keepdims=True)
    scale = rng.uniform(0.4, 1.2, (count, 1, 1))
    body = (keypoints[donors] - centre) * scale + rng.standard_normal((count, len(_SIGMAS), 2)) * (
        0.05 * size[donors, None, None]
    )
    if image_size is None:
        place = centre + rng.standard_normal((count, 1, 2)) * 1.5 * size[donors, None, None]
    else:
        place = rng.random((count, 1, 2)) * image_size
    scores = np.clip(rng.normal(0.35, 0.15, body.shape[:2]), 0.05, 0.9)
    seen = visible[donors] & (rng.random(scores.shape) > 0.35)
    return body + place, np.where(seen, scores, 0.0)


_SIGMAS = MUPOTS17.sigmas.astype(np.float64)
_FLIP = MUPOTS17.flip_indices

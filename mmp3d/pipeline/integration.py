"""The last stage: one pose of what the two branches say about each person, and how sure it is.

Shapes: F frames, N bottom-up, M top-down and P people of a frame, K = 17 MuPoTS joints. Pixels of the full image;
camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.geometry.boxes import joint_extents
from mmp3d.pipeline.matching import CameraPeople, Matches
from mmp3d.pipeline.stage_columns import COUNTS, by_frame

K, ROOT = MUPOTS17.num_joints, MUPOTS17.root_index


class PoseRule(Protocol):
    """Anything that makes one pose of two."""

    def __call__(
        self, top_down: np.ndarray, bottom_up: np.ndarray, top_down_scores: np.ndarray, bottom_up_scores: np.ndarray
    ) -> np.ndarray:
        """(P, K, 3) float32 mm of both branches' (P, K, 3) mm and (P, K) scores; scores 0 where one lacks a person."""
        ...

    def digest(self) -> str:
        """Digest of the rule."""
        ...


class BranchFrames:
    """The people of one branch over some frames.

    Args:
        people: F frames.
        person_scores: F arrays (N,) or (M,) from 0 to 1.
    """

    def __init__(self, people: Sequence[CameraPeople], person_scores: Sequence[np.ndarray]) -> None:
        self._starts = np.cumsum([0, *(len(each.keypoints_cam) for each in people)])
        nobody = np.zeros((1, K, 3), np.float32)
        # The last row is nobody: index -1.
        self._points = np.concatenate([*(each.keypoints_cam for each in people), nobody])
        self._scores = np.concatenate([*(each.keypoint_scores for each in people), nobody[..., 0]])
        self._person_scores = np.concatenate([*person_scores, np.zeros(1, np.float32)])

    def rows(self, chosen: Sequence[np.ndarray]) -> np.ndarray:
        """Rows of the people with these numbers in each of the F frames; -1 for -1."""
        numbers = [np.where(each >= 0, each + start, -1) for each, start in zip(chosen, self._starts[:-1], strict=True)]
        return np.concatenate([np.zeros(0, np.int64), *numbers])

    def taken(self, rows: np.ndarray, least_score: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(P, K, 3) mm, (P, K) joint scores, at least ``least_score`` for a joint that is somewhere, (P,) scores."""
        points = self._points[rows]
        placed = np.isfinite(points).all(axis=-1) & (rows >= 0)[:, None]
        scores = np.where(placed, np.clip(np.nan_to_num(self._scores[rows]), least_score, 1), 0)
        return points, scores.astype(np.float32), self._person_scores[rows]


def order_of(match: Matches) -> np.ndarray:
    """(P, 2) bottom-up and top-down number of everybody, -1 for none: pairs, top-down alone, bottom-up alone."""
    alone = [np.full((len(match.top_down_only), 2), -1), np.full((len(match.bottom_up_only), 2), -1)]
    alone[0][:, 1], alone[1][:, 0] = match.top_down_only, match.bottom_up_only
    return np.concatenate([match.pairs, *alone]).astype(np.int64)


class PairedPeople(NamedTuple):
    """What the branches say about everybody in F frames, frame by frame, in the order of :func:`order_of`.

    ``pairs``: what a :class:`PoseRule` takes of P people, by name, in its order; ``bbox_scores`` (P, 2) from 0 to 1,
    bottom-up first, 0 of a branch that lacks the person; ``source`` (P,) ``'both'``, ``'td'`` or ``'bu'``; ``counts``
    (F,) people of each frame.
    """

    pairs: dict[str, np.ndarray]
    bbox_scores: np.ndarray
    source: np.ndarray
    counts: np.ndarray


def pair_people(
    matches: Sequence[Matches], bottom_up: BranchFrames, top_down: BranchFrames, least_score: float
) -> PairedPeople:
    """Poses and scores of both branches side by side.

    Args:
        matches: F frames.
        bottom_up: The same F frames.
        top_down: The same F frames.
        least_score: What a joint counts at least that a branch completed without having found it.
    """
    orders = [order_of(match) for match in matches]
    lower_rows, upper_rows = bottom_up.rows([o[:, 0] for o in orders]), top_down.rows([o[:, 1] for o in orders])
    lower, lower_scores, lower_person = bottom_up.taken(lower_rows, least_score)
    upper, upper_scores, upper_person = top_down.taken(upper_rows, least_score)
    pairs = dict(top_down=upper, bottom_up=lower, top_down_scores=upper_scores, bottom_up_scores=lower_scores)
    return PairedPeople(
        {name: np.ascontiguousarray(values, np.float32) for name, values in pairs.items()},
        np.stack([lower_person, upper_person], axis=1),
        np.where(lower_rows < 0, 'td', np.where(upper_rows < 0, 'bu', 'both')),
        np.array([len(order) for order in orders], np.int64),
    )


def integrate(
    people: PairedPeople, rule: PoseRule, camera: Camera, num_branches: int = 2
) -> list[dict[str, np.ndarray]]:
    """The people of each frame, in the order of ``people``.

    Args:
        people: Of F frames.
        rule: ``IntegrationNet`` or one of the fixed rules.
        camera: Of all frames.
        num_branches: How many of the branches looked for people.

    Returns:
        One mapping a frame: ``keypoints_cam`` (P, K, 3) mm, NaN where not known; ``keypoints`` (P, K, 2) px, its
        projection; ``keypoint_scores`` (P, K); ``bboxes`` (P, 4); ``bbox_scores`` (P,), the mean of the branches;
        ``source`` (P,).
    """
    pairs = people.pairs
    scores = np.maximum(pairs['bottom_up_scores'], pairs['top_down_scores'])
    columns = _seen(rule(*pairs.values()), scores, camera)
    columns['bbox_scores'] = (people.bbox_scores.sum(axis=1) / num_branches).astype(np.float32)
    columns['source'] = people.source
    return by_frame({COUNTS: people.counts, **columns})


def _seen(poses: np.ndarray, scores: np.ndarray, camera: Camera) -> dict[str, np.ndarray]:
    """What the image shows of poses; a joint that is not before the camera has the score 0."""
    pixels = camera.project(poses).astype(np.float32)
    shown = np.isfinite(pixels).all(axis=-1)
    scores = np.where(shown, scores, 0)
    return {
        'keypoints_cam': poses,
        'keypoints': pixels,
        'keypoint_scores': scores,
        'bboxes': joint_extents(np.nan_to_num(pixels), scores),
    }

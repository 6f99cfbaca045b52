"""Which person of the bottom-up branch is which of the top-down branch (paper, eq. 5-6).

Shapes: F frames, N bottom-up and M top-down people, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from mmp3d.geometry import MUPOTS17

# COCO's tolerance of a joint is twice its sigma.
TOLERANCES = 2 * np.asarray(MUPOTS17.sigmas, np.float32)
# At this distance, mm, a person's own size is the scale; depth errors, and so the scale, grow with the distance.
REFERENCE_DEPTH = 4000.0
# Mean OKS below which two poses are two people.
MIN_SIMILARITY = 0.1


class CameraPeople(NamedTuple):
    """People of one frame as one branch sees them.

    ``keypoints_cam`` (N, K, 3) mm, NaN where not known, ``keypoint_scores`` (N, K) confidences, 0 where not found, and
    ``track_ids`` (N,) integers, needed only to match by track.
    """

    keypoints_cam: np.ndarray
    keypoint_scores: np.ndarray
    track_ids: np.ndarray | None = None


class Matches(NamedTuple):
    """Who belongs to whom in one frame; every person is in exactly one field.

    ``pairs`` (P, 2) numbers of a bottom-up and a top-down person, ``bottom_up_only`` and ``top_down_only`` (.,) numbers
    of those whom only one branch sees.
    """

    pairs: np.ndarray
    bottom_up_only: np.ndarray
    top_down_only: np.ndarray


def match_people(
    bottom_up: Sequence[CameraPeople],
    top_down: Sequence[CameraPeople],
    min_similarity: float = MIN_SIMILARITY,
    by_track: bool = False,
) -> list[Matches]:
    """Match the people of each frame of a clip one to one, so that the sum of eq. 5 is greatest.

    A pair needs a joint that both branches know and a mean OKS, weighted as in eq. 5, of ``min_similarity``. People
    without a finite, confident joint in front of the camera are like nobody and stay unmatched.

    Args:
        bottom_up: F frames.
        top_down: The same F frames.
        min_similarity: 0 to 1.
        by_track: One decision for each pair of tracks, by the sums over the frames that both are in.

    Raises:
        ValueError: The branches have different numbers of frames, shapes do not fit, ``min_similarity`` is out of
            range, or track ids are missing or repeated within a frame.

    Examples:
        >>> body = np.random.default_rng(0).normal(0, 300, (17, 3))  # mm, about the root
        >>> places = np.array([[-800, 0, 4000], [900, 0, 5000], [0, 0, 7000]])
        >>> top_down = CameraPeople(body + places[:, None], np.full((3, 17), 0.9))
        >>> bottom_up = CameraPeople(body + places[[1, 0], None] + [0, 0, 150], np.full((2, 17), 0.6))
        >>> (matches,) = match_people([bottom_up], [top_down])
        >>> matches.pairs.tolist(), matches.top_down_only.tolist()
        ([[0, 1], [1, 0]], [2])
    """
    if len(bottom_up) != len(top_down):
        raise ValueError(f'expected the same frames of both branches, got {len(bottom_up)} and {len(top_down)}')
    if not 0 <= min_similarity <= 1:
        raise ValueError(f'min_similarity: expected 0 to 1, got {min_similarity!r}')
    for branch, frames in (('bottom_up', bottom_up), ('top_down', top_down)):
        for number, people in enumerate(frames):
            _check(people, f'{branch}[{number}]', by_track)
    sums = [pair_similarities(*pair) for pair in zip(bottom_up, top_down, strict=True)]
    if by_track and sums:
        return _match_tracks(bottom_up, top_down, sums, min_similarity)
    return [_matches(_assign(*pair, min_similarity), pair[0].shape) for pair in sums]


def pair_similarities(bottom_up: CameraPeople, top_down: CameraPeople) -> tuple[np.ndarray, np.ndarray]:
    """Sim of eq. 5, (N, M), and the sum of its weights min(c, c), (N, M), over the joints that both people have.

    The scale of eq. 6 is the geometric mean of both people's sizes, each twice the spread of the joints, times their
    depth in units of 4 m; its sigmas are COCO's tolerances of the joints.
    """
    points, scores, scales = _placed(bottom_up)
    other_points, other_scores, other_scales = _placed(top_down)
    if not len(points) or not len(other_points):
        return (np.zeros((len(points), len(other_points)), np.float32),) * 2
    # About a common centre the squares below are small, and float32 keeps them to a millimetre.
    centre = points.mean(axis=(0, 1))
    points, other_points = (np.moveaxis(array - centre, 1, 0) for array in (points, other_points))
    squares = np.square(points).sum(-1)[:, :, None] + np.square(other_points).sum(-1)[:, None]
    squares -= 2 * points @ np.moveaxis(other_points, 1, 2)
    scale = 2 * scales[:, None] * other_scales
    weights = np.minimum(scores.T[:, :, None], other_scores.T[:, None])
    exponent = np.maximum(squares, 0, out=squares) / (-scale * np.square(TOLERANCES)[:, None, None])
    return (weights * np.exp(exponent, out=exponent)).sum(axis=0), weights.sum(axis=0)


def _placed(people: CameraPeople) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Finite points, scores that are 0 for whatever is not before the camera, and scales in mm, at least 1."""
    points = np.asarray(people.keypoints_cam, np.float32)
    finite = np.isfinite(points).all(axis=-1)
    points = np.where(finite[..., None], points, 0)
    scores = np.nan_to_num(np.asarray(people.keypoint_scores, np.float32), nan=0, posinf=1, neginf=0).clip(0, 1)
    scores = scores * finite
    weights = (scores > 0) / np.maximum((scores > 0).sum(axis=-1, keepdims=True), 1)
    centre = (points * weights[..., None]).sum(axis=1)
    scores = np.where(centre[:, 2:] > 0, scores, 0)
    spread = np.sqrt((np.square(points - centre[:, None]).sum(axis=-1) * weights).sum(axis=-1))
    scales = 2 * spread * centre[:, 2] / REFERENCE_DEPTH
    return points, scores.astype(np.float32), np.maximum(scales, 1).astype(np.float32)


def _assign(similarities: np.ndarray, weights: np.ndarray, min_similarity: float) -> np.ndarray:
    """Pairs (P, 2), ascending, of rows and columns."""
    allowed = (weights > 0) & (similarities >= min_similarity * weights)
    rows, columns = linear_sum_assignment(np.where(allowed, similarities, 0), maximize=True)
    kept = allowed[rows, columns]
    return np.stack([rows[kept], columns[kept]], axis=1)


def _matches(pairs: np.ndarray, shape: tuple[int, int]) -> Matches:
    return Matches(pairs, *(np.setdiff1d(np.arange(count), pairs[:, side]) for side, count in enumerate(shape)))


def _match_tracks(
    bottom_up: Sequence[CameraPeople],
    top_down: Sequence[CameraPeople],
    sums: list[tuple[np.ndarray, np.ndarray]],
    min_similarity: float,
) -> list[Matches]:
    rows, row_count = _track_numbers(bottom_up)
    columns, column_count = _track_numbers(top_down)
    totals = np.zeros((2, row_count, column_count))
    for row, column, frame in zip(rows, columns, sums, strict=True):
        totals[:, row[:, None], column] += np.stack(frame)
    belongs = np.zeros((row_count, column_count), bool)
    belongs[tuple(_assign(*totals, min_similarity).T)] = True
    found = (np.argwhere(belongs[row[:, None], column]) for row, column in zip(rows, columns, strict=True))
    return [_matches(pairs, frame[0].shape) for pairs, frame in zip(found, sums, strict=True)]


def _track_numbers(frames: Sequence[CameraPeople]) -> tuple[list[np.ndarray], int]:
    """Tracks numbered from 0 for each frame, and their count."""
    ids = [np.asarray(people.track_ids, np.int64).reshape(-1) for people in frames]
    names, numbers = np.unique(np.concatenate([*ids, np.zeros(0, np.int64)]), return_inverse=True)
    return np.split(numbers, np.cumsum([len(part) for part in ids])[:-1]), len(names)


def _check(people: CameraPeople, name: str, by_track: bool) -> None:
    shape, joints = np.shape(people.keypoints_cam), len(TOLERANCES)
    if len(shape) != 3 or shape[1:] != (joints, 3) or np.shape(people.keypoint_scores) != shape[:2]:
        raise ValueError(
            f'{name}: expected keypoints_cam (N, {joints}, 3) and keypoint_scores (N, {joints}), got {shape} and '
            f'{np.shape(people.keypoint_scores)}; convert other joint sets to MuPoTS-17 first'
        )
    if by_track and (people.track_ids is None or len(np.unique(people.track_ids)) != shape[0]):
        raise ValueError(f'{name}: matching by track needs one track id a person, each once; got {people.track_ids}')

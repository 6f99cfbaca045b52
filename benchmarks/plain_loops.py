"""The evaluations as one would write them down from their description: a person, a joint, a threshold at a time.

What the fast functions are compared with, in speed and in every number. Nothing here is shared with them but the names
of the joint groups. Poses are lists of [x, y, z] in mm, 2D joints lists of [x, y] in px, 17 MuPoTS joints.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

PELVIS = 14
PARENTS = (1, 15, 1, 2, 3, 1, 5, 6, 14, 8, 9, 14, 11, 12, 14, 14, 1)
WALK = (15, 1, 0, 16, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)
GROUPS = ((0,), (1,), (2, 5), (3, 6), (4, 7), (8, 11), (9, 12), (10, 13), tuple(range(14)))
MISSED = 1e5


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """Euclidean, of two points in space."""
    return math.sqrt((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2)


def match_in_2d(pred: Sequence, gt: Sequence) -> list[int]:
    """For each annotated person of a frame the prediction with most joints within 40 px on x and y, or -1."""
    matches, taken = [], set()
    for person in gt:
        best, most = -1, 0
        for index, guess in enumerate(pred):
            if index in taken:
                continue
            hits = 0
            for joint in range(1, 14):
                if abs(guess[joint][0] - person[joint][0]) < 40 and abs(guess[joint][1] - person[joint][1]) < 40:
                    hits += 1
            if hits > most:
                best, most = index, hits
        taken.add(best)
        matches.append(best)
    return matches


def centred(pose: Sequence) -> list[list[float]]:
    """The pose with its pelvis in the origin."""
    return [[value - root for value, root in zip(joint, pose[PELVIS], strict=True)] for joint in pose]


def with_bones_of(pred: Sequence, gt: Sequence, ported: bool = False) -> list[list[float]]:
    """The prediction with annotated bone lengths; ``ported``: with the parents that the paper's release looks up."""
    mapped = [list(joint) for joint in pred]
    for step, joint in enumerate(WALK):
        parent = PARENTS[step if ported else joint]
        factor = distance(gt[joint], gt[parent]) / distance(pred[joint], pred[parent])
        for axis in range(3):
            mapped[joint][axis] = mapped[parent][axis] + (pred[joint][axis] - pred[parent][axis]) * factor
    return mapped


def errors_of(pred: Sequence, gt: Sequence, relative: bool) -> list[float]:
    """Joint errors of one person under the official protocol."""
    if relative:
        pred, gt = centred(pred), centred(gt)
    return [distance(guess, joint) for guess, joint in zip(with_bones_of(pred, gt), gt, strict=True)]


def group_scores(errors: Sequence[Sequence[float]], thresholds: Sequence[float]) -> list[list[float]]:
    """Percent of joints below each threshold, by joint group and threshold."""
    scores = []
    for group in GROUPS:
        curve = []
        for threshold in thresholds:
            right = 0
            for person in errors:
                for joint in group:
                    if person[joint] < threshold:
                        right += 1
            curve.append(100 * right / (len(errors) * len(group)))
        scores.append(curve)
    return scores


def official(pred_2d: list, pred_3d: list, gt_2d: list, gt_3d: list, sequence: Sequence[int]) -> np.ndarray:
    """(6, 9) PCK, PCKabs and AUCrel, each for all people and for matched ones, by joint group; mean of sequences."""
    per_sequence = []
    for name in sorted(set(sequence)):
        everyone = {True: [], False: []}
        found = {True: [], False: []}
        for frame in range(len(sequence)):
            if sequence[frame] != name:
                continue
            for person, guess in enumerate(match_in_2d(pred_2d[frame], gt_2d[frame])):
                for relative in (True, False):
                    errors = [MISSED] * 17
                    if guess >= 0:
                        errors = errors_of(pred_3d[frame][guess], gt_3d[frame][person], relative)
                        found[relative].append(errors)
                    everyone[relative].append(errors)
        rows = []
        for people in (everyone, found):
            rows.append([curve[0] for curve in group_scores(people[True], [150])])
            rows.append([curve[0] for curve in group_scores(people[False], [150])])
            rows.append([sum(curve) / 31 for curve in group_scores(people[True], range(0, 151, 5))])
        per_sequence.append(rows)
    return np.mean(per_sequence, axis=0)


def root_ap(roots: list, scores: list, gt_roots: list) -> float:
    """AP within 250 mm over all frames, percent."""
    detections = []
    for frame, sure in enumerate(scores):
        detections += [(-score, frame, index) for index, score in enumerate(sure)]
    taken, right, wrong, area, last = set(), 0, 0, 0.0, None
    total = sum(len(people) for people in gt_roots)
    for _, frame, index in sorted(detections):
        if not gt_roots[frame]:
            continue
        nearest, shortest = -1, 9999.0
        for person, root in enumerate(gt_roots[frame]):
            length = distance(roots[frame][index], root)
            if length < shortest:
                nearest, shortest = person, length
        if shortest < 250 and (frame, nearest) not in taken:
            taken.add((frame, nearest))
            right += 1
        else:
            wrong += 1
        if last is not None:
            area += right / (right + wrong) * (right - last) / total
        last = right
    return 100 * area


def procrustes(pred: np.ndarray, gt: np.ndarray) -> np.ndarray:
    """One (K, 3) pose aligned to another by shift, rotation and scale."""
    pred_mean, gt_mean = pred.mean(axis=0), gt.mean(axis=0)
    source, target = pred - pred_mean, gt - gt_mean
    left, values, right = np.linalg.svd(source.T @ target)
    if np.linalg.det(left @ right) < 0:
        left[:, -1] *= -1
        values[-1] *= -1
    return values.sum() / (source**2).sum() * source @ (left @ right) + gt_mean


def pa_mpjpe(pred: np.ndarray, gt: np.ndarray) -> float:
    """Mean PA-MPJPE of (N, K, 3) poses, a pose at a time."""
    errors = []
    for one, other in zip(pred, gt, strict=True):
        errors.append(np.linalg.norm(procrustes(one, other) - other, axis=1).mean())
    return float(np.mean(errors))


def release(pred_3d: list, gt_3d: list, sequence: Sequence[int]) -> np.ndarray:
    """(9,) PCK of the paper's release, relative to the pelvis, all people, by joint group; mean of sequences."""
    per_sequence = []
    for name in sorted(set(sequence)):
        people = []
        for frame in range(len(sequence)):
            if sequence[frame] != name:
                continue
            for person in gt_3d[frame]:
                nearest, shortest = None, 250.0
                for guess in pred_3d[frame]:
                    error = np.linalg.norm(procrustes(guess, person) - person, axis=1).mean()
                    if error <= shortest:
                        nearest, shortest = guess, error
                people.append(_ported_errors(nearest, person))
        per_sequence.append([curve[0] for curve in group_scores(people, [150])])
    return np.mean(per_sequence, axis=0)


def _ported_errors(pred: np.ndarray | None, gt: np.ndarray) -> list[float]:
    if pred is None:
        return [MISSED] * 17
    guess, person = centred(pred.tolist()), centred(gt.tolist())
    mapped = with_bones_of(guess, person, ported=True)
    return [distance(one, other) for one, other in zip(mapped, person, strict=True)]


def joint_f1(pred: list, gt: list, radius: float) -> np.ndarray:
    """(F,) F1 of each frame's joints by LoCO's rule; ``pred`` and ``gt``: frames of people of 14 joints."""
    scores = []
    for guesses, people in zip(pred, gt, strict=True):
        found = sum(_found_of_kind([p[k] for p in guesses], [p[k] for p in people], radius) for k in range(14))
        total = 14 * (len(guesses) + len(people))
        scores.append(2 * found / total if total else 1.0)
    return np.array(scores)


def _found_of_kind(guesses: list, joints: list, radius: float) -> int:
    """How many joints of one type are found: each asks its nearest guess, and a guess takes the nearest that asks."""
    asked = {}
    for joint in joints:
        nearest, shortest = -1, math.inf
        for index, guess in enumerate(guesses):
            length = distance(joint, guess)
            if length < shortest:
                nearest, shortest = index, length
        if shortest <= radius:
            asked[nearest] = min(shortest, asked.get(nearest, math.inf))
    return len(asked)

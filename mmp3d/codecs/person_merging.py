"""People found through several boxes of one image, each kept once: OKS-NMS that spares people who really overlap.

A box shows its own person best, the others at its border and cut off. So the boxes' own people come first, and of the
others those stay who are none of these.

Shapes: N people, K = 17 MuPoTS joints. Pixels of the full image.
"""

from __future__ import annotations

import numpy as np
from mmengine.structures import InstanceData
from mmpose.evaluation.functional.nms import oks_iou

from mmp3d.codecs.own_person import box_overlaps
from mmp3d.geometry import MUPOTS17
from mmp3d.geometry.boxes import joint_extents

# Fewer joints in common say little; someone of whom fewer were found is compared by all of theirs.
MIN_SHARED_JOINTS = 3
# The end of COCO's class of small things, px^2. Joints of smaller people, and of those of whom one or two joints were
# found, are no more exact.
LEAST_AREA = 32.0**2
THRESHOLD, SAME_BOX_THRESHOLD = 0.85, 0.95
# The same for those who are not the own person of their box: what of them the crop shows is less exact.
OTHERS_THRESHOLD = 0.5
# Share of the extents' overlap (IoU) above which one of the others is the own person of another box.
SAME_EXTENT = 0.3


def merge_people(
    people: InstanceData,
    box_ids: np.ndarray,
    threshold: float = THRESHOLD,
    same_box_threshold: float = SAME_BOX_THRESHOLD,
) -> InstanceData:
    """Keep one of those that are the same person: the box's own person, else the one with the greatest sum of scores.

    A missing joint has the score 0, so that the sum prefers the surer and the more complete one. Similarity is the OKS
    over the joints that both have. Within one box the tags have told people apart already, hence the higher threshold.
    The first person of each box is its own. One of the others is left out, too, where its joints' extent is that of
    another box's own person.

    Args:
        people: ``keypoints`` (N, K, 2) px and ``keypoint_scores`` (N, K); 0 or a place that is not finite marks a joint
            that was not found. Any other fields.
        box_ids: (N,) the box through which each was found.
        threshold: OKS above which people of different boxes are one, for those who are not their box's own from 0.5 on;
            1: nobody is.
        same_box_threshold: The same for people of one box.

    Returns:
        The kept people: the boxes' own ones, then the others, each the greatest sum of scores first. People without any
        joint are dropped.

    Raises:
        ValueError: ``box_ids`` is not one number a person, or the joints are not MuPoTS-17.
    """
    box_ids = np.asarray(box_ids)
    if box_ids.shape != (len(people),):
        raise ValueError(f'box_ids: expected one a person, ({len(people)},), got shape {box_ids.shape}')
    if not len(people):
        return people
    keypoints, scores = _found(people)
    own = np.zeros(len(people), bool)
    own[np.unique(box_ids, return_index=True)[1]] = True
    order = np.lexsort([-scores.sum(axis=1), ~own])
    order = order[(scores[order] > 0).any(axis=1)]
    limits = np.where(own | (threshold >= 1), threshold, min(threshold, OTHERS_THRESHOLD))
    again = _seen_again(keypoints, scores, own, box_ids) if threshold < 1 else np.zeros(len(people), bool)
    order = order[~again[order]]
    kept = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(best)
        limit = np.where(box_ids[rest] == box_ids[best], same_box_threshold, limits[rest])
        order = rest[person_similarity(keypoints, scores, best, rest) <= limit]
    return people[np.array(kept, np.int64)]


def person_similarity(keypoints: np.ndarray, scores: np.ndarray, person: int, others: np.ndarray) -> np.ndarray:
    """(M,) OKS of one person with M others over the joints that both have; 0 where these are too few to tell.

    Args:
        keypoints: (N, K, 2) px, finite.
        scores: (N, K); 0 marks a joint that was not found.
        person: Index of the one.
        others: (M,) indices.
    """
    extents = joint_extents(keypoints, scores)
    areas = np.maximum(np.prod(extents[:, 2:] - extents[:, :2], axis=1), LEAST_AREA)
    # A part of a person is small, but its joints are no more exact than those of the whole.
    areas = np.maximum(areas, areas[person])
    marks = np.concatenate([keypoints, scores[..., None]], axis=-1).reshape(len(keypoints), -1)
    similarity = oks_iou(marks[person], marks[others], areas[person], areas[others], MUPOTS17.sigmas, vis_thr=0)
    shared = ((scores[others] > 0) & (scores[person] > 0)).sum(axis=1)
    fewest = np.minimum((scores[others] > 0).sum(axis=1), (scores[person] > 0).sum())
    return np.where(shared >= np.minimum(fewest, MIN_SHARED_JOINTS), similarity, 0)


def _seen_again(keypoints: np.ndarray, scores: np.ndarray, own: np.ndarray, box_ids: np.ndarray) -> np.ndarray:
    """(N,) whether one of the others of a box has the extent of another box's own person."""
    extents = joint_extents(keypoints, scores)
    again = np.zeros(len(own), bool)
    for number in np.flatnonzero(own & (scores > 0).any(axis=1)):
        again |= ~own & (box_ids != box_ids[number]) & (box_overlaps(extents, extents[number]) > SAME_EXTENT)
    return again


def _found(people: InstanceData) -> tuple[np.ndarray, np.ndarray]:
    """Joints and scores with every joint that is nowhere at 0 and of score 0."""
    keypoints = np.asarray(people.keypoints, np.float64)
    if keypoints.shape[1:] != (MUPOTS17.num_joints, 2):
        raise ValueError(f'keypoints: expected (N, {MUPOTS17.num_joints}, 2) MuPoTS joints, got {keypoints.shape}')
    finite = np.isfinite(keypoints).all(axis=-1)
    return np.where(finite[..., None], keypoints, 0), np.where(finite, people.keypoint_scores, 0)

"""Mistakes in data that no single number gives away and that would only make every score zero.

Shapes: N people of one image. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.geometry import MUPOTS17

MM_PER_METRE = 1000.0
# A depth may be wrong by this factor and still tell metres from millimetres.
UNIT_FACTOR = 2.0
# Share of the images that must agree: what a network guesses at random does not.
UNIT_AGREEMENT = 0.9
# Pixels that lie in [-1, 1] are image coordinates scaled to the image's size.
LARGEST_NORMALISED = 1.5
DUPLICATES_SHOWN = 3


def check_records(records: Sequence[PeopleRecord]) -> None:
    """Run the checks that need predictions and annotations side by side, as far as the records have the fields.

    Raises:
        ValueError: Units are mixed up, pixels are scaled to the image, or two annotated people share a track id.
    """
    depths = [(_root_depths(record), record.gt['keypoints_cam'][:, MUPOTS17.root_index, 2]) for record in records]
    check_depth_units([pred for pred, _ in depths], [gt for _, gt in depths])
    if all('keypoints' in record.pred for record in records):
        check_pixels([record.pred['keypoints'] for record in records], [record.gt['keypoints'] for record in records])
    # What several predictions of one track mean is for the metrics that read tracks to say.
    for record in records:
        check_track_ids(record.gt['track_ids'], f'image {record.img_id}: annotated people')


def check_depth_units(pred_depths: Sequence[np.ndarray], gt_depths: Sequence[np.ndarray]) -> None:
    """See that predicted and annotated depths are in the same unit.

    An image speaks for a mistake if the median of its predicted depths is a thousand times the median of its
    annotated ones, or a thousandth, up to a factor of 2. Nine in ten images must agree.

    Args:
        pred_depths: (N,) mm of each image's predicted people; an image with nobody on one side has no say.
        gt_depths: (N,) mm of each image's annotated people.

    Raises:
        ValueError: One of them is in metres.
    """
    pairs = ((pred[np.isfinite(pred)], gt[gt > 0]) for pred, gt in zip(pred_depths, gt_depths, strict=True))
    medians = np.array([(np.median(pred), np.median(gt)) for pred, gt in pairs if len(pred) and len(gt)]).reshape(-1, 2)
    if not len(medians):
        return
    ratios = medians[:, 0] / medians[:, 1]
    for ratio, metres in ((1 / MM_PER_METRE, 'predictions'), (MM_PER_METRE, 'annotations')):
        agree = (ratios > ratio / UNIT_FACTOR) & (ratios < ratio * UNIT_FACTOR)
        if agree.mean() >= UNIT_AGREEMENT:
            pred, gt = np.median(medians, axis=0)
            raise ValueError(
                f'the {metres} seem to be in metres, expected millimetres: depth of predicted people {pred:.4g}, of '
                f'annotated people {gt:.4g} (medians of {len(medians)} images); see docs/protocols.md'
            )


def check_pixels(pred: Sequence[np.ndarray], gt: Sequence[np.ndarray]) -> None:
    """See that predicted 2D joints are in pixels of the full image, not scaled to its size.

    Args:
        pred: (N, K, 2) of each image's predicted people; joints at exactly (0, 0) count as not found.
        gt: (N, K, 2) px of each image's annotated people.

    Raises:
        ValueError: No predicted coordinate of any image is larger than 1.5, and annotated ones are.
    """
    largest_pred, largest_gt = (
        max((float(np.abs(people[np.isfinite(people)]).max(initial=0)) for people in images), default=0.0)
        for images in (pred, gt)
    )
    if 0 < largest_pred <= LARGEST_NORMALISED < largest_gt:
        raise ValueError(
            f'predicted keypoints seem to be scaled to the image (largest coordinate {largest_pred:.4g}, annotated '
            f'{largest_gt:.4g}), expected pixels of the full image; see docs/protocols.md'
        )


def check_track_ids(track_ids: Sequence[int], where: str) -> None:
    """See that no two people of an image are the same track; negative ids mean no track and may repeat.

    Raises:
        ValueError: Two are; the message starts with ``where``.
    """
    ids, counts = np.unique(np.asarray(track_ids, np.int64), return_counts=True)
    twice = ids[(counts > 1) & (ids >= 0)]
    if len(twice):
        raise ValueError(f'{where} share track ids {_some(twice)}, expected one of their own each, or -1')


def check_image_ids(img_ids: Sequence[int]) -> None:
    """See that no image counts twice; negative numbers mean an unknown image and may repeat.

    Raises:
        ValueError: One does.
    """
    ids, counts = np.unique(np.asarray(img_ids, np.int64), return_counts=True)
    twice = ids[(counts > 1) & (ids >= 0)]
    if len(twice):
        raise ValueError(f'{len(twice)} images were tested more than once: img_id {_some(twice)}; expected a number '
                         'of its own for every image of the data set')  # fmt: skip


def _root_depths(record: PeopleRecord) -> np.ndarray:
    """(N,) depth of the predicted people's roots; nobody where the record has no 3D prediction."""
    if 'root_cam' in record.pred:
        return record.pred['root_cam'][:, 2]
    if 'keypoints_cam' in record.pred:
        return record.pred['keypoints_cam'][:, MUPOTS17.root_index, 2]
    return np.zeros(0)


def _some(numbers: np.ndarray) -> str:
    return ', '.join(map(str, numbers[:DUPLICATES_SHOWN])) + (', ...' if len(numbers) > DUPLICATES_SHOWN else '')

"""Mistakes in data that no single number gives away and that would only make every score zero.

Of every image four numbers are kept, so that the checks see the whole set, whatever ranks and chunks it is tested in.

Shapes: F images. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmp3d.evaluation.people_record import ROOT, PeopleRecord

MM_PER_METRE = 1000.0
# A depth may be wrong by this factor and still tell metres from millimetres.
UNIT_FACTOR = 2.0
# Share of the images that must agree: what a network guesses at random does not.
UNIT_AGREEMENT = 0.9
# Pixels that lie in [-1, 1] are image coordinates scaled to the image's size.
LARGEST_NORMALISED = 1.5
# A sequence is checked by itself if so many of its images have a say.
FEWEST_IMAGES = 10
DUPLICATES_SHOWN = 3


def extents_of(records: Sequence[PeopleRecord]) -> np.ndarray:
    """What the checks of :func:`check_extents` need to know of each image.

    Returns:
        (F, 4) median depth of the predicted people's roots and of the annotated ones', mm, and largest coordinate of
        predicted joints and of annotated ones, px; NaN where there is nobody, or no such prediction.
    """
    gt_depths = [record.gt['keypoints_cam'][:, ROOT, 2] for record in records]
    columns = [
        _medians(list(map(_root_depths, records)), -np.inf),
        _medians(gt_depths, 0.0),
        _largest([record.pred.get('keypoints', record.gt['keypoints'][:0]) for record in records]),
        _largest([record.gt['keypoints'] for record in records]),
    ]
    return np.stack(columns, axis=-1)


def check_extents(extents: np.ndarray, sequences: Sequence[str]) -> None:
    """See that predictions and annotations have the same units, in the whole set and in every sequence of some length.

    Args:
        extents: (F, 4), see :func:`extents_of`.
        sequences: F names.

    Raises:
        ValueError: Depths are in metres on one side, or pixels are scaled to the image.
    """
    _check_extents(extents, 'the')
    names = {name: number for number, name in enumerate(dict.fromkeys(sequences))}
    numbers = np.array([names[name] for name in sequences], int)
    # An image has a say if somebody is annotated in it and somebody predicted.
    telling = np.isfinite(extents[:, 1]) & np.isfinite(extents[:, [0, 2]]).any(axis=1)
    counts = np.bincount(numbers[telling], minlength=len(names))
    for name, number in names.items():
        if counts[number] >= FEWEST_IMAGES:
            _check_extents(extents[numbers == number], f'sequence {str(name)!r}: the')


def check_depth_units(pred: np.ndarray, gt: np.ndarray, whose: str) -> None:
    """See that predicted and annotated depths are in the same unit.

    An image speaks for a mistake if its predicted depth is a thousand times the annotated one, or a thousandth, up to a
    factor of 2. Nine in ten images must agree.

    Args:
        pred: (F,) mm; an image that is NaN on one side has no say.
        gt: (F,) mm.
        whose: Start of the message.

    Raises:
        ValueError: One of them is in metres.
    """
    known = np.isfinite(pred) & np.isfinite(gt)
    if not known.any():
        return
    pred, gt = pred[known], gt[known]
    ratios = pred / gt
    for ratio, metres in ((1 / MM_PER_METRE, 'predictions'), (MM_PER_METRE, 'annotations')):
        agree = (ratios > ratio / UNIT_FACTOR) & (ratios < ratio * UNIT_FACTOR)
        if agree.mean() >= UNIT_AGREEMENT:
            raise ValueError(
                f'{whose} {metres} seem to be in metres, expected millimetres: depth of predicted people '
                f'{np.median(pred):.4g}, of annotated people {np.median(gt):.4g} (medians of {len(pred)} images); see '
                'docs/protocols.md'
            )


def check_pixels(pred: np.ndarray, gt: np.ndarray, whose: str) -> None:
    """See that predicted 2D joints are in pixels of the full image, not scaled to its size.

    Args:
        pred: (F,) largest coordinate of an image; 0 counts as not found, NaN as nobody.
        gt: (F,) px.
        whose: Start of the message.

    Raises:
        ValueError: No predicted coordinate of any image is larger than 1.5, and annotated ones are.
    """
    largest_pred, largest_gt = (np.fmax.reduce(extents, initial=0.0) for extents in (pred, gt))
    if 0 < largest_pred <= LARGEST_NORMALISED < largest_gt:
        raise ValueError(
            f'{whose} predicted keypoints seem to be scaled to the image (largest coordinate {largest_pred:.4g}, '
            f'annotated {largest_gt:.4g}), expected pixels of the full image; see docs/protocols.md'
        )


def check_track_ids(records: Sequence[PeopleRecord]) -> None:
    """See that no two annotated people of an image are the same track; negative ids mean no track and may repeat.

    What several predictions of one track mean is for the metrics that read tracks to say.

    Raises:
        ValueError: Two are; the message names the first such image.
    """
    ids = np.concatenate([np.zeros(0, np.int64), *(record.gt['track_ids'] for record in records)])
    image = np.repeat(np.arange(len(records)), [len(record.gt['track_ids']) for record in records])
    order = np.lexsort((ids, image))
    ids, image = ids[order], image[order]
    twice = (ids[1:] == ids[:-1]) & (image[1:] == image[:-1]) & (ids[1:] >= 0)
    if twice.any():
        first = image[1:][twice][0]
        shared = np.unique(ids[1:][twice & (image[1:] == first)])
        raise ValueError(
            f'image {records[first].img_id}: annotated people share track ids {_some(shared)}, expected one of their '
            'own each, or -1'
        )


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


def _check_extents(extents: np.ndarray, whose: str) -> None:
    pred_depth, gt_depth, pred_pixel, gt_pixel = extents.T
    check_depth_units(pred_depth, gt_depth, whose)
    check_pixels(pred_pixel, gt_pixel, whose)


def _root_depths(record: PeopleRecord) -> np.ndarray:
    """(N,) depth of the predicted people's roots; nobody where the record has no 3D prediction."""
    if 'root_cam' in record.pred:
        return record.pred['root_cam'][:, 2]
    if 'keypoints_cam' in record.pred:
        return record.pred['keypoints_cam'][:, ROOT, 2]
    return np.zeros(0)


def _medians(images: Sequence[np.ndarray], above: float) -> np.ndarray:
    """(F,) median (of two in the middle the lower) of each image's finite numbers above a limit; NaN if none is."""
    numbers = np.concatenate(images)
    image = np.repeat(np.arange(len(images)), list(map(len, images)))
    usable = np.isfinite(numbers) & (numbers > above)
    numbers, image = numbers[usable], image[usable]
    ranked = numbers[np.lexsort((numbers, image))]
    counts = np.bincount(image, minlength=len(images))
    known = counts > 0
    medians = np.full(len(images), np.nan)
    medians[known] = ranked[(np.cumsum(counts) - counts + (counts - 1) // 2)[known]]
    return medians


def _largest(images: Sequence[np.ndarray]) -> np.ndarray:
    """(F,) largest finite coordinate, without sign, of each image's (N, K, 2) joints; NaN if there is none."""
    coordinates = np.abs(np.concatenate(images))
    of_people = np.fmax.reduce(np.where(np.isfinite(coordinates), coordinates, np.nan), axis=(1, 2))
    largest = np.full(len(images), np.nan)
    np.fmax.at(largest, np.repeat(np.arange(len(images)), list(map(len, images))), of_people)
    return largest


def _some(numbers: np.ndarray) -> str:
    return ', '.join(map(str, numbers[:DUPLICATES_SHOWN])) + (', ...' if len(numbers) > DUPLICATES_SHOWN else '')

"""Read annotation files laid out as COCO's: ``images`` and ``annotations`` that refer to them by ``image_id``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mmp3d.datasets.columns import Columns, Field
from mmp3d.datasets.json_arrays import read_json_arrays

IMAGE_FIELDS = {
    'id': Field((), np.int64),
    'file_name': Field((), bytes),
    'width': Field((), np.int64),
    'height': Field((), np.int64),
}
MAX_IMAGE_SIDE = 1 << 16


class CocoTable(NamedTuple):
    """Columns of I images and P annotations, the latter sorted by image.

    ``image_rows`` (P,) is each annotation's image row, ``offsets`` (I + 1,) the first annotation of each image, and
    ``order`` (P,) each annotation's place in the file.
    """

    images: dict[str, np.ndarray]
    annotations: dict[str, np.ndarray]
    image_rows: np.ndarray
    offsets: np.ndarray
    order: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """(I, 2) width and height."""
        return np.stack([self.images['width'], self.images['height']], axis=1)


def read_coco_table(
    path: str | Path,
    image_fields: dict[str, Field],
    annotation_fields: dict[str, Field],
    also: Callable[[list[Any]], None] | None = None,
) -> CocoTable:
    """Read the columns of such a file.

    Args:
        path: JSON file.
        image_fields: Fields of an image beside id, file_name, width and height.
        annotation_fields: Fields of an annotation beside image_id.
        also: Called with each chunk of annotations, in the file's order, after it has been checked.

    Raises:
        ValueError: Names the file, the record and the field that is not as expected.
    """
    images = Columns(path, 'images', {**IMAGE_FIELDS, **image_fields})
    annotations = Columns(path, 'annotations', {'image_id': Field((), np.int64), **annotation_fields})

    def take_annotations(records: list[Any]) -> None:
        annotations.add(records)
        if also is not None:
            also(records)

    read_json_arrays(path, {'images': images.add, 'annotations': take_annotations})
    image_columns, columns = images.take(), annotations.take()
    _check_images(path, image_columns)
    rows = _image_rows(path, image_columns['id'], columns['image_id'])
    order = np.argsort(rows, kind='stable')
    if not np.array_equal(order, np.arange(len(order))):
        for name in columns:
            columns[name] = columns[name][order]
        rows = rows[order]
    offsets = np.searchsorted(rows, np.arange(len(image_columns['id']) + 1))
    return CocoTable(image_columns, columns, rows, offsets, order)


def xywh_to_xyxy(boxes: np.ndarray) -> np.ndarray:
    """(..., 4) left, top, width, height to left, top, right, bottom."""
    return np.concatenate([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], axis=-1)


def folders_of(file_names: np.ndarray) -> np.ndarray:
    """(I,) UTF-8 bytes: the folder part of each relative file name, '' where there is none."""
    return np.array([name.rpartition(b'/')[0] for name in file_names.tolist()], dtype=np.bytes_)


def check_intrinsics(path: str | Path, field: str, intrinsics: np.ndarray) -> None:
    """Check the cameras of all images.

    Args:
        path: The file, for the message.
        field: Where it has them, for the message.
        intrinsics: (I, 4) fx, fy, cx, cy px.

    Raises:
        ValueError: One is not finite, or a focal length not positive; names the image.
    """
    wrong = ~np.isfinite(intrinsics).all(axis=1) | (intrinsics[:, :2] <= 0).any(axis=1)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f'{path}: images[{row}]: field "{field}" must hold finite fx, fy, cx, cy with positive fx and fy, '
            f'got {intrinsics[row].tolist()}'
        )


def _check_images(path: str | Path, images: dict[str, np.ndarray]) -> None:
    unique, counts = np.unique(images['id'], return_counts=True)
    if len(unique) != len(images['id']):
        raise ValueError(f'{path}: images: the id {unique[counts > 1][0]} occurs twice')
    for name in ('width', 'height'):
        wrong = (images[name] < 1) | (images[name] > MAX_IMAGE_SIDE)
        if wrong.any():
            raise ValueError(
                f'{path}: images[{wrong.argmax()}]: field {name!r} must be 1 to {MAX_IMAGE_SIDE}, '
                f'got {images[name][wrong][0]}'
            )


def _image_rows(path: str | Path, ids: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    order = np.argsort(ids)
    at = np.minimum(np.searchsorted(ids[order], wanted), max(len(ids) - 1, 0))
    rows = order[at] if len(ids) else at
    unknown = ids[rows] != wanted if len(ids) else np.ones(len(wanted), bool)
    if unknown.any():
        first = int(unknown.argmax())
        raise ValueError(f'{path}: annotations[{first}]: image_id {wanted[first]} is the id of none of the images')
    return rows

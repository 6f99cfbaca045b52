"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from scipy.io import savemat

JPEG_QUALITY = 92


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder and move it to ``path`` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f'.part-{os.getpid()}-{path.name}')
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def remove_parts(folder: Path) -> None:
    """Remove what processes left in a folder that were killed in the midst of writing a file."""
    for part in folder.rglob('.part-*'):
        part.unlink(missing_ok=True)


def write_json(path: Path, content: dict | list) -> None:
    with replacing(path) as part:
        part.write_text(json.dumps(content), encoding='utf-8')


def write_coco_json(
    path: Path, units: list[dict], category: dict | None = None, first_id: int = 0, **extra: object
) -> None:
    """Write the records of all units as a file with COCO's lists, the annotations numbered through.

    Args:
        path: JSON file.
        units: Each with ``annotations``, and ``image`` or a list ``images``.
        category: Record of the only category; None for a person's without joint names.
        first_id: Number of the first annotation.
        **extra: More entries of the file.
    """
    images = [image for unit in units for image in (unit['images'] if 'images' in unit else [unit['image']])]
    records = [record for unit in units for record in unit['annotations']]
    annotations = [{**record, 'id': number} for number, record in enumerate(records, first_id)]
    categories = [category or dict(id=1, name='person', supercategory='person')]
    write_json(path, dict(images=images, annotations=annotations, categories=categories, **extra))


def write_jpeg(path: Path, picture: np.ndarray) -> None:
    """Write a (H, W, 3) BGR uint8 picture."""
    _, encoded = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    with replacing(path) as part:
        part.write_bytes(encoded.tobytes())


def write_mat(path: Path, **variables: np.ndarray) -> None:
    """Write variables as a MATLAB v5 file."""
    with replacing(path) as part, part.open('wb') as stream:
        savemat(stream, variables, do_compression=True)

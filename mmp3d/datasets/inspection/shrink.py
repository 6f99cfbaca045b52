"""Copies of a data set's pictures at half of their size or less, which training reads in a fraction of the time."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
from tqdm import tqdm

from mmp3d.datasets.image_file import image_size, largest_reduction, read_image
from mmp3d.datasets.inspection.catalogue import open_split
from mmp3d.side_names import side_name

# What is decoded from a JPEG and averaged loses hardly anything at this quality.
QUALITY = 95
SHRUNK, COPIED, KEPT = 'shrunk', 'copied', 'there already'


def shrink_images(
    name: str,
    root: str | Path,
    split: str,
    out: str | Path,
    least_side: int,
    ann_file: str | None = None,
    workers: int | None = None,
    bar: Callable[..., Iterable] = tqdm,
) -> Counter[str]:
    """Write a copy of each picture of a split, by the same names, for ``LoadMultiPersonImage(least_side=...)``.

    JPEGs are shrunk as that transform shrinks them; others, and what cannot be read, are copied as they are. A copy
    appears when it is complete and is not written again, so that the same call goes on after an interruption.

    Args:
        name: Key of :data:`~mmp3d.datasets.inspection.catalogue.RELEASES`.
        root: Folder of the data set.
        split: One of its splits.
        out: Folder of the copies, to be the data set's ``data_prefix``.
        least_side: Pixels that the shorter side keeps at least.
        ann_file: Annotation file or folder in place of the class's default.
        workers: Pictures at a time; None: as many as there are processors.
        bar: Progress bar around the pictures.

    Returns:
        How many pictures were shrunk, copied as they are, and there already.

    Raises:
        FileNotFoundError: The split is not there.
        ValueError: ``out`` is the folder of the pictures, or ``least_side`` is not positive.
    """
    if least_side < 1:
        raise ValueError(f'--least-side must be a positive number of pixels, got {least_side}')
    dataset = open_split(name, root, split, ann_file)
    source, images = Path(dataset.data_prefix['img']), dataset.annotations.images
    if Path(out).resolve() == source.resolve():
        raise ValueError(f'--out must be another folder than that of the pictures, {source}')
    names = [images.name(row) for row in range(len(images))]
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        done = pool.map(lambda each: shrink_image(source / each, Path(out) / each, least_side), names)
        return Counter(bar(done, desc='pictures', total=len(names)))


def shrink_image(path: Path, out: Path, least_side: int) -> str:
    """Write the copy of one picture; what became of it.

    Raises:
        FileNotFoundError: The picture is not there.
    """
    if out.exists():
        return KEPT
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f'.part-{side_name(out.name)}')
    content = _shrunk(path, least_side)
    if content is None:
        shutil.copyfile(path, part)
    else:
        part.write_bytes(content)
    part.replace(out)
    return COPIED if content is None else SHRUNK


def _shrunk(path: Path, least_side: int) -> bytes | None:
    """The shrunk JPEG; None where the picture stays as it is."""
    size = image_size(path)
    if path.suffix.lower() not in ('.jpg', '.jpeg') or size is None or largest_reduction(size, least_side) == 1:
        return None
    try:
        image = read_image(path, size[::-1], least_side)
    except ValueError:
        # Damaged or turned: training says so, of the copy as of the original.
        return None
    return cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()

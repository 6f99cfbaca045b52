"""Which of a data set's image files are there, and which of them can be read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np

from mmp3d.datasets.base import MultiPersonDataset
from mmp3d.datasets.image_file import read_image

SUBMITTED_AT_ONCE = 1024
Result = TypeVar('Result')


def image_path(dataset: MultiPersonDataset, row: int) -> str:
    """Path of the image at a row of the annotations."""
    return os.path.join(dataset.data_prefix['img'], dataset.annotations.images.name(row))


def spread_rows(rows: Sequence[int], wanted: int | None) -> list[int]:
    """``wanted`` of some rows, evenly from the first to the last; all for None."""
    if wanted is None or wanted >= len(rows):
        return list(rows)
    return [rows[place] for place in np.linspace(0, len(rows) - 1, wanted).round().astype(int)]


def missing_rows(dataset: MultiPersonDataset, rows: Iterable[int]) -> list[int]:
    """Those of some rows whose image file does not exist."""
    return [row for row in rows if not os.path.isfile(image_path(dataset, row))]


def unreadable_images(dataset: MultiPersonDataset, rows: Sequence[int], workers: int) -> Iterator[str | None]:
    """Read images in several threads; for each row None or what is wrong with its image, in order."""
    sizes = dataset.annotations.images.sizes

    def problem(row: int) -> str | None:
        width, height = sizes[row].tolist()
        try:
            read_image(image_path(dataset, row), (height, width))
        except ValueError as error:
            return str(error)
        return None

    yield from _in_threads(problem, rows, workers)


def _in_threads(task: Callable[[int], Result], rows: Iterable[int], workers: int) -> Iterator[Result]:
    # `map` of the pool takes all of its input at once; a data set may have a million images.
    rows = iter(rows)
    with ThreadPoolExecutor(workers) as pool:
        while batch := list(islice(rows, SUBMITTED_AT_ONCE)):
            yield from pool.map(task, batch)

"""Annotations of a data set that comes as several files, each of which stays an array (or memory map) of its own.

Shapes: I images of all parts, K = 17 joints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from mmp3d.datasets.table import Annotations, ImageTable


class JoinedAnnotations:
    """Parts behind each other, with what a data set asks of :class:`~mmp3d.datasets.table.Annotations`.

    The rows of the images are copied into one table; people, who make up nearly all of the memory, are not.

    Args:
        parts: At least one.
    """

    def __init__(self, parts: Sequence[Annotations]) -> None:
        self._parts = list(parts)
        self._starts = np.concatenate([[0], np.cumsum([len(part.images) for part in self._parts])])
        self.images = _joined_images([part.images for part in self._parts])

    def __deepcopy__(self, memo: dict) -> JoinedAnnotations:
        # The tables are never written to; subsets of a data set share them.
        return self

    @property
    def joints_annotated(self) -> np.ndarray:
        """(K,) 1 for joints that this data set annotates at all."""
        return self._parts[0].joints_annotated

    def has_people(self) -> np.ndarray:
        """(I,) bool: somebody in the image has a labelled joint."""
        return np.concatenate([part.has_people() for part in self._parts])

    def identity_defects(self) -> tuple[np.ndarray, np.ndarray]:
        """(I,) bool: somebody in the image has no identity; and: two people in it have the same."""
        unknown, shared = zip(*(part.identity_defects() for part in self._parts), strict=True)
        return np.concatenate(unknown), np.concatenate(shared)

    def item(self, index: int) -> dict[str, Any]:
        """One image with all its people, as the data contract has it (without the data set's own fields)."""
        number, row = self._place(index)
        return {**self._parts[number].item(row), 'id': index}

    def _place(self, index: int) -> tuple[int, int]:
        number = int(np.searchsorted(self._starts, index, side='right')) - 1
        return number, index - int(self._starts[number])


def _joined_images(tables: Sequence[ImageTable]) -> ImageTable:
    first = tables[0]
    columns = {}
    for column in fields(ImageTable):
        value = getattr(first, column.name)
        if isinstance(value, np.ndarray):
            value = np.concatenate([getattr(table, column.name) for table in tables])
        columns[column.name] = value
    columns['labels'] = {name: np.concatenate([table.labels[name] for table in tables]) for name in first.labels}
    return ImageTable(**columns)

"""Parse a data set's annotations once and leave them where every later run maps them into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from tqdm import tqdm

from mmp3d.datasets.inspection.catalogue import open_split, release_of


def convert_annotations(
    name: str,
    root: str | Path,
    splits: Iterable[str] | None = None,
    ann_file: str | None = None,
    out: str | Path | None = None,
    bar: Callable[..., Iterable] = tqdm,
) -> dict[str, int]:
    """Fill the annotation cache; what is there already is kept, so that the same call goes on after an interruption.

    Files below 1 MB are parsed in a moment each time and leave nothing.

    Args:
        name: Key of :data:`~mmp3d.datasets.inspection.catalogue.RELEASES`.
        root: Folder of the data set.
        splits: Splits to parse; None: those that are there.
        ann_file: Annotation file or folder in place of the class's default.
        out: Folder of the cache, the data set's ``annotation_cache``; None: its default, inside of ``root``.
        bar: Progress bar around the splits.

    Returns:
        Number of images of each split.

    Raises:
        FileNotFoundError: A named split, or all of them, are not there.
        ValueError: A file is damaged; names it.
    """
    cache = True if out is None else str(out)
    wanted = list(splits or release_of(name).splits)
    counts: dict[str, int] = {}
    absent: FileNotFoundError | None = None
    for split in bar(wanted, desc='annotations', total=len(wanted)):
        try:
            dataset = open_split(name, root, split, ann_file, needs_images=False, annotation_cache=cache)
        except FileNotFoundError as error:
            if splits:
                raise
            absent = error
            continue
        counts[split] = len(dataset.annotations.images)
    if not counts and absent is not None:
        raise absent
    return counts

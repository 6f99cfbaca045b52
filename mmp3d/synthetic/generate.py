"""Writes a whole synthetic data set unit by unit, in several processes, and goes on where it was interrupted.

A unit is one picture (muco, coco) or one sequence (the others); it depends on the recipe and its own number alone. Its
records wait in ``.records`` until all units are there, then the annotation files are written in one go.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2

from mmp3d.synthetic import coco, h36m, jta, muco, mupots, pw3d
from mmp3d.synthetic.files import remove_parts, write_json
from mmp3d.synthetic.motion_library import find_recordings
from mmp3d.synthetic.recipe import SEQUENCES, Recipe, claim_folder

WRITERS = {'3dpw': pw3d, 'coco': coco, 'h36m': h36m, 'jta': jta, 'muco': muco, 'mupots': mupots}
RECORD_FOLDER = '.records'
_PICTURES_A_CHUNK = 50


def generate(recipe: Recipe, folder: Path, workers: int = 1, report: Callable[[int, int], None] | None = None) -> Path:
    """Write the data set of ``recipe`` into ``folder``, or complete it.

    Args:
        recipe: What to write.
        folder: New, empty, or begun with the same recipe.
        workers: Number of processes.
        report: Called with the pictures written (or found) so far and the pictures in all.

    Returns:
        The path of the annotation file (coco: the one for training; formats with a file a sequence: the first).

    Raises:
        ValueError: The folder belongs to something else.
        FileNotFoundError: The recipe's folder of motions does not exist or holds no BVH file.
    """
    folder = Path(folder)
    if recipe.motion:
        find_recordings(recipe.motion)
    claim_folder(folder, recipe)
    writer = WRITERS[recipe.format]
    annotation_files = [folder / name for name in writer.annotation_files(recipe)]
    report = report or (lambda done, total: None)
    if all(path.exists() for path in annotation_files):
        shutil.rmtree(folder / RECORD_FOLDER, ignore_errors=True)
        report(recipe.num_images, recipe.num_images)
        return annotation_files[0]
    remove_parts(folder)
    size = _chunk_size(recipe)
    chunks = range(0, recipe.units, size)
    done = 0
    for start in _run(partial(_write_chunk, recipe, folder), chunks, workers):
        done += (min(start + size, recipe.units) - start) * recipe.num_images // recipe.units
        report(done, recipe.num_images)
    units: list[dict] = [unit for start in chunks for unit in _read_chunk(folder, start) or []]
    writer.write_annotations(recipe, folder, units)
    shutil.rmtree(folder / RECORD_FOLDER)
    return annotation_files[0]


def _chunk_size(recipe: Recipe) -> int:
    return 1 if recipe.format in SEQUENCES else _PICTURES_A_CHUNK


def _run(task: Callable[[int], int], chunks: range, workers: int) -> Iterator[int]:
    if workers <= 1:
        yield from map(task, chunks)
        return
    with multiprocessing.get_context('spawn').Pool(min(workers, len(chunks))) as pool:
        yield from pool.imap_unordered(task, chunks)


def _write_chunk(recipe: Recipe, folder: Path, start: int) -> int:
    """Write the units of one chunk and their records, unless the records are there; returns ``start``."""
    if _read_chunk(folder, start) is None:
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        stop = min(start + _chunk_size(recipe), recipe.units)
        units = [WRITERS[recipe.format].write_unit(recipe, folder, index) for index in range(start, stop)]
        cv2.setNumThreads(threads)
        write_json(_record_path(folder, start), dict(units=units))
    return start


def _record_path(folder: Path, start: int) -> Path:
    return folder / RECORD_FOLDER / f'{start:08d}.json'


def _read_chunk(folder: Path, start: int) -> list[dict] | None:
    """The records of a chunk, None where it has not been written."""
    path = _record_path(folder, start)
    return json.loads(path.read_text(encoding='utf-8'))['units'] if path.exists() else None

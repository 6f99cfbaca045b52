"""Files of a clip by the end of their name: one for all people, or, in TRC and BVH, one a person."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from mmp3d.datasets.raw_file import check_data_file
from mmp3d.evaluation.predictions import iterate_predictions
from mmp3d.export.bvh_file import bvh_bytes, clip_from_bvh
from mmp3d.export.csv_file import clip_from_csv, csv_bytes
from mmp3d.export.html_page import page_bytes
from mmp3d.export.json_file import clip_from_json, json_bytes
from mmp3d.export.new_file import refuse_existing, write_new
from mmp3d.export.npz_file import clip_from_npz, npz_bytes
from mmp3d.export.people_clip import PeopleClip, clip_from_images, from_y_up
from mmp3d.export.rerun_file import require_rerun, rrd_bytes
from mmp3d.export.trc_file import clip_from_trc, trc_bytes

WHOLE = {'.json': json_bytes, '.npz': npz_bytes, '.csv': csv_bytes}
# These also show the video.
WITH_PICTURES = {'.html': page_bytes, '.rrd': rrd_bytes}
BY_PERSON = {'.trc': trc_bytes, '.bvh': lambda clip, name: bvh_bytes(clip)}
READERS = {
    '.json': lambda content, source: clip_from_json(content),
    '.npz': lambda content, source: clip_from_npz(content),
    '.csv': lambda content, source: clip_from_csv(content),
    '.trc': lambda content, source: clip_from_trc(content),
    '.bvh': clip_from_bvh,
}
# Ends the name of a file of one person; an id that no tracker gave is -1.
PERSON = r'_person(?P<id>-?\d+)'
WRITTEN = (*WHOLE, *BY_PERSON, *WITH_PICTURES)
FORMATS = tuple(suffix[1:] for suffix in WRITTEN)


def write_clip(
    path: str | Path, clip: PeopleClip, overwrite: bool = False, pictures: Sequence[tuple[int, bytes]] = ()
) -> list[Path]:
    """Write a clip in the format of the path's suffix.

    Args:
        path: ``.json``, ``.npz``, ``.csv``, ``.html``, ``.rrd``: this file. ``.trc``, ``.bvh``: one a person,
            ``<stem>_person<id>.trc``.
        clip: What to write.
        overwrite: Replace files that are there; in ``.trc`` and ``.bvh``, all people of the clip before.
        pictures: For ``.html`` and ``.rrd``: (frame, JPEG) of the video, see
            :class:`~mmp3d.export.html_page.PictureStrip`.

    Returns:
        The files written, each appearing when it is whole.

    Raises:
        ValueError: Unknown suffix, a file that exists, a folder in its place, a clip that the format cannot hold, or a
            format whose package is not installed; names the path.
        OSError: The folder cannot be written to.
    """
    path = Path(path)
    suffix = _known_suffix(path, WRITTEN)
    require_packages([path])
    if suffix in WITH_PICTURES:
        write_new(path, WITH_PICTURES[suffix](clip, pictures), overwrite)
        return [path]
    if suffix in WHOLE:
        write_new(path, WHOLE[suffix](clip), overwrite)
        return [path]
    paths = [path.with_name(f'{path.stem}_person{track_id}{path.suffix}') for track_id in clip.track_ids]
    refuse_existing(paths, overwrite)
    for row, target in enumerate(paths):
        write_new(target, BY_PERSON[suffix](clip.person(row), target.name), overwrite)
    if overwrite:
        # Whom the clip no longer has: the numbers would be taken for people of this clip.
        for stale in set(earlier_files(path)) - set(paths):
            stale.unlink()
    return paths


def longest_name(path: str | Path) -> Path:
    """The longest path that :func:`write_clip` writes for this one, of people with ids of up to four digits."""
    path = Path(path)
    return path.with_name(f'{path.stem}_person9999{path.suffix}') if path.suffix.lower() in BY_PERSON else path


def require_packages(paths: Sequence[str | Path]) -> None:
    """Raise ValueError that names path and remedy where the format of one of them needs a package that is missing."""
    for path in map(Path, paths):
        if path.suffix.lower() == '.rrd':
            try:
                require_rerun()
            except ValueError as error:
                raise ValueError(f'{path}: {error}') from error


def earlier_files(path: str | Path) -> list[Path]:
    """The files there that :func:`write_clip` may have written for this path."""
    path = Path(path)
    name = re.compile(written_names(path))
    there = path.parent.iterdir() if path.parent.is_dir() else ()
    return sorted(file for file in there if name.fullmatch(file.name) and file.is_file())


def written_names(path: Path) -> str:
    """Regular expression of the names of the files that :func:`write_clip` writes for this path."""
    return f'{re.escape(path.stem)}{written_ends(path)}'


def written_ends(path: Path) -> str:
    """Regular expression of what follows the path's stem in :func:`written_names`."""
    return (PERSON if path.suffix.lower() in BY_PERSON else '') + re.escape(path.suffix)


def read_clip(path: str | Path, fps: float | None = None, frame: str = 'camera') -> PeopleClip:
    """Read a clip.

    Args:
        path: A file that :func:`write_clip` wrote, or a prediction file (``.json`` of docs/predictions.md).
        fps: For a prediction file, which tells none.
        frame: For TRC and BVH, which do not say in which frame they are.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Names the file and what is not as expected.

    Examples:
        >>> import tempfile
        >>> points = np.zeros((1, 4, 17, 3)) + [0, 0, 3000]  # one person, four frames
        >>> clip = PeopleClip(points, np.ones((1, 4, 17)), np.array([3]), fps=25)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written = write_clip(f'{folder}/walk.json', clip) + write_clip(f'{folder}/walk.bvh', clip)
        ...     again = read_clip(f'{folder}/walk.json')
        >>> [path.name for path in written]
        ['walk.json', 'walk_person3.bvh']
        >>> again.positions.shape, again.fps
        ((1, 4, 17, 3), 25)
    """
    path = Path(path)
    suffix = _known_suffix(path, READERS)
    if not path.is_file():
        raise FileNotFoundError(f'no file at {path}; it must be one of {", ".join(FORMATS)}')
    if fps is not None and suffix == '.json':
        return clip_from_images(iterate_predictions(path), fps, path.stem)
    check_data_file(path)
    try:
        clip = READERS[suffix](path.read_bytes(), str(path))
    except (ValueError, TypeError, KeyError, OverflowError, MemoryError, RecursionError, csv.Error) as error:
        raise ValueError(f'{path}: {error}') from error
    if suffix not in BY_PERSON:
        return clip
    number = re.search(f'{PERSON}$', path.stem)
    points = from_y_up(clip.y_up(), frame)
    track_ids = np.array([int(number['id']) if number else 0])
    return clip.replaced(positions=points, frame=frame, track_ids=track_ids, seq_name=path.stem)


def _known_suffix(path: Path, known: Iterable[str]) -> str:
    suffix = path.suffix.lower()
    if suffix not in known:
        raise ValueError(f'{path}: the name must end in one of {" ".join(known)}')
    return suffix

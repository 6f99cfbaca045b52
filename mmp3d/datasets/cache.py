"""Annotations that were parsed once, in a file that the next run maps into memory.

The file is used only if it was made from the same source files by the same code with the same options.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

import mmp3d
from mmp3d.datasets.column_file import read_columns, read_header, write_columns
from mmp3d.datasets.report import recorded, warn, warn_once
from mmp3d.datasets.table import Annotations, ImageTable, PackedLists, PersonTable

FOLDER = '.mmp3d_cache'
SUFFIX = '.columns'
# What is smaller is parsed in a moment, and no folder is left in the user's data.
LEAST_BYTES = 1 << 20
# Files up to this size are hashed whole; of longer ones this many blocks of this size, and time and size.
WHOLE_BYTES = 1 << 22
BLOCKS, BLOCK_BYTES = 16, 1 << 16


def cached_annotations(
    folder: str | Path | None,
    name: str,
    sources: Sequence[str | Path],
    options: Mapping[str, Any],
    build: Callable[[], Annotations],
) -> Annotations:
    """Annotations from the cache, or built and left there for the next time.

    Safe with any number of processes: each writes a file of its own and moves it into place when it is whole. A file
    that is stale, damaged or of another version is built anew; a folder that cannot be written to is one warning. What
    ``build`` warned of is said again when the cache is read. Sources below 1 MB are parsed every time.

    Args:
        folder: Folder of the cache; None: no cache.
        name: What the annotations are of, part of the file's name.
        sources: Files that they are read from.
        options: All else that they depend on, JSON-ready.
        build: Reads them.
    """
    key = None if folder is None else _key(sources, options)
    if key is None:
        return build()
    path = Path(folder) / f'{_plain(name)}-{_digest(json.dumps(options, sort_keys=True))[:12]}{SUFFIX}'
    found = _read(path, key)
    if found is not None:
        return found
    with recorded() as notes:
        annotations = build()
    try:
        write_columns(path, {'key': key, 'notes': notes, **_remembered(annotations)}, _columns_of(annotations))
    except OSError as error:
        warn_once(f'{folder}: cannot keep parsed annotations ({error.strerror}); they are parsed in every run')
        return annotations
    # The mapped file in place of the arrays: its pages are shared with other processes and can be given up.
    return _read(path, key, quiet=True) or annotations


def _read(path: Path, key: str, quiet: bool = False) -> Annotations | None:
    try:
        remembered = read_header(path)
        if remembered['key'] != key:
            return None
        annotations = _annotations(remembered, read_columns(path))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    for note in () if quiet else remembered['notes']:
        warn(note)
    return annotations


def _key(sources: Sequence[str | Path], options: Mapping[str, Any]) -> str | None:
    """What a cache must have been made from; None for little, or if a source is not there (building says so)."""
    try:
        if sum(Path(path).stat().st_size for path in sources) < LEAST_BYTES:
            return None
        return _digest(json.dumps([_code(), [_fingerprint(Path(path)) for path in sources], dict(options)]))
    except OSError:
        return None


def _fingerprint(path: Path) -> list:
    status = path.stat()
    digest = hashlib.blake2b(digest_size=16)
    with open(path, 'rb') as stream:
        if status.st_size <= WHOLE_BYTES:
            digest.update(stream.read())
            return [path.name, digest.hexdigest()]
        for start in np.linspace(0, status.st_size - BLOCK_BYTES, BLOCKS).astype(int).tolist():
            stream.seek(start)
            digest.update(stream.read(BLOCK_BYTES))
    return [path.name, status.st_size, status.st_mtime_ns, digest.hexdigest()]


@functools.cache
def _code() -> str:
    """Digest of the code that annotations depend on."""
    root = Path(mmp3d.__file__).parent
    files = sorted(path for part in ('datasets', 'geometry') for path in (root / part).glob('*.py'))
    return _digest(''.join(path.read_text(encoding='utf-8') for path in files))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()


def _plain(name: str) -> str:
    return ''.join(char if char.isalnum() or char in '-_' else '_' for char in name)[:80]


def _remembered(annotations: Annotations) -> dict[str, Any]:
    return {'distortion_model': annotations.images.distortion_model}


def _columns_of(annotations: Annotations) -> dict[str, np.ndarray]:
    """All arrays by name."""
    columns = {'offsets': annotations.offsets, 'joints_annotated': annotations.joints_annotated}
    for part, table in (('images', annotations.images), ('people', annotations.people)):
        for column in fields(table):
            value = getattr(table, column.name)
            if isinstance(value, np.ndarray):
                columns[f'{part}.{column.name}'] = value
    columns |= {f'labels.{name}': value for name, value in annotations.images.labels.items()}
    return columns | dict(
        zip(('lists.rows', 'lists.ends', 'lists.text'), annotations.invalid_segs.to_arrays(), strict=True)
    )


def _annotations(remembered: dict[str, Any], columns: dict[str, np.ndarray]) -> Annotations:
    """Inverse of :func:`_columns_of`. Raises KeyError or TypeError where a column is missing."""
    parts: dict[str, dict[str, np.ndarray]] = {'images': {}, 'people': {}, 'labels': {}, 'lists': {}, '': {}}
    for name, value in columns.items():
        part, _, column = name.rpartition('.')
        parts[part][column] = value
    model = remembered['distortion_model']
    return Annotations(
        images=ImageTable(**parts['images'], distortion_model=model, labels=parts['labels']),
        people=PersonTable(**parts['people']),
        offsets=parts['']['offsets'],
        invalid_segs=PackedLists.from_arrays(*(parts['lists'][name] for name in ('rows', 'ends', 'text'))),
        joints_annotated=parts['']['joints_annotated'],
    )

"""People of a clip as a numpy archive: positions, scores, track_ids, and header, JSON text of docs/outputs.md."""

from __future__ import annotations

import io
import json

import numpy as np

from mmp3d.datasets.array_archive import read_arrays
from mmp3d.datasets.json_text import parse_json
from mmp3d.export.clip_header import header_fields, header_of
from mmp3d.export.people_clip import PeopleClip

ARRAYS = ('positions', 'scores', 'track_ids')
NAMES = (*ARRAYS, 'header')


def npz_bytes(clip: PeopleClip) -> bytes:
    """The file's content."""
    buffer = io.BytesIO()
    header = np.array(json.dumps(header_of(clip), ensure_ascii=False))
    np.savez_compressed(buffer, header=header, **{name: getattr(clip, name) for name in ARRAYS})
    return buffer.getvalue()


def clip_from_npz(content: bytes) -> PeopleClip:
    """Inverse of :func:`npz_bytes`. Raises ValueError naming what is missing."""
    try:
        arrays = read_arrays(io.BytesIO(content), NAMES)
        header = parse_json(str(arrays.pop('header')))
        return PeopleClip(**{name: arrays[name] for name in ARRAYS}, **header_fields(header))
    except KeyError as error:
        raise ValueError(f'lacks the array {error}; expected {", ".join(NAMES)}') from error

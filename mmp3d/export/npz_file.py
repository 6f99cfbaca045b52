"""People of a clip as a numpy archive: positions, scores, track_ids, and header, JSON text of docs/outputs.md."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np

from mmp3d.export.clip_header import header_fields, header_of
from mmp3d.export.people_clip import PeopleClip

ARRAYS = ('positions', 'scores', 'track_ids')


def npz_bytes(clip: PeopleClip) -> bytes:
    """The file's content."""
    buffer = io.BytesIO()
    header = np.array(json.dumps(header_of(clip), ensure_ascii=False))
    np.savez_compressed(buffer, header=header, **{name: getattr(clip, name) for name in ARRAYS})
    return buffer.getvalue()


def clip_from_npz(content: bytes) -> PeopleClip:
    """Inverse of :func:`npz_bytes`. Raises ValueError naming what is missing."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in (*ARRAYS, 'header')}
    except (OSError, EOFError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f'no numpy archive with {", ".join((*ARRAYS, "header"))} ({error})') from error
    header = json.loads(str(arrays.pop('header')))
    return PeopleClip(**arrays, **header_fields(header))

"""People of a clip as JSON, the schema of docs/outputs.md.

Shapes: F frames of one person, K joints. Millimetres, the frame of the clip.
"""

from __future__ import annotations

import json

import numpy as np

from mmp3d.export.clip_header import clip_of_header, header_fields, header_of
from mmp3d.export.people_clip import PeopleClip


def json_bytes(clip: PeopleClip) -> bytes:
    """The file's content; the numbers are written with all digits of a float32."""
    people = [
        dict(track_id=int(track_id), frames=np.flatnonzero(there).tolist())
        | dict(positions=_shortest(clip.positions[row, there]), scores=_shortest(clip.scores[row, there]))
        for row, (track_id, there) in enumerate(zip(clip.track_ids, clip.present, strict=True))
    ]
    text = json.dumps(dict(header_of(clip), people=people), allow_nan=False, ensure_ascii=False)
    # Half a character, which UTF-8 does not have, becomes JSON's own escape.
    return text.encode(errors='backslashreplace')


def clip_from_json(content: bytes) -> PeopleClip:
    """Inverse of :func:`json_bytes`. Raises ValueError naming the field that is not as expected."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f'not JSON ({error})') from error
    fields = header_fields(data)
    people = data.get('people')
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        raise ValueError('field "people" must be a list of objects')
    positions, scores = clip_of_header(len(people), data, len(content))
    shape = scores.shape
    for row, person in enumerate(people):
        frames = _array(person, 'frames', (-1,), row).astype(np.int64)
        if frames.size and not (frames.min() >= 0 and frames.max() < shape[1]):
            raise ValueError(f'people[{row}]: frames must lie within 0 to {shape[1] - 1}')
        positions[row, frames] = _array(person, 'positions', (len(frames), shape[2], 3), row)
        scores[row, frames] = _array(person, 'scores', (len(frames), shape[2]), row)
    ids = [person.get('track_id') for person in people]
    if not all(isinstance(track_id, int) for track_id in ids):
        raise ValueError(f'track_id must be a whole number, got {ids}')
    return PeopleClip(positions, scores, np.array(ids, np.int64), **fields)


def _shortest(values: np.ndarray) -> list:
    """As nested lists with the shortest decimals that give the same float32 again, None for NaN."""
    texts = values.astype(np.float32).astype(str).astype(np.float64)
    return np.where(np.isfinite(texts), texts, None).tolist()


def _array(person: dict, name: str, shape: tuple[int, ...], row: int) -> np.ndarray:
    try:
        return np.array(person.get(name), np.float32).reshape(shape)
    except (ValueError, TypeError) as error:
        raise ValueError(f'people[{row}]: {name} must be numbers of shape {shape}') from error

"""What a file says of a clip beside its numbers, the same in JSON, NPZ and CSV: the schema of docs/outputs.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from mmp3d.export.empty_clip import clip_bytes, empty_clip
from mmp3d.export.people_clip import AXES, PeopleClip
from mmp3d.geometry import Camera
from mmp3d.memory_share import is_out_of_proportion

SCHEMA, VERSION = 'mmp3d-people', 1
# Levels of objects and lists; our own steps need three.
DEEPEST = 32
CONFIDENCE = 'score of the network for each joint, 0 to 1, not calibrated; 0 where the joint is not there'


def header_of(clip: PeopleClip) -> dict:
    """The fields as plain data."""
    return dict(
        schema=SCHEMA,
        version=VERSION,
        units=dict(length='mm', time='s'),
        frame=clip.frame,
        axes=AXES[clip.frame],
        seq_name=clip.seq_name,
        fps=clip.fps,
        num_frames=clip.num_frames,
        joint_names=list(clip.joint_names),
        parents=list(clip.parents),
        confidence=CONFIDENCE,
        camera=None if clip.camera is None else clip.camera.to_dict(),
        processing=dict(clip.processing),
    )


def clip_of_header(people: int, header: Mapping, content_size: int) -> tuple[np.ndarray, np.ndarray]:
    """:func:`empty_clip` for a clip that is read.

    Args:
        people: N.
        header: Fields of which :func:`header_fields` has approved.
        content_size: Bytes of the file.

    Raises:
        ValueError: The clip would be out of all proportion to the file, or to this machine.
    """
    shape = people, header['num_frames'], len(header['joint_names'])
    if is_out_of_proportion(clip_bytes(*shape), content_size):
        raise ValueError(f'num_frames: {shape[1]} frames of {people} people and {shape[2]} joints are not in this file')
    return empty_clip(*shape)


def header_fields(header: object) -> dict:
    """The fields of :class:`PeopleClip` that a header tells.

    Raises:
        ValueError: It is not one of this schema and version, or a field is missing or of another kind.
    """
    if not isinstance(header, Mapping) or header.get('schema') != SCHEMA:
        raise ValueError(f'expected an object with "schema": "{SCHEMA}"; prediction files are converted with --fps')
    if header.get('version') != VERSION:
        raise ValueError(f'version {header.get("version")!r} of the schema, expected {VERSION}')
    kinds = dict(frame=str, fps=(int, float), num_frames=int, joint_names=list, parents=list)
    for name, kind in kinds.items():
        if not isinstance(header.get(name), kind):
            raise ValueError(f'field {name!r} is missing or of the wrong kind: {str(header.get(name))[:60]}')
    if header['num_frames'] < 0 or not all(isinstance(parent, int) for parent in header['parents']):
        raise ValueError('num_frames must not be negative, and parents must be whole numbers')
    camera, processing = header.get('camera'), header.get('processing') or {}
    if not isinstance(processing, Mapping) or not isinstance(camera, (Mapping, type(None))):
        raise ValueError('camera and processing must be objects')
    if _is_deeper(processing, DEEPEST):
        raise ValueError(f'processing: nested more than {DEEPEST} deep')
    return dict(
        fps=header['fps'],
        frame=header['frame'],
        joint_names=tuple(map(str, header['joint_names'])),
        parents=tuple(header['parents']),
        camera=None if camera is None else Camera.from_dict(dict(camera)),
        seq_name=str(header.get('seq_name') or ''),
        processing=processing,
    )


def _is_deeper(value: object, levels: int) -> bool:
    """Lists and objects in it are nested more than ``levels`` deep."""
    layer = [value]
    for _ in range(levels + 1):
        layer = [inner for outer in layer if isinstance(outer, (Mapping, list)) for inner in _entries(outer)]
    return bool(layer)


def _entries(value: Mapping | list) -> Iterable[object]:
    return value.values() if isinstance(value, Mapping) else value

"""Predictions of a data set as a file: written after a test run, read back without a network. See docs/predictions.md.

Shapes: N people of one image, K = 17 MuPoTS joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmp3d.evaluation.json_stream import JsonStream
from mmp3d.evaluation.people_record import PREDICTION_FIELDS, people_array
from mmp3d.geometry import MUPOTS17
from mmp3d.side_names import side_name

HEADER = {'format': 'mmp3d-predictions', 'version': 1, 'joint_set': MUPOTS17.name, 'unit': 'mm'}
REQUIRED_FIELDS = ('keypoints', 'keypoints_cam', 'root_cam', 'bbox_scores')
# Digits hardly compress: higher levels save four percent and take several times as long.
GZIP_LEVEL = 4
IMAGE_NAMES = {'img_id': int, 'seq_name': str, 'frame_id': int}
IMAGE_KEYS = ('img_id', 'seq_name', 'frame_id', 'img_path', 'camera')


def write_predictions(path: str | os.PathLike, images: Sequence[Mapping]) -> None:
    """Write predictions; the file appears under its name only when it is complete.

    Args:
        path: ``*.json`` or ``*.json.gz``; folders are made.
        images: One mapping per image: ``IMAGE_KEYS`` and ``instances``, per-person arrays by name
            (``PREDICTION_FIELDS``). Floats are written as float32 and read back the same.

    Raises:
        ValueError: The name ends in neither, or an array is missing or has the wrong shape.

    Examples:
        >>> import tempfile
        >>> pose = np.zeros((1, 17, 3)) + [0, 0, 3000]
        >>> people = dict(keypoints=pose[..., :2], keypoints_cam=pose, root_cam=pose[:, 14], bbox_scores=np.ones(1))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_predictions(f'{folder}/predictions.json.gz', [dict(img_id=5, instances=people)])
        ...     (image,) = iterate_predictions(f'{folder}/predictions.json.gz')
        >>> image['img_id'], image['instances']['root_cam'].tolist()
        (5, [[0.0, 0.0, 3000.0]])
    """
    path = check_prediction_path(path)
    partial = path.with_name(f'.{side_name(path.name)}.{os.getpid()}.part')
    try:
        with _open(partial, path.suffix, 'wt') as file:
            file.writelines(_lines(images))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read_predictions(path: str | os.PathLike) -> list[dict]:
    """Read a file of :func:`write_predictions` as a whole; see :func:`iterate_predictions`."""
    return list(iterate_predictions(path))


def iterate_predictions(path: str | os.PathLike) -> Iterator[dict]:
    """Read a file of :func:`write_predictions` image by image; only about a megabyte of it is held at a time.

    Yields:
        One dict per image: ``IMAGE_KEYS`` (None where the file has none) and ``instances``, arrays by name.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged, of another format, version, joint set or unit, or an image in it is
            incomplete; the message names the file and the image. What is wrong further on is found later.
    """
    path = check_prediction_path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no prediction file at {path}; tools/test.py CONFIG CHECKPOINT --out {path} writes it')
    try:
        with _open(path, path.suffix, 'rt') as file:
            yield from _images(JsonStream(file), path)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f'{path} is not readable as JSON ({error}); write it again: tools/test.py --out') from error


def _images(stream: JsonStream, path: Path) -> Iterator[dict]:
    if stream.peek() != '{':
        found = type(stream.value()).__name__
        raise ValueError(f'{path} must hold a JSON object, found {found}; see docs/predictions.md')
    missing = {'images': 'a list, one entry per image', **{key: repr(value) for key, value in HEADER.items()}}
    for key in stream.object_keys():
        expected = missing.pop(key, None)
        if key == 'images' and stream.peek() == '[':
            for index, image in enumerate(stream.list_elements()):
                yield _read_image(image, f'{path}: images[{index}]')
            continue
        value = stream.value()
        if expected and (key == 'images' or value != HEADER[key]):
            raise ValueError(f'{path}: {key!r} must be {expected}, found {value!r}; see docs/predictions.md')
    stream.end()
    for key, expected in missing.items():
        raise ValueError(f'{path}: {key!r} must be {expected}, found none; see docs/predictions.md')


def _lines(images: Sequence[Mapping]) -> Iterator[str]:
    yield json.dumps(HEADER)[:-1] + ', "images": ['
    for index, image in enumerate(images):
        where = f'image {image.get("img_id")}'
        instances = _checked_instances(image['instances'], where)
        plain = {key: image.get(key) for key in IMAGE_KEYS}
        plain['instances'] = {name: _plain(array) for name, array in instances.items()}
        yield (',\n' if index else '\n') + json.dumps(plain, default=_plain)
    yield '\n]}\n'


def _read_image(image: Any, where: str) -> dict:
    if not isinstance(image, dict) or not isinstance(image.get('instances'), dict):
        raise ValueError(f"{where} must be an object with 'instances'; see docs/predictions.md")
    for key, kind in IMAGE_NAMES.items():
        if image.get(key) is not None and type(image[key]) is not kind:
            expected = 'a whole number' if kind is int else 'text'
            raise ValueError(f'{where}: {key} must be {expected} or null, got {image[key]!r}; see docs/predictions.md')
    if image.get('img_id') is None and (not image.get('seq_name') or image.get('frame_id') is None):
        raise ValueError(f"{where} needs 'img_id', or 'seq_name' and 'frame_id', to tell which image it is")
    return {key: image.get(key) for key in IMAGE_KEYS} | {'instances': _checked_instances(image['instances'], where)}


def _checked_instances(instances: Mapping, where: str) -> dict[str, np.ndarray]:
    missing = [name for name in REQUIRED_FIELDS if name not in instances]
    if missing:
        raise ValueError(f'{where}: instances lack {missing}, found {sorted(instances)}; see docs/predictions.md')
    arrays = {
        name: people_array(instances[name], field, f'{where}: {name}')
        for name, field in PREDICTION_FIELDS.items()
        if name in instances
    }
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f'{where}: fields differ in their number of people: {counts}')
    return arrays


def _plain(array: np.ndarray | np.generic) -> Any:
    """Nested lists or a number; nine significant digits tell every float32 from its neighbours."""
    if array.dtype.kind != 'f':
        return array.tolist()
    short = np.array([float(f'{number:.9g}') for number in array.astype(np.float32).ravel().tolist()])
    return short.reshape(array.shape).tolist()


def check_prediction_path(path: str | os.PathLike) -> Path:
    """``path`` as a Path; raises ValueError unless it ends in .json or .json.gz and its folder can be written to."""
    path = Path(path)
    if not path.name.endswith(('.json', '.json.gz')):
        raise ValueError(f'a prediction file is named *.json or *.json.gz, got {path}')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f'{path}: its folder cannot be made ({error.strerror}); name another') from error
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f'{path}: its folder cannot be written to; name another')
    return path


def _open(path: Path, suffix: str, mode: str) -> Any:
    if suffix != '.gz':
        return open(path, mode, encoding='utf-8')
    return gzip.open(path, mode, compresslevel=GZIP_LEVEL, encoding='utf-8')

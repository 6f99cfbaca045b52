"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from scipy.io import savemat

JPEG_QUALITY = 92


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder and move it to ``path`` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f'.part-{os.getpid()}-{path.name}')
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, content: dict) -> None:
    with replacing(path) as part:
        part.write_text(json.dumps(content), encoding='utf-8')


def write_jpeg(path: Path, picture: np.ndarray) -> None:
    """Write a (H, W, 3) BGR uint8 picture."""
    _, encoded = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    with replacing(path) as part:
        part.write_bytes(encoded.tobytes())


def write_mat(path: Path, **variables: np.ndarray) -> None:
    """Write variables as a MATLAB v5 file."""
    with replacing(path) as part, part.open('wb') as stream:
        savemat(stream, variables, do_compression=True)

"""Videos and images, to be mutated."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from mmp3d.apis.cameras import FrameCamera
from mmp3d.apis.exif_focal import EXIF_FIELDS, FOCAL_LENGTH_35MM
from mmp3d.apis.frames import open_sources, read_frames
from tests.fuzzing.target import Target, file_target
from tests.test_apis.odd_videos import write_coded

SIZE = (64, 48)


def video_targets(folder: Path) -> dict[str, Target]:
    """Containers and codecs that OpenCV writes."""
    folder.mkdir(parents=True)
    built = {}
    for suffix, codec in (('.mp4', 'mp4v'), ('.avi', 'MJPG'), ('.mkv', 'FFV1')):
        path = write_coded(folder / f'valid{suffix}', codec, SIZE, frames=6)
        built[f'video {suffix}'] = file_target(folder / suffix[1:], f'a{suffix}', path.read_bytes(), _read_frames)
    return built


def image_targets(folder: Path) -> dict[str, Target]:
    """Formats that OpenCV reads, one of them with EXIF data."""
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8))
    exif = Image.Exif()
    exif.get_ifd(EXIF_FIELDS)[FOCAL_LENGTH_35MM] = 30
    built = {}
    for suffix, kind in (('.jpg', 'JPEG'), ('.png', 'PNG'), ('.webp', 'WEBP'), ('.tif', 'TIFF')):
        buffer = io.BytesIO()
        picture.save(buffer, kind, exif=exif)
        built[f'image {suffix}'] = file_target(folder / suffix[1:], f'a{suffix}', buffer.getvalue(), _read_frames)
    return built


def _read_frames(path: Path) -> None:
    cameras, count = FrameCamera(), 0
    for frame in read_frames(open_sources(path)):
        height, width = frame.image.shape[:2]
        assert frame.image.dtype == np.uint8 and cameras.of_image((width, height), 'a', frame.source.file).focal > 0
        count += 1
    assert count

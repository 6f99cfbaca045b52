"""Videos that are not what a reader hopes for; those that OpenCV cannot write are made from its MPEG-4 files."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tests.test_apis import scenes

PARENTS = (b'moov', b'trak', b'mdia', b'minf', b'stbl')
ODD_SIZE = (191, 127)
QUARTER_TURN = (0, 1 << 16, 0, -1 << 16, 0, 0, scenes.IMAGE_SIZE[1] << 16, 0, 1 << 30)


def write_coded(path: Path, codec: str, size: tuple[int, int] = scenes.IMAGE_SIZE, frames: int = 3, **options) -> Path:
    """A video of one colour a frame, its numbers times 40; ``isColor=False`` writes grey pictures."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 25, size, **options)
    assert writer.isOpened(), codec
    for index in range(frames):
        shape = (size[1], size[0], 3) if options.get('isColor', True) else size[::-1]
        writer.write(np.full(shape, 40 * index, np.uint8))
    writer.release()
    return path


def write_odd_sized(path: Path) -> Path:
    """191 x 127 px, which FFmpeg's writer would cut to even numbers."""
    writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, cv2.VideoWriter_fourcc(*'MJPG'), 25, ODD_SIZE)
    for index in range(3):
        writer.write(np.full((*ODD_SIZE[::-1], 3), 40 * index, np.uint8))
    writer.release()
    return path


def write_transparent(path: Path) -> Path:
    """Half transparent pictures of an odd size, as an animated PNG, which FFmpeg knows under any name."""
    first, *others = [Image.new('RGBA', ODD_SIZE, (40 * index,) * 3 + (128,)) for index in range(3)]
    first.save(path, format='PNG', save_all=True, append_images=others, duration=40)
    return path


def write_turned(path: Path) -> Path:
    """A clip whose metadata ask for a quarter turn, as a phone writes it."""
    content = bytearray(scenes.write_video(path).read_bytes())
    matrix = content.find(b'tkhd') + 44
    content[matrix : matrix + 36] = struct.pack('>9i', *QUARTER_TURN)
    path.write_bytes(content)
    return path


def write_uneven(path: Path, steps: list[int]) -> Path:
    """A clip with the given times between its frames, in frames of 25 a second."""
    content = scenes.write_video(path, len(steps)).read_bytes()
    start = content.find(b'stts') - 4
    size, _, _, entries, count, step = struct.unpack('>I4sIIII', content[start : start + 24])
    assert (size, entries, count) == (24, 1, len(steps))
    table = b''.join(struct.pack('>II', 1, step * factor) for factor in steps)
    box = struct.pack('>I4sII', 16 + len(table), b'stts', 0, len(steps)) + table
    longer = bytearray(content[:start] + box + content[start + size :])
    for name in PARENTS:
        place = content.find(name) - 4
        (before,) = struct.unpack('>I', content[place : place + 4])
        longer[place : place + 4] = struct.pack('>I', before + len(box) - size)
    # The edit list would end the clip after its old duration.
    path.write_bytes(longer.replace(b'edts', b'free'))
    return path


def write_sound(path: Path) -> Path:
    """A second of silence and no picture."""
    with wave.open(str(path), 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))
    return path


def write_ending_early(path: Path) -> Path:
    """Half of a Motion JPEG of eight frames, whose pictures are readable one by one."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 25, scenes.IMAGE_SIZE)
    for index in range(8):
        writer.write(scenes.image(index))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def write_cut(path: Path) -> Path:
    """The first half of an MPEG-4 file, whose index is at its end."""
    content = scenes.write_video(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path

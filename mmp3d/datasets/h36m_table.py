"""One person's poses in many images of Human3.6M, as every copy of the data set is read into.

Shapes: I images with one person each, K = 17 joints of Human3.6M-17. Pixels of the full image, millimetres in the
camera frame.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmp3d.datasets.raw_file import check_data_file
from mmp3d.geometry import Camera, h36m_release_camera

CAMERA_IDS = ('54138969', '55011271', '58860488', '60457274')
# In the world frame of these takes of subject 9 everything lies this far aside of where the cameras see it.
S9_SHIFT = np.array([200.0, 0, 0])
NUM_SUBJECTS = 11
METADATA = 'metadata.xml'


class H36MTable(NamedTuple):
    """Poses, image by image.

    ``subjects``, ``actions`` (2 to 16), ``takes``, ``cameras`` (1 to 4) and ``frames`` (from 0) are (I,) numbers,
    ``action_names``, ``seq_names`` and ``file_names`` (I,) UTF-8 bytes; ``points`` (I, K, 3) mm, ``pixels`` (I, K, 2)
    px, ``labelled`` (I, K) bool, ``boxes`` (I, 4) xyxy px or NaN; ``lenses`` gives the camera of (subject, camera);
    ``shifted`` and ``corrupt`` (I,) bool mark the takes with known defects; ``notes`` says what was mended.
    """

    subjects: np.ndarray
    actions: np.ndarray
    takes: np.ndarray
    cameras: np.ndarray
    frames: np.ndarray
    action_names: np.ndarray
    seq_names: np.ndarray
    file_names: np.ndarray
    points: np.ndarray
    pixels: np.ndarray
    labelled: np.ndarray
    boxes: np.ndarray
    lenses: dict[tuple[int, int], Camera]
    shifted: np.ndarray
    corrupt: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def img_ids(self) -> np.ndarray:
        """(I,) the same whichever subjects are read: subject, action, take, camera and frame in one number."""
        clips = ((self.subjects * 100 + self.actions) * 10 + self.takes) * 10 + self.cameras
        return clips.astype(np.int64) * 100_000 + self.frames

    def rows(self, chosen: np.ndarray) -> H36MTable:
        """Some of the images; ``chosen`` is a mask or row numbers."""
        columns = [value[chosen] if isinstance(value, np.ndarray) else value for value in self]
        return H36MTable(*columns)


def read_release_cameras(path: str | Path) -> dict[tuple[int, int], Camera]:
    """Cameras by (subject, camera 1 to 4) from the release's ``metadata.xml``, image size 1000 x 1002.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is empty or a pointer of Git LFS, or does not hold the vector ``w0`` of 300 numbers.
    """
    check_data_file(path)
    try:
        text = Path(path).read_text(encoding='utf-8', errors='replace')
        numbers = np.array(re.search(r'<w0>\s*\[(.*?)\]\s*</w0>', text, re.S)[1].split(), np.float64)
        extrinsics = numbers[:264].reshape(4, NUM_SUBJECTS, 6)
        intrinsics = numbers[264:].reshape(4, 9)
    except (TypeError, ValueError, OSError) as error:
        raise ValueError(f'{path}: must hold <w0> with 300 numbers, as in the release of Human3.6M') from error
    return {
        (subject + 1, camera + 1): h36m_release_camera(extrinsics[camera, subject], intrinsics[camera], (1000, 1002))
        for camera in range(4)
        for subject in range(NUM_SUBJECTS)
    }

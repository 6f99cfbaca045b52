"""Our lifters on the 2D poses that the authors store for MuPoTS-3D.

Shapes: T frames, N people, K = 17 MuPoTS joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmp3d.apis.cameras import FocalLength, FrameCamera
from mmp3d.apis.lifters import load_lifters
from mmp3d.datasets.release_package import read_released_tracks
from mmp3d.evaluation.release_predictions import full_image_keypoints
from mmp3d.pipeline import Track, lift_tracks

# The first five sequences are square.
SQUARE_SEQUENCES, SQUARE_SIZE, WIDE_SIZE = 5, (2048, 2048), (1920, 1080)


def lift_released(root: str | Path, sequence: int, lifters: str = 'lifting', focal: float | None = None) -> np.ndarray:
    """People of a sequence in camera space.

    The package has no confidences: every joint counts as found.

    Args:
        root: The package's folder.
        sequence: Number of the sequence from 1.
        lifters: See :func:`~mmp3d.apis.lifters.load_lifters`.
        focal: Focal length in px of the full image; None: that of 55 degrees.

    Returns:
        (T, N, K, 3) mm; people are the annotated tracks.

    Raises:
        FileNotFoundError, ValueError: A file is missing or damaged, or there are no such lifters.
    """
    frames, people = read_released_tracks(root, sequence, 'td').depths.shape
    keypoints = full_image_keypoints(root, sequence, frames, people)
    size = SQUARE_SIZE if sequence <= SQUARE_SEQUENCES else WIDE_SIZE
    known = None if focal is None else FocalLength(focal)
    camera = FrameCamera(known).of_image(size, f'TS{sequence}')
    scores = np.ones((frames, keypoints.shape[2]), np.float32)
    tracks = [Track(person, np.arange(frames), keypoints[:, person], scores) for person in range(people)]
    return np.stack([lifted.keypoints_cam for lifted in lift_tracks(tracks, camera, load_lifters(lifters))], axis=1)

"""Frames of JTA's videos as image files, which is how the data set is read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
from tqdm import tqdm

from mmp3d.datasets.opencv_path import opencv_path
from mmp3d.side_names import side_name

# Of what is decoded from a compressed video hardly anything is lost at this quality.
QUALITY = 95


def extract_frames(
    root: str | Path, splits: Iterable[str], workers: int | None = None, bar: Callable[..., Iterable] = tqdm
) -> int:
    """Write ``frames/<split>/<video>/<frame from 1>.jpg`` of ``videos/<split>/<video>.mp4``.

    A video's folder appears when it is complete, so that the same call goes on after an interruption.

    Args:
        root: Folder of the data set.
        splits: Names of the folders to go through; one that does not exist is left out.
        workers: Videos at a time; None: as many as there are processors.
        bar: Progress bar around the videos.

    Returns:
        How many videos were converted now.

    Raises:
        FileNotFoundError: No split has a video.
        ValueError: A video cannot be read to its end; names it.
    """
    root = Path(root)
    videos = [video for split in splits for video in sorted((root / 'videos' / split).glob('*.mp4'))]
    if not videos:
        raise FileNotFoundError(f'{root / "videos"} holds no <split>/*.mp4; give the folder with "videos" as --root')
    pairs = [(video, root / 'frames' / video.parent.name / video.stem) for video in videos]
    pending = [(video, folder) for video, folder in pairs if not folder.is_dir()]
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        done = pool.map(lambda pair: write_frames(*pair), pending)
        for _ in bar(done, desc='videos', total=len(pending)):
            pass
    return len(pending)


def write_frames(video: Path, folder: Path) -> int:
    """Write a video's frames as ``1.jpg``, ``2.jpg``, ... into a new folder that appears when all are there.

    Returns:
        Number of frames.

    Raises:
        ValueError: The video cannot be opened, or ends before the number of frames that its header gives.
    """
    part = folder.with_name(f'.part-{side_name(folder.name)}')
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    capture = cv2.VideoCapture(opencv_path(video))
    try:
        expected = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
        count = 0
        while (frame := capture.read()[1]) is not None:
            count += 1
            cv2.imwrite(str(part / f'{count}.jpg'), frame, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    finally:
        capture.release()
    if not count or count < expected:
        shutil.rmtree(part)
        raise ValueError(f'{video}: {count} of {expected} frames can be read; damaged or partly downloaded?')
    part.replace(folder)
    return count

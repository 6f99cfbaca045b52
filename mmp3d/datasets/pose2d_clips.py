"""Clips of the 2D poses that any 2D estimator wrote of videos, for a teacher to label.

Shapes: N people of a clip (padded), T frames, K = 17 MuPoTS joints. Rays are K^-1 times pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmpose.registry import DATASETS
from torch.utils.data import Dataset

from mmp3d.datasets.track_clips import TrackColumns, clips_of_tracks
from mmp3d.geometry import Camera


@DATASETS.register_module()
class Pose2DClipDataset(Dataset):
    """The people of 2D pose files, tracked, in clips: an ``unlabelled_dataset`` for ``tools/pseudo_label.py``.

    An item: ``keypoints_norm (N, T, K, 2)``, ``keypoint_scores (N, T, K)`` and ``person_valid (N,)``.

    Args:
        data_root: Folder in which each file, and each folder (of OpenPose), is a video, as
            :func:`~mmp3d.pipeline.lift_pose_file` reads it; or one such file.
        image_size: Width and height in px of all videos, whose camera is then assumed; or
        camera: Fields of :class:`~mmp3d.geometry.Camera` (``Camera.to_dict``), the camera of all videos.
        clip_length: T.
        max_people: N; of a clip with more, those who are tracked first are served.
        keep_ids: The files' own track ids are taken and nobody is tracked.

    Raises:
        FileNotFoundError: There is no such file or folder, or nothing in it.
        ValueError: Neither or both of ``image_size`` and ``camera`` are given, an option is out of its range, a file is
            none of 2D poses or of images of another size, or nobody counts in any of them.
    """

    def __init__(
        self,
        data_root: str,
        image_size: Sequence[int] | None = None,
        camera: dict | None = None,
        clip_length: int = 27,
        max_people: int = 4,
        keep_ids: bool = False,
    ) -> None:
        if (image_size is None) == (camera is None) or max_people < 1:
            raise ValueError(
                f'Pose2DClipDataset: give image_size or camera, and max_people of 1 or more; got {image_size!r}, '
                f'{camera!r} and {max_people!r}'
            )
        self.camera = Camera.assumed(image_size) if camera is None else Camera.from_dict(dict(camera))
        self.max_people = max_people
        self.metainfo = dict(dataset_name='pose2d_clips')
        parts = [self._clips(video, clip_length, keep_ids) for video in _videos(Path(data_root))]
        self.items = [item for items in parts for item in items]
        if not self.items:
            raise ValueError(f'{data_root}: nobody in it is tracked; see docs/top_down.md, Detection and 2D poses')

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        columns = self.items[index]
        count = len(columns['keypoint_scores'])
        item = {
            name: np.pad(values, [(0, self.max_people - count), *[(0, 0)] * (values.ndim - 1)])
            for name, values in columns.items()
        }
        item['person_valid'] = np.arange(self.max_people) < count
        return {name: torch.from_numpy(values.astype(np.float32)) for name, values in item.items()}

    def _clips(self, video: Path, clip_length: int, keep_ids: bool) -> list[dict[str, np.ndarray]]:
        # Tracking is built on the readers of this package.
        from mmp3d.pipeline.pose_file_tracks import check_image_size, pose_tracks

        tracks = pose_tracks(video, keep_ids=keep_ids)
        check_image_size(video, tracks, self.camera)
        rays = [
            TrackColumns(
                track.frame_ids,
                dict(keypoints_norm=self.camera.normalize(track.keypoints), keypoint_scores=track.keypoint_scores),
            )
            for track in (each.without_gaps() for each in tracks)
        ]
        columns, offsets = clips_of_tracks(rays, clip_length)
        return [
            {name: values[start : min(stop, start + self.max_people)] for name, values in columns.items()}
            for start, stop in zip(offsets[:-1], offsets[1:], strict=True)
        ]


def _videos(path: Path) -> list[Path]:
    """The files and folders of 2D poses at a path, which may be one itself."""
    if not path.exists():
        raise FileNotFoundError(f'no 2D poses at {path}; expected a file, or a folder with a file or folder a video')
    if path.is_file() or any(path.glob('*_keypoints.json')):  # a file, or a folder of OpenPose's
        return [path]
    shown = (each for each in path.iterdir() if not each.name.startswith('.'))
    videos = sorted(each for each in shown if each.is_dir() or each.suffix == '.json')
    if not videos:
        raise FileNotFoundError(f'{path}: holds no *.json file and no folder; expected one a video')
    return videos

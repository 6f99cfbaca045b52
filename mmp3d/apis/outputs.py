"""Files that the inferencer leaves: pictures or a video, and predictions.

Each appears under its name only when it is whole; what a video has given so far is on disk at any time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from mmp3d.apis.frames import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from mmp3d.apis.output_names import distinct_names
from mmp3d.apis.sources import Source
from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.evaluation.predictions import write_predictions
from mmp3d.pipeline.background import DoneBehind
from mmp3d.stage_profile import stage


class OutputFiles:
    """Writes the pictures and predictions of one source after another.

    Args:
        vis_out_dir: Folder for ``<name>.mp4`` of a video and ``<name>.jpg`` of an image, or, for a single source, a
            file; ``''`` for none.
        pred_out_dir: Folder for ``<name>.json``, or a file likewise.
        sources: All sources of the call.

    Raises:
        ValueError: A file was given for several sources, or it is the input itself.
    """

    def __init__(self, vis_out_dir: str, pred_out_dir: str, sources: list[Source]) -> None:
        pictures = _targets(vis_out_dir, sources, (IMAGE_SUFFIXES, VIDEO_SUFFIXES), ('.jpg', '.mp4'))
        predictions = _targets(pred_out_dir, sources, (('.json',), ('.json',)), ('.json', '.json'))
        self._targets = {id(source): paths for source, *paths in zip(sources, pictures, predictions, strict=True)}
        self._source: Source | None = None
        self._pictures: PictureFile | VideoPictures | None = None
        self._predictions: PredictionFile | None = None

    def add(self, source: Source, record: Mapping, picture: np.ndarray | None) -> None:
        """Write one frame; a new source closes the files of the one before.

        Args:
            source: Where the frame comes from.
            record: One image of ``mmp3d.evaluation.predictions``.
            picture: (H, W, 3) uint8 RGB, or None for an unreadable frame.
        """
        if source is not self._source:
            self.close()
            self._open(source)
        if self._predictions is not None:
            self._predictions.add(record)
        if self._pictures is not None and picture is not None:
            self._pictures.add(picture)

    def close(self) -> None:
        """Bring the open files to their final form."""
        # Both are closed also when the first fails.
        try:
            if self._pictures is not None:
                self._pictures.close()
        finally:
            if self._predictions is not None:
                self._predictions.close()
            self._source = self._pictures = self._predictions = None

    def _open(self, source: Source) -> None:
        picture, predictions = self._targets[id(source)]
        self._source = source
        if picture is not None:
            self._pictures = VideoPictures(picture, source.fps) if source.is_video else PictureFile(picture)
        if predictions is not None:
            self._predictions = PredictionFile(predictions)


class PictureFile:
    """An image file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, picture: np.ndarray) -> None:
        """Write (H, W, 3) uint8 RGB."""
        _, content = cv2.imencode(self.path.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        AtomicLocalBackend().put(content.tobytes(), self.path)

    def close(self) -> None:
        """Nothing is left to do."""


class VideoPictures:
    """A video file, MPEG-4, encoded by another thread; its name until it is closed is ``<name>.partial.mp4``."""

    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self.fps = fps
        self._partial = path.with_name(f'{path.stem}.partial{path.suffix}')
        self._writer: cv2.VideoWriter | None = None
        self._encoding = DoneBehind()

    def add(self, picture: np.ndarray) -> None:
        """Append (H, W, 3) uint8 RGB; all are of the first one's size."""
        height, width = (side // 2 * 2 for side in picture.shape[:2])  # the codec halves the colours' resolution
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            codec = cv2.VideoWriter_fourcc(*'mp4v')
            writer = cv2.VideoWriter(str(self._partial), codec, self.fps, (width, height))
            if not writer.isOpened():
                raise ValueError(f'cannot write a video to {self.path}; give a folder or a name that ends in .mp4')
            self._writer = writer
        with stage('encoding', 1):
            # A copy in any case: the picture is the caller's, who may draw on it.
            mirrored = cv2.cvtColor(picture[:height, :width], cv2.COLOR_RGB2BGR)
        self._encoding.do(self._encode, mirrored)

    def close(self) -> None:
        """Finish the file and give it its name."""
        try:
            self._encoding.finish()
        finally:
            if self._writer is not None:
                self._writer.release()
        if self._writer is not None:
            os.replace(self._partial, self.path)

    def discard(self) -> None:
        """Remove what there is of the file."""
        self._encoding.drop()
        if self._writer is not None:
            self._writer.release()
            self._partial.unlink(missing_ok=True)

    def _encode(self, picture: np.ndarray) -> None:
        with stage('encoding'):
            self._writer.write(picture)


class PredictionFile:
    """A prediction file; until it is closed, ``<name>.json.part`` holds one JSON object a line for each frame."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._part = path.with_name(f'{path.name}.part')
        self._file = self._part.open('w', encoding='utf-8')

    def add(self, record: Mapping) -> None:
        """Append one image; its arrays may be numpy or lists."""
        self._file.write(json.dumps(record, default=lambda array: array.tolist()) + '\n')
        self._file.flush()

    def close(self) -> None:
        """Write the final file from the lines, one at a time in memory."""
        self._file.close()
        with self._part.open(encoding='utf-8') as lines:
            write_predictions(self.path, map(json.loads, lines))
        self._part.unlink()


def _targets(out: str, sources: list[Source], suffixes: tuple, defaults: tuple) -> list[Path | None]:
    """Output path of each source; names that occur twice get a number."""
    if not out:
        return [None] * len(sources)
    given = Path(out)
    if given.suffix.lower() in suffixes[sources[0].is_video]:
        if len(sources) > 1:
            raise ValueError(f'{out} is one file, but there are {len(sources)} inputs; give a folder')
        paths = [given]
    else:
        names = distinct_names([source.name for source in sources])
        paths = [given / f'{name}{defaults[source.is_video]}' for name, source in zip(names, sources, strict=True)]
    for source, path in zip(sources, paths, strict=True):
        if path.resolve() == Path(source.path).resolve():
            raise ValueError(f'{path} is the input itself; write to another folder')
    return paths

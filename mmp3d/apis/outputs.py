"""Files that the inferencer leaves: pictures or a video, and predictions.

Each appears under its name only when it is whole; what a video has given so far is on disk at any time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np

from mmp3d.apis.encoder_rate import check_encoder_rate
from mmp3d.apis.frames import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from mmp3d.apis.output_names import distinct_names
from mmp3d.apis.sources import Source
from mmp3d.apis.video_pictures import VideoPictures, partial_name
from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.evaluation.predictions import write_predictions
from mmp3d.export.new_file import refuse_folders
from mmp3d.export.read_files import ReadFiles
from mmp3d.side_names import check_name_fits, side_name


class OutputFiles:
    """Writes the pictures and predictions of one source after another.

    Args:
        vis_out_dir: Folder for ``<name>.mp4`` of a video and ``<name>.jpg`` of an image, or, for a single source, a
            file; ``''`` for none.
        pred_out_dir: Folder for ``<name>.json``, or a file likewise.
        sources: All sources of the call.
        given: What else the call reads, by what it is: paths, or objects that tell theirs as ``file``. Others do not
            count.

    Raises:
        ValueError: A file was given for several sources, or for a folder; a file to be written is one that is read, or
            the file system cannot have its name; or no video can have a source's rate.
    """

    def __init__(
        self,
        vis_out_dir: str,
        pred_out_dir: str,
        sources: list[Source],
        given: Mapping[str, Sequence[object]] = MappingProxyType({}),
    ) -> None:
        pictures = _targets('vis_out_dir', vis_out_dir, sources, (IMAGE_SUFFIXES, VIDEO_SUFFIXES), ('.jpg', '.mp4'))
        predictions = _targets('pred_out_dir', pred_out_dir, sources, (('.json',), ('.json',)), ('.json', '.json'))
        _check_rates(pictures, sources)
        read = ReadFiles({'input': filter(os.path.isfile, (source.path for source in sources)), **_paths(given)})
        for target in filter(None, pictures + predictions):
            read.refuse([target, partial_name(target), part_name(target)], 'write to another folder')
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


class PredictionFile:
    """A prediction file; until it is closed, ``<name>.json.part`` holds one JSON object a line for each frame."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._part = part_name(path)
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


def part_name(path: Path) -> Path:
    """Where the lines of a prediction file are until it is whole."""
    return path.with_name(f'{side_name(path.name)}.part')


def check_folder(option: str, folder: Path) -> None:
    """Raise ValueError, naming the option, where files cannot be written to a folder, which need not be there yet."""
    there = next((path for path in (folder, *folder.absolute().parents) if os.path.exists(path)), folder)
    if not there.is_dir():
        raise ValueError(f'{option}: {there} is a file; give a folder')
    if not os.access(there, os.W_OK | os.X_OK):
        raise ValueError(f'{option}: cannot write to the folder {there}; give another one')


def _paths(given: Mapping[str, Sequence[object]]) -> dict[str, list[str | Path]]:
    files = {kind: [getattr(each, 'file', each) for each in values] for kind, values in given.items()}
    return {kind: [each for each in values if isinstance(each, (str, Path))] for kind, values in files.items()}


def _check_rates(pictures: Sequence[Path | None], sources: Sequence[Source]) -> None:
    for path, source in zip(pictures, sources, strict=True):
        if path is not None and source.is_video:
            check_encoder_rate(source.label, source.fps)


def _targets(option: str, out: str, sources: list[Source], suffixes: tuple, defaults: tuple) -> list[Path | None]:
    """Output path of each source; names that occur twice get a number."""
    if not out:
        return [None] * len(sources)
    given = Path(out)
    if given.suffix.lower() in suffixes[sources[0].is_video] and not given.is_dir():
        if len(sources) > 1:
            raise ValueError(f'{out} is one file, but there are {len(sources)} inputs; give a folder')
        paths = [given]
    else:
        names = distinct_names([source.name for source in sources])
        paths = [given / f'{name}{defaults[source.is_video]}' for name, source in zip(names, sources, strict=True)]
    check_folder(option, paths[0].parent)
    for path in paths:
        check_name_fits(path)
    refuse_folders(paths)
    return paths

"""A call of the inferencer for a model that looks at whole clips: frame by frame again what the clips gave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from mmpose.structures import PoseDataSample

from mmp3d.apis.cameras import FrameCamera
from mmp3d.apis.clip_reader import ClipReader, ReaderOptions
from mmp3d.apis.clip_run import ClipRun
from mmp3d.apis.frame_samples import empty_sample, frame_facts
from mmp3d.apis.frames import clips_of, frames_ahead
from mmp3d.apis.given_poses import PoseLookup
from mmp3d.apis.output_names import distinct_names
from mmp3d.apis.sources import Frame, Source
from mmp3d.datasets.report import warn
from mmp3d.geometry.image_shape import check_image_shape

Samples = Iterator[tuple[Frame, PoseDataSample]]


@dataclass(frozen=True)
class ClipCall:
    """One call.

    Args:
        begin: The run of a clip, from its frames, its name and its frames a second.
        cameras: See :class:`ClipReader`, also for ``poses`` and ``options``.
        draws: Frames are wanted with their images, which are read a second time.
    """

    begin: Callable[[ClipReader, str, float], ClipRun]
    cameras: FrameCamera
    poses: PoseLookup
    options: ReaderOptions
    draws: bool

    def samples(self, sources: Sequence[Source]) -> Samples:
        """Each frame and its people.

        A clip that cannot be read, or is too long and thin, gives one frame without image and a warning, unless it is
        the only one; one that ends early gives what it has, with a warning.

        Raises:
            ValueError: The only clip cannot be read or looked at, or there are no images to draw on; names it.
        """
        clips, number = clips_of(sources), 0
        names = distinct_names([_name(clip) for clip in clips])
        for clip, name in zip(clips, names, strict=True):
            if self.draws and not clip[0].is_lasting:
                raise ValueError(f'{name}: pictures need its frames a second time; record them to a file first')
            try:
                reader = ClipReader(clip, self.cameras, self.poses, number, self.options)
                check_image_shape(reader.size, clip[0].label)
            except ValueError as error:
                if len(clips) == 1:
                    raise
                warn(f'{error}; going on with the next input')
                frame = Frame(None, clip[0], error=str(error))
                yield frame, empty_sample(frame)
                number += 1
                continue
            yield from self._of_clip(reader, name, number)
            number += len(reader.frames)

    def _of_clip(self, reader: ClipReader, name: str, number: int) -> Samples:
        run = self.begin(reader, name, reader.sources[0].fps)
        images = frames_ahead(reader.sources) if self.draws else repeat(None)
        # The people first: with them the reader has read all.
        for (frame, people), again in zip(run.people(), images, strict=False):
            facts = dict(frame_facts(frame, number), camera=reader.camera.to_dict(), error=frame.error or None)
            yield again or frame, PoseDataSample(metainfo=facts, pred_instances=people)
            number += 1
        if reader.ended_by is not None:
            warn(f'{name}: ended after {len(reader.frames)} frames: {reader.ended_by}')


def _name(clip: Sequence[Source]) -> str:
    shared = clip[0].clip
    return shared.resolve().name if isinstance(shared, Path) else clip[0].name

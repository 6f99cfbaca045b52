"""One clip through the stages of the whole system, or of one branch alone.

Camera frame, millimetres.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
from mmengine.structures import InstanceData
from torch import nn

from mmp3d.apis.clip_reader import ClipReader
from mmp3d.apis.progress import FrameProgress
from mmp3d.apis.sources import Frame
from mmp3d.datasets.report import warn_once
from mmp3d.export.linking import everybody
from mmp3d.frame_rate import checked_rate
from mmp3d.models.estimators import TwoBranchEstimator
from mmp3d.pipeline import StageStore, TwoBranchNetworks, TwoBranchPipeline, TwoBranchSettings
from mmp3d.pipeline.stage_columns import COUNTS
from mmp3d.pipeline.stage_memory import Arrays, StageMemory

# The pictures of a chunk may take this much memory; of an 8K video a chunk is five frames.
CHUNK_BYTES = 2**29
# What the stages store of a clip: chunks, and what is of all frames.
CHUNK_NUMBER = '-' + 6 * '[0-9]' + '*.npz'
STAGE_FILES = (*(name + CHUNK_NUMBER for name in ('poses2d', 'bottom_up', 'people')), 'tracks.npz', 'lifting.npz')


def clip_pipeline(
    model: nn.Module,
    image_size: tuple[int, int],
    fps: float,
    has_poses: bool,
    batch_size: int | None = None,
) -> TwoBranchPipeline:
    """The stages of a model.

    Args:
        model: ``TwoBranchEstimator``; or ``BottomUpDepthEstimator`` with its config in ``cfg``, which runs alone and
            whose people are tracked, all of them.
        image_size: (width, height) px of the frames.
        fps: Frames a second.
        has_poses: The frames bring their 2D poses, which take the place of the model's own top-down network.
        batch_size: Frames that the bottom-up network sees at a time; None for the model's choice.

    Raises:
        ValueError: ``fps`` cannot be, see :func:`~mmp3d.frame_rate.checked_rate`.
    """
    fps = checked_rate(fps)
    if isinstance(model, TwoBranchEstimator):
        networks, settings = _whole(model.pipeline, has_poses)
    else:
        networks = TwoBranchNetworks(bottom_up=model, bottom_up_pipeline=model.cfg.test_dataloader.dataset.pipeline)
        settings = TwoBranchSettings(branches='bottom_up', tracker=everybody(fps))
    chunk = min(settings.chunk, max(CHUNK_BYTES // (3 * int(np.prod(image_size))), 1))
    return TwoBranchPipeline(networks, replace(settings, chunk=chunk, frame_batch=batch_size or settings.frame_batch))


def _whole(pipeline: TwoBranchPipeline, has_poses: bool) -> tuple[TwoBranchNetworks, TwoBranchSettings]:
    networks, settings = pipeline.networks, pipeline.settings
    if has_poses:
        return networks._replace(top_down=None, detector=None), settings
    if settings.branches != 'bottom_up' and (networks.top_down is None or networks.detector is None):
        warn_once(
            'no 2D poses are given, and the model has no networks that find them: only the bottom-up branch sees '
            'people; give pose2d= (--pose2d FILE), or model.top_down and model.detector in the config'
        )
    return networks, settings


class ClipRun:
    """A clip on its way.

    Args:
        pipeline: See :func:`clip_pipeline`.
        reader: The frames.
        name: Of the clip.
        work_dir: Folder for the outputs of the stages, from which a run that was broken off goes on; None: in memory.
        shown: Show a progress bar.
    """

    def __init__(
        self,
        pipeline: TwoBranchPipeline,
        reader: ClipReader,
        name: str,
        work_dir: str | Path | None = None,
        shown: bool = False,
    ) -> None:
        self.pipeline, self.reader, self.name, self.shown = pipeline, reader, name, shown
        self.store = ShownMemory() if work_dir is None else ShownStore(work_dir)
        self.store.stage = 'bottom_up' if pipeline.uses['bottom_up'] else 'poses2d'

    def people(self) -> Iterator[tuple[Frame, InstanceData]]:
        """Each frame, without its image, and its people by the data contract; the first comes after the last is read.

        Raises:
            ValueError: The first frame cannot be used; later ones end the clip, see :class:`ClipReader`.
        """
        total = sum(map(len, self.reader.sources))
        with FrameProgress(self.name, total, self.shown) as progress:
            self.store.progress = progress
            for number, people in self.pipeline.run(self.reader, self.reader.camera, self.store, self.name):
                yield self.reader.frames[number], people

    def remove_work(self) -> None:
        """Remove what the stages left in the work folder, and the folder if nothing else is in it."""
        if not isinstance(self.store, StageStore):
            return
        folder = self.store.path(f'{self.name}/any').parent
        # Not all that is in it: it may be the folder of the clip's own images.
        for file in chain.from_iterable(map(folder.glob, [*STAGE_FILES, *(f'.{name}.*.part' for name in STAGE_FILES)])):
            with contextlib.suppress(OSError):
                file.unlink()
        for each in (folder, self.store.folder):
            # Not empty, or removed by another process that shares it.
            with contextlib.suppress(OSError):
                each.rmdir()


class _Shown:
    """Says how far a stage is that works by chunks."""

    stage = ''
    progress: FrameProgress | None = None

    def find(self, name: str, key: str) -> Arrays | None:
        """See :meth:`StageMemory.find`."""
        found = super().find(name, key)
        return found if found is None else self._shown(name, found)

    def keep(self, name: str, key: str, found: Arrays) -> Arrays:
        """See :meth:`StageMemory.keep`."""
        return self._shown(name, super().keep(name, key, found))

    def _shown(self, name: str, found: Arrays) -> Arrays:
        if self.progress is not None and name.rpartition('/')[2].startswith(f'{self.stage}-'):
            self.progress.add(len(found[COUNTS]), int(found[COUNTS][-1]))
        return found


class ShownMemory(_Shown, StageMemory):
    """Stage outputs in memory."""


class ShownStore(_Shown, StageStore):
    """Stage outputs in a folder."""

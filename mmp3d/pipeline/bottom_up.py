"""The bottom-up branch on the frames of a chunk, fed with their pictures and with the top-down branch's 2D poses.

Shapes: N people of a frame, K = 17 MuPoTS joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import numpy as np
import torch
from mmengine.dataset import Compose, pseudo_collate
from mmpose.utils.typing import SampleList
from torch import nn

from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.models.estimators import BottomUpDepthEstimator
from mmp3d.pipeline.background import made_ahead, result_of
from mmp3d.pipeline.clip_frames import Chunk
from mmp3d.pipeline.given_people import People2D
from mmp3d.pipeline.stage_columns import no_people
from mmp3d.pipeline.stage_memory import digest
from mmp3d.pipeline.stage_store import module_digest
from mmp3d.stage_profile import stage

BottomUpPeople = Mapping[str, np.ndarray]


class BottomUpBranch:
    """The network and the transforms that its input takes.

    Args:
        network: With its weights, in evaluation mode.
        pipeline: Transforms of an image at test, as in the network's config.
        batch_size: Frames that the network sees at a time.
    """

    def __init__(self, network: BottomUpDepthEstimator, pipeline: Sequence[dict], batch_size: int = 8) -> None:
        self.network, self.batch_size = network, batch_size
        self._transforms = list(pipeline)
        self._pipeline = Compose(self._transforms)

    def start(
        self, chunk: Chunk, poses: Sequence[People2D] | None, camera: Camera, helper: Executor
    ) -> Callable[[], list[BottomUpPeople]]:
        """See :class:`~mmp3d.pipeline.clip_stages.BottomUpFinder`."""
        parts = []
        # In a thread of its own: behind the people of the batch before, the network would wait for its input.
        for places, data in made_ahead(self._batches(chunk, poses, camera)):
            with torch.inference_mode(), stage('bottom-up network', len(places)):
                people = self.network.start_test(data)
            parts.append((places, helper.submit(_columns, people, len(places))))
        return partial(_by_place, len(chunk.frames), parts)

    def digest(self) -> str:
        """Digest of the network and its transforms."""
        return digest('bottom_up', module_digest(self.network), self._transforms)

    def _batches(
        self, chunk: Chunk, poses: Sequence[People2D] | None, camera: Camera
    ) -> Iterator[tuple[list[int], dict]]:
        """Places in the chunk and the network's input, images of one size at a time."""
        for places in chunk.batches(self.batch_size):
            with stage('bottom-up input', len(places)):
                items = pseudo_collate([self._item(chunk, place, poses, camera) for place in places])
                with _on_device_of(self.network):
                    data = self.network.data_preprocessor(items, False)
            yield places, data

    def _item(self, chunk: Chunk, place: int, poses: Sequence[People2D] | None, camera: Camera) -> dict:
        frame = chunk.frames[place]
        item = dict(
            img=chunk.images[place],
            img_path=frame.stamp,
            frame_id=frame.frame_id,
            camera=camera,
            flip_indices=MUPOTS17.flip_indices.tolist(),
        )
        if poses is not None:
            item['input_keypoints'] = poses[place]['keypoints']
            item['input_keypoint_scores'] = poses[place]['keypoint_scores']
        return self._pipeline(item)


def _on_device_of(network: nn.Module) -> AbstractContextManager:
    """A thread begins with the first GPU, whichever one the process has chosen."""
    device = next(network.parameters()).device
    return torch.cuda.device(device) if device.type == 'cuda' else nullcontext()


@torch.inference_mode()
def _columns(people: Callable[[], SampleList], count: int) -> list[BottomUpPeople]:
    """What is kept of the people of each frame of a batch."""
    with stage('bottom-up decoding', count):
        samples = people()
        return [{name: np.asarray(s.pred_instances[name], np.float32) for name in no_people()} for s in samples]


def _by_place(count: int, parts: list[tuple[list[int], Future]]) -> list[BottomUpPeople]:
    """The people of ``count`` frames, when all batches are done."""
    found = [no_people() for _ in range(count)]
    for places, future in parts:
        for place, people in zip(places, result_of(future), strict=True):
            found[place] = people
    return found

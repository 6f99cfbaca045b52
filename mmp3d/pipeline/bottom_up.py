"""The bottom-up branch on the frames of a chunk, fed with their pictures and with the top-down branch's 2D poses.

Shapes: N people of a frame, K = 17 MuPoTS joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmengine.dataset import Compose, pseudo_collate

from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.models.estimators import BottomUpDepthEstimator
from mmp3d.pipeline.clip_frames import Chunk
from mmp3d.pipeline.given_people import People2D
from mmp3d.pipeline.stage_columns import no_people
from mmp3d.pipeline.stage_memory import digest
from mmp3d.pipeline.stage_store import module_digest

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

    def find(self, chunk: Chunk, poses: Sequence[People2D] | None, camera: Camera) -> list[BottomUpPeople]:
        """See :class:`~mmp3d.pipeline.clip_stages.BottomUpFinder`."""
        found = [no_people() for _ in chunk.frames]
        for places in chunk.batches(self.batch_size):
            items = [self._item(chunk, place, poses, camera) for place in places]
            with torch.inference_mode():
                samples = self.network.test_step(pseudo_collate(items))
            for place, sample in zip(places, samples, strict=True):
                found[place] = {name: np.asarray(sample.pred_instances[name], np.float32) for name in found[place]}
        return found

    def digest(self) -> str:
        """Digest of the network and its transforms."""
        return digest('bottom_up', module_digest(self.network), self._transforms)

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

"""The top-down branch in 2D: crops in, all their people on the image out.

Shapes: B crops, N people of a crop, K joints, H W pixels of the input.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.structures import InstanceData
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils.typing import InstanceList, PixelDataList, SampleList
from torch import Tensor

from mmp3d.geometry.boxes import joint_extents
from mmp3d.geometry.crop import input_to_image


@MODELS.register_module()
class MultiPersonTopDownEstimator(TopdownPoseEstimator):
    """mmpose's top-down estimator with any number of people in a crop (paper, section 3.1).

    Args:
        patch_size: Fold the image into squares of this side, as channels, before the backbone: ``in_channels`` is then
            3 * patch_size ** 2. For a backbone without a stem.
        **kwargs: Those of ``TopdownPoseEstimator``. ``test_cfg`` takes ``flip_test`` and ``output_heatmaps``.
    """

    def __init__(self, *args, patch_size: int = 1, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.patch_size = patch_size

    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Feature maps of (B, 3, H, W) normalised crops.

        Raises:
            ValueError: H or W is no multiple of ``patch_size``.
        """
        if any(side % self.patch_size for side in inputs.shape[-2:]):
            raise ValueError(
                f'input of {inputs.shape[-1]} x {inputs.shape[-2]} px must be a multiple of patch_size '
                f'{self.patch_size}; set input_size of the crop accordingly'
            )
        inputs = F.pixel_unshuffle(inputs, self.patch_size)
        return super().extract_feat(inputs.contiguous(memory_format=torch.channels_last))

    def add_pred_to_datasample(
        self,
        batch_pred_instances: InstanceList,
        batch_pred_fields: PixelDataList | None,
        batch_data_samples: SampleList,
    ) -> SampleList:
        """Bring each crop's people to the image, as ``pred_instances`` of its sample; the box's own person is first.

        ``keypoints`` (N, K, 2) px of the image, ``keypoint_scores`` and ``keypoints_visible`` (N, K) in [0, 1],
        ``bboxes`` (N, 4): the box for its own person, the joints' extent for the others; ``bbox_scores`` (N,): the
        box's score times the mean score of the joints; ``track_ids`` (N,) -1 and ``source`` (N,) 'td'. Heatmaps go to
        ``pred_fields``. A sample with ``own_person_only`` (mmpose's inferencer) gets its own person alone.
        """
        for people, sample in zip(batch_pred_instances, batch_data_samples, strict=True):
            sample.pred_instances = _on_image(people, sample)
        for fields, sample in zip(batch_pred_fields or (), batch_data_samples, strict=False):
            sample.pred_fields = fields
        return batch_data_samples


def _on_image(people: InstanceData, sample: PoseDataSample) -> InstanceData:
    meta = sample.metainfo
    if meta.get('own_person_only', False):
        people = people[:1]
    keypoints = input_to_image(people.keypoints, meta).astype(np.float32)
    boxes = joint_extents(keypoints, people.keypoint_scores)
    boxes[:1] = meta['crop_box']
    return InstanceData(
        keypoints=keypoints,
        keypoint_scores=people.keypoint_scores,
        keypoints_visible=people.keypoint_scores,
        bboxes=boxes,
        bbox_scores=(people.bbox_scores * meta.get('crop_score', 1.0)).astype(np.float32),
        track_ids=np.full(len(people), -1),
        source=np.full(len(people), 'td', dtype='<U4'),
    )

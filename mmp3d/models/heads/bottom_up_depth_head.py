"""The bottom-up head: joint heatmaps, ID tags, relative depth and root depth from one feature map.

Shapes: B images, N people, K joints, H W map cells, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.structures import InstanceData
from mmpose.models.heads.base_head import BaseHead
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.utils.typing import ConfigType, OptConfigType, SampleList
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from mmp3d.codecs.cells import cells_to_pixels, read_cells, refined_cells, window_cells
from mmp3d.codecs.heatmaps import resized
from mmp3d.models.lifters.pose_refiner import MeasuredPeople, RefinerTargets

# How far from a labelled joint its peak is looked for, cells.
PEAK_RADIUS = 3


class BottomUpMaps(NamedTuple):
    """The four outputs of the bottom-up network (paper, section 3.2).

    ``heatmaps`` (B, K, H, W), ``tags`` (B, K, L, H, W) with L = 1 (2 after a flip test), ``relative_depths``
    (B, K, H, W) and ``root_depths`` (B, 1, H, W), depths in the codec's network units.
    """

    heatmaps: Tensor
    tags: Tensor
    relative_depths: Tensor
    root_depths: Tensor

    def merged_with_flipped(self, flipped: BottomUpMaps, flip_indices: Sequence[int]) -> BottomUpMaps:
        """Average with the maps of the mirrored image; tags are stacked, since their values are arbitrary."""
        indices = list(flip_indices)
        return BottomUpMaps(
            heatmaps=(self.heatmaps + flipped.heatmaps.flip(-1)[:, indices]) / 2,
            tags=torch.cat([self.tags, flipped.tags.flip(-1)[:, indices]], dim=2),
            relative_depths=(self.relative_depths + flipped.relative_depths.flip(-1)[:, indices]) / 2,
            root_depths=(self.root_depths + flipped.root_depths.flip(-1)) / 2,
        )


@MODELS.register_module()
class BottomUpDepthHead(BaseHead):
    """K heatmaps, K tag maps, K relative-depth maps and one root-depth map.

    Args:
        in_channels: Channels of the backbone's finest feature map.
        num_keypoints: K.
        feature_stride: Input px per cell of that map. With the decoder's stride it gives the upsampling.
        hidden_channels: Widths of 3x3 convolutions before the last, 1x1 one.
        residual_heatmaps: Add the input heatmaps to the output ones, so that the network learns the correction.
        tag_distance: Add a cell's horizontal place, in units of this many input px, to its tags: people side by side
            then differ from the start, and a short training only has to draw each person's tags together. None: tags
            from the network alone, as in the paper.
        heatmap_loss: mmpose heatmap loss (eq. 1 for the bottom-up branch).
        peak_weight: The heatmap loss of a cell is multiplied by 1 + this * its target, against the background's
            majority. 0 is the plain L2.
        tag_loss: Loss of the tags read at the joints.
        relative_depth_loss: Eq. 2 for joints but the root.
        root_depth_loss: Eq. 2 for the root.
        refiner: Config of a network that corrects a person's joints and depths from the pose as a whole; None: as they
            were read (paper).
        decoder: Config of the ``AssociativeEmbeddingDepth`` codec.
        init_cfg: Initialisation; by default a small normal. Tags that start all alike would not be pushed apart.
    """

    _version = 1

    def __init__(
        self,
        in_channels: int,
        decoder: ConfigType,
        num_keypoints: int = 17,
        feature_stride: int = 4,
        hidden_channels: Sequence[int] = (),
        residual_heatmaps: bool = True,
        tag_distance: float | None = None,
        heatmap_loss: OptConfigType = None,
        peak_weight: float = 0.0,
        tag_loss: OptConfigType = None,
        relative_depth_loss: OptConfigType = None,
        root_depth_loss: OptConfigType = None,
        refiner: OptConfigType = None,
        init_cfg: OptConfigType = None,
    ) -> None:
        if init_cfg is None:
            init_cfg = [
                dict(type='Normal', layer='Conv2d', std=0.01),
                dict(type='Constant', layer='BatchNorm2d', val=1),
            ]
        super().__init__(init_cfg)
        self.codec = KEYPOINT_CODECS.build(decoder)
        if feature_stride % self.codec.stride:
            raise ValueError(f'feature_stride {feature_stride} must be a multiple of the stride {self.codec.stride}')
        self.num_keypoints = num_keypoints
        self.upsampling = feature_stride // self.codec.stride
        self.residual_heatmaps = residual_heatmaps
        self.tag_distance = tag_distance
        self.peak_weight = peak_weight
        layers = []
        for width in hidden_channels:
            layers.append(ConvModule(in_channels, width, 3, padding=1, norm_cfg=dict(type='BN')))
            in_channels = width
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Conv2d(in_channels, (3 * num_keypoints + 1) * self.upsampling**2, 1)
        self.heatmap_loss = MODELS.build(heatmap_loss or dict(type='KeypointMSELoss'))
        self.tag_loss = MODELS.build(tag_loss or dict(type='BatchedAssociativeEmbeddingLoss', loss_weight=0.001))
        self.relative_depth_loss = MODELS.build(relative_depth_loss or dict(type='DepthLoss'))
        self.root_depth_loss = MODELS.build(root_depth_loss or dict(type='DepthLoss'))
        self.refiner = MODELS.build(refiner) if refiner else None

    def forward(self, feats: tuple[Tensor, ...], person_heatmaps: Tensor | None = None) -> BottomUpMaps:
        """Maps from features.

        Args:
            feats: Feature maps, the finest last or only: (B, C, h, w).
            person_heatmaps: (B, K, H', W') input heatmaps on the image grid at any resolution.
        """
        features = self.hidden(feats[-1])
        # Tags and depths need more than the eight bits of bfloat16.
        with torch.autocast(features.device.type, enabled=False):
            maps = F.pixel_shuffle(self.output(features.float()), self.upsampling)
        joints = self.num_keypoints
        heatmaps, tags, relative, root = maps.split((joints, joints, joints, 1), dim=1)
        if self.residual_heatmaps and person_heatmaps is not None:
            heatmaps = heatmaps + resized(person_heatmaps, heatmaps.shape[-2:]).to(heatmaps)
        if self.tag_distance:
            columns = torch.arange(tags.shape[-1], device=tags.device, dtype=tags.dtype)
            tags = tags + cells_to_pixels(columns, self.codec.stride) / self.tag_distance
        return BottomUpMaps(heatmaps, tags[:, :, None], relative, root)

    def predict(self, maps: BottomUpMaps) -> list[InstanceData]:
        """People of each image; see ``AssociativeEmbeddingDepth.decode``."""
        images = [self.codec.decode(*image_maps) for image_maps in zip(*maps, strict=True)]
        return images if self.refiner is None else self._refined(images, maps)

    def loss(self, maps: BottomUpMaps, batch_data_samples: SampleList) -> dict:
        """``loss_heatmap``, ``loss_pull``, ``loss_push``, ``loss_relative_depth`` and ``loss_root_depth``.

        With a refiner also :meth:`refiner_loss`.
        """
        labels = _padded_labels(batch_data_samples)
        cells = labels['keypoint_indices']
        tags = read_cells(maps.tags.flatten(2, 3), cells[..., None])
        pull, push = self.tag_loss(tags, labels['keypoint_weights'])
        height, width = maps.heatmaps.shape[-2:]
        window = window_cells(cells, self.codec.depth_radius, width, height)
        refined = {} if self.refiner is None else self._refiner_loss(maps, labels)
        return dict(
            loss_heatmap=self._heatmap_loss(maps.heatmaps, batch_data_samples),
            loss_pull=pull,
            loss_push=push,
            loss_relative_depth=self._depth_loss(
                self.relative_depth_loss, maps.relative_depths, window, labels, 'relative_depth'
            ),
            loss_root_depth=self._depth_loss(self.root_depth_loss, maps.root_depths, window, labels, 'root_depth'),
            **refined,
        )

    def refiner_loss(self, maps: BottomUpMaps, batch_data_samples: SampleList) -> dict:
        """Losses of the refiner on the labelled people, with the joints and depths that the maps give for them.

        The maps get no gradient from it: what they say is learnt by their own losses.
        """
        return self._refiner_loss(maps, _padded_labels(batch_data_samples))

    def _refiner_loss(self, maps: BottomUpMaps, labels: dict) -> dict:
        maps = BottomUpMaps(*(values.detach().float() for values in maps))
        measured = self._measured(maps, labels)
        depths = self.codec.depths
        known_root, at_joint = labels['root_depth_weights'].max(dim=-1)
        known_root = known_root > 0
        root = depths.root_from_network(labels['root_depths'].gather(-1, at_joint[..., None])[..., 0])
        targets = RefinerTargets(
            labels['keypoint_positions'],
            labels['keypoint_weights'],
            depths.relative_to_root(labels['relative_depths']),
            depths.known_to_root(labels['relative_depth_weights']) & known_root[..., None],
            root * known_root,
        )
        # The others would be dropped when they are decoded.
        people = measured.found.sum(dim=-1) >= self.codec.min_joints
        chosen = (type(group)(*(values[people] for values in group)) for group in (measured, targets))
        return self.refiner.loss(*chosen, self._centre(maps))

    def _measured(self, maps: BottomUpMaps, labels: dict) -> MeasuredPeople:
        """The labelled people (B, N, ...) as the maps show them: the highest peak near each labelled joint."""
        height, width = maps.heatmaps.shape[-2:]
        window = window_cells(labels['keypoint_indices'], PEAK_RADIUS, width, height)
        scores, best = read_cells(maps.heatmaps, window).max(dim=-1)
        cells = window.gather(-1, best[..., None])
        around = read_cells(maps.heatmaps, window_cells(cells[..., 0], 1, width, height))
        keypoints = cells_to_pixels(refined_cells(cells[..., 0], around, width, height), self.codec.stride)
        found = (labels['keypoint_weights'] > 0) & (scores > self.codec.score_threshold)
        read = (
            read_cells(maps.relative_depths, cells)[..., 0],
            read_cells(maps.root_depths, cells.flatten(2)[:, :, None])[:, :, 0],
        )
        return MeasuredPeople(keypoints, found, *self.codec.depths.read(*read, scores, found))

    def _refined(self, images: list[InstanceData], maps: BottomUpMaps) -> list[InstanceData]:
        for people in images:
            arrays = (people.keypoints, people.keypoint_scores > 0, people.relative_depths, people.root_depths)
            measured = MeasuredPeople(*(torch.from_numpy(array).to(maps.heatmaps.device) for array in arrays))
            refined = (values.detach().cpu().numpy() for values in self.refiner(measured, self._centre(maps)))
            people.keypoints, people.relative_depths, people.root_depths = refined
        return images

    def _centre(self, maps: BottomUpMaps) -> Tensor:
        height, width = maps.heatmaps.shape[-2:]
        return torch.tensor([width, height], device=maps.heatmaps.device) * self.codec.stride / 2

    def _heatmap_loss(self, heatmaps: Tensor, samples: SampleList) -> Tensor:
        target = torch.stack([sample.gt_fields.heatmaps for sample in samples])
        mask = torch.stack([sample.gt_fields.heatmap_mask for sample in samples]).to(target)
        annotated = np.stack([sample.metainfo['joints_annotated'] for sample in samples])
        weights = mask * torch.from_numpy(annotated).to(target)[..., None, None]
        if self.peak_weight:
            weights = weights * (1 + self.peak_weight * target)
        return self.heatmap_loss(heatmaps.float(), target, mask=weights)

    @staticmethod
    def _depth_loss(loss: nn.Module, maps: Tensor, window: Tensor, labels: dict, name: str) -> Tensor:
        # The one root map is read at all joints: folded into the last axis, it need not be repeated for each.
        cells = window if maps.shape[1] > 1 else window.flatten(2)[:, :, None]
        prediction = read_cells(maps, cells).view(window.shape)
        target = labels[f'{name}s'][..., None].expand_as(prediction)
        weights = labels[f'{name}_weights'][..., None].expand_as(prediction)
        return loss(prediction, target, weights)


def _padded_labels(samples: SampleList) -> dict:
    """The samples' (N, K) labels as (B, max N, K); padding has weight 0."""
    names = samples[0].gt_instance_labels.keys()
    return {
        name: pad_sequence([sample.gt_instance_labels[name] for sample in samples], batch_first=True) for name in names
    }

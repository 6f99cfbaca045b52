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

from mmp3d.codecs.associative_embedding_depth import AssociativeEmbeddingDepth
from mmp3d.codecs.cells import cells_to_pixels, read_cells, window_cells
from mmp3d.codecs.heatmaps import resized
from mmp3d.models.heads.sample_targets import heatmap_targets, padded_labels
from mmp3d.models.lifters.measured_people import MeasuredPeople


class BottomUpMaps(NamedTuple):
    """The four outputs of the bottom-up network (paper, section 3.2).

    ``heatmaps`` (B, K, H, W), ``tags`` (B, K, L, H, W) with L = 1 (2 after a flip test), ``relative_depths``
    (B, K, H, W) and ``root_depths`` (B, 1, H, W), depths in the codec's network units.
    """

    heatmaps: Tensor
    tags: Tensor
    relative_depths: Tensor
    root_depths: Tensor

    def with_flipped_tags(self, flipped_tags: Tensor, flip_indices: Sequence[int]) -> BottomUpMaps:
        """Stack the (B, K, 1, H, W) tags of the mirrored image beside the own; all else stays."""
        return self._replace(tags=torch.cat([self.tags, flipped_tags.flip(-1)[:, list(flip_indices)]], dim=2))

    def merged_with_flipped(self, flipped: BottomUpMaps, flip_indices: Sequence[int]) -> BottomUpMaps:
        """Average with the maps of the mirrored image; tags are stacked, since their values are arbitrary."""
        indices = list(flip_indices)
        return BottomUpMaps(
            heatmaps=(self.heatmaps + flipped.heatmaps.flip(-1)[:, indices]) / 2,
            tags=self.with_flipped_tags(flipped.tags, indices).tags,
            relative_depths=(self.relative_depths + flipped.relative_depths.flip(-1)[:, indices]) / 2,
            root_depths=(self.root_depths + flipped.root_depths.flip(-1)) / 2,
        )


def decoded_images(codec: AssociativeEmbeddingDepth, maps: BottomUpMaps) -> list[InstanceData]:
    """People of each image of a batch; see ``AssociativeEmbeddingDepth.decode``."""
    return [codec.decode(*image_maps) for image_maps in zip(*maps, strict=True)]


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
        refiner: Config of a network that corrects people's joints and depths from their poses as a whole; None: as they
            were read (paper). It is trained by ``PoseRefinementEstimator``, not with the maps.
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
        self.refiner = MODELS.build(refiner).requires_grad_(False) if refiner else None

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

    def tag_maps(self, feats: tuple[Tensor, ...], person_heatmaps: Tensor | None = None) -> Tensor:
        """(B, K, 1, H, W) the tags of :meth:`forward`; one layer gives all maps, so that nothing is saved."""
        return self(feats, person_heatmaps).tags

    def predict(self, maps: BottomUpMaps) -> list[InstanceData]:
        """People of each image; see ``AssociativeEmbeddingDepth.decode``.

        With a refiner, ``bbox_scores`` are the probabilities that there is such a person, and ``root_errors`` (N,) the
        errors to expect of the root depths' logarithms.
        """
        # Places and depths are read from the maps in float32 whatever the network computed in.
        with torch.autocast(maps.heatmaps.device.type, enabled=False):
            images = self.measure(maps)
            return images if self.refiner is None else self._refined(images, maps)

    def measure(self, maps: BottomUpMaps) -> list[InstanceData]:
        """People of each image as the maps show them, before the refiner; see ``AssociativeEmbeddingDepth.decode``."""
        return decoded_images(self.codec, maps)

    def loss(self, maps: BottomUpMaps, batch_data_samples: SampleList) -> dict:
        """``loss_heatmap``, ``loss_pull``, ``loss_push``, ``loss_relative_depth`` and ``loss_root_depth``."""
        labels = padded_labels(batch_data_samples)
        cells = labels['keypoint_indices']
        tags = read_cells(maps.tags.flatten(2, 3), cells[..., None])
        pull, push = self.tag_loss(tags, labels['keypoint_weights'])
        height, width = maps.heatmaps.shape[-2:]
        window = window_cells(cells, self.codec.depth_radius, width, height)
        return dict(
            loss_heatmap=self._heatmap_loss(maps.heatmaps, batch_data_samples),
            loss_pull=pull,
            loss_push=push,
            loss_relative_depth=self._depth_loss(
                self.relative_depth_loss, maps.relative_depths, window, labels, 'relative_depth'
            ),
            loss_root_depth=self._depth_loss(self.root_depth_loss, maps.root_depths, window, labels, 'root_depth'),
        )

    def _refined(self, images: list[InstanceData], maps: BottomUpMaps) -> list[InstanceData]:
        measured = _measured(images, maps.heatmaps.device)
        height, width = maps.heatmaps.shape[-2:]
        size = torch.tensor([width, height], device=maps.heatmaps.device) * self.codec.stride
        refined = self.refiner(measured, size)
        for index, people in enumerate(images):
            kept = (values[index, : len(people)].detach().cpu().numpy() for values in refined)
            people.keypoints, people.relative_depths, people.root_depths, errors, logits = kept
            people.set_field(errors, 'root_errors')
            people.bbox_scores = 1 / (1 + np.exp(-logits))
        return images

    def _heatmap_loss(self, heatmaps: Tensor, samples: SampleList) -> Tensor:
        target, weights = heatmap_targets(samples, self.peak_weight)
        return self.heatmap_loss(heatmaps.float(), target, mask=weights)

    @staticmethod
    def _depth_loss(loss: nn.Module, maps: Tensor, window: Tensor, labels: dict, name: str) -> Tensor:
        # The one root map is read at all joints: folded into the last axis, it need not be repeated for each.
        cells = window if maps.shape[1] > 1 else window.flatten(2)[:, :, None]
        prediction = read_cells(maps, cells).view(window.shape)
        target = labels[f'{name}s'][..., None].expand_as(prediction)
        weights = labels[f'{name}_weights'][..., None].expand_as(prediction)
        return loss(prediction, target, weights)


def _measured(images: list[InstanceData], device: torch.device) -> MeasuredPeople:
    """The people of several images, padded to the greatest number."""

    def padded(name: str) -> Tensor:
        return pad_sequence([torch.from_numpy(people[name]) for people in images], batch_first=True).to(device)

    counts = torch.tensor([len(people) for people in images], device=device)
    root_depths = padded('root_depths')
    present = torch.arange(root_depths.shape[1], device=device) < counts[:, None]
    return MeasuredPeople(
        keypoints=padded('keypoints'),
        scores=padded('keypoint_scores'),
        relative_depths=padded('relative_depths'),
        root_depths=root_depths.masked_fill(~present, 1),
        present=present,
    )

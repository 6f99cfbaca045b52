"""The top-down head: joint heatmaps of all people in a crop, and ID tags that tell them apart.

Shapes: B crops, N people of a crop, K joints, L tag dimensions, H W map cells.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.models.heads import HeatmapHead
from mmpose.registry import MODELS
from mmpose.utils.typing import ConfigType, Features, InstanceList, OptConfigType, SampleList
from torch import Tensor

from mmp3d.codecs.cells import cells_to_pixels, read_cells
from mmp3d.geometry.crop import image_to_input
from mmp3d.models.heads.sample_targets import heatmap_targets, padded_labels
from mmp3d.stage_profile import stage

Maps = tuple[Tensor, Tensor | None]


@MODELS.register_module()
class MultiPersonTopDownHead(HeatmapHead):
    """mmpose's ``HeatmapHead`` for all people of an enlarged box (paper, section 3.1, eq. 1).

    Args:
        in_channels: Channels of the backbone's last feature map.
        decoder: Config of the ``MultiPersonHeatmap`` codec. With its ``multi_person=False`` the head has no tag maps
            and learns the box's own person alone: the paper's baseline.
        num_keypoints: K.
        deconv_out_channels: Channels of deconvolutions, each of which doubles the resolution; None: none, for a
            backbone such as HRNet whose map has the codec's stride.
        deconv_kernel_sizes: Their kernels.
        tag_distance: Add a cell's horizontal place, in units of this many input px, to its tags: people side by side
            then differ from the start, and a short training only has to draw each person's tags together. None: tags
            from the network alone, as in the paper.
        heatmap_loss: mmpose heatmap loss, by default eq. 1.
        peak_weight: The heatmap loss of a cell is multiplied by 1 + this * its target, against the background's
            majority. 0 is the plain L2 of eq. 1.
        tag_loss: Loss of the tags read at the joints.
        init_cfg: Initialisation; by default a small normal. Tags that start all alike would not be pushed apart.
        **kwargs: Those of ``HeatmapHead``: ``conv_out_channels``, ``conv_kernel_sizes``, ``final_layer``.
    """

    def __init__(
        self,
        in_channels: int,
        decoder: ConfigType,
        num_keypoints: int = 17,
        deconv_out_channels: Sequence[int] | None = None,
        deconv_kernel_sizes: Sequence[int] | None = None,
        tag_distance: float | None = None,
        heatmap_loss: OptConfigType = None,
        peak_weight: float = 0.0,
        tag_loss: OptConfigType = None,
        init_cfg: OptConfigType = None,
        **kwargs,
    ) -> None:
        multi_person = decoder.get('multi_person', True)
        if init_cfg is None:
            init_cfg = [
                dict(type='Normal', layer=['Conv2d', 'ConvTranspose2d'], std=0.01),
                dict(type='Constant', layer='BatchNorm2d', val=1),
            ]
        super().__init__(
            in_channels=in_channels,
            out_channels=num_keypoints * (1 + multi_person),
            deconv_out_channels=deconv_out_channels,
            deconv_kernel_sizes=deconv_kernel_sizes,
            loss=heatmap_loss or dict(type='KeypointMSELoss'),
            decoder=decoder,
            init_cfg=init_cfg,
            **kwargs,
        )
        self.num_keypoints = num_keypoints
        self.multi_person = multi_person
        self.tag_distance = tag_distance
        self.peak_weight = peak_weight
        self.tag_loss = MODELS.build(tag_loss or dict(type='BatchedAssociativeEmbeddingLoss', loss_weight=0.001))

    def forward(self, feats: tuple[Tensor, ...]) -> Maps:
        """(B, K, H, W) heatmaps and (B, K, 1, H, W) tags (None for the single-person baseline) from feature maps."""
        maps = super().forward(feats)
        if not self.multi_person:
            return maps, None
        heatmaps, tags = maps.split(self.num_keypoints, dim=1)
        if self.tag_distance:
            columns = torch.arange(tags.shape[-1], device=tags.device, dtype=tags.dtype)
            tags = tags + cells_to_pixels(columns, self.decoder.stride) / self.tag_distance
        return heatmaps, tags[:, :, None]

    def loss(self, feats: tuple[Tensor, ...], batch_data_samples: SampleList, train_cfg: OptConfigType = None) -> dict:
        """``loss_heatmap`` (eq. 1) and, with several people, ``loss_pull`` and ``loss_push``; ``train_cfg`` is unused.

        Raises:
            ValueError: The maps have another size than the targets.
        """
        heatmaps, tags = self.forward(feats)
        labels = padded_labels(batch_data_samples)
        target, weights = heatmap_targets(batch_data_samples, self.peak_weight)
        if heatmaps.shape != target.shape:
            raise ValueError(
                f'the head gives maps of {tuple(heatmaps.shape[1:])} and the codec of {tuple(target.shape[1:])} '
                '(joints, height, width); make num_keypoints, the stride of the codec and the deconvolutions fit'
            )
        if not self.multi_person:
            # As every single-person head learns: a joint without a label may be anywhere.
            weights = weights * (labels['keypoint_weights'][:, 0] > 0)[..., None, None]
        losses = dict(loss_heatmap=self.loss_module(heatmaps.float(), target, mask=weights))
        if self.multi_person:
            at_joints = read_cells(tags.flatten(2, 3), labels['keypoint_indices'][..., None])
            losses['loss_pull'], losses['loss_push'] = self.tag_loss(at_joints, labels['keypoint_weights'])
        return losses

    def predict(
        self, feats: Features, batch_data_samples: SampleList, test_cfg: OptConfigType = None
    ) -> InstanceList | tuple[InstanceList, list[PixelData]]:
        """People of each crop in input px, the box's own person first; see ``MultiPersonHeatmap.decode``.

        Args:
            feats: Feature maps; with ``flip_test`` a list of those of the crops and of the mirrored crops.
            batch_data_samples: Their metainfo gives the box and the crop, see ``PersonCrop``. A crop that is not to be
                used (``crop_unusable``, ``img_unreadable``) has nobody in it.
            test_cfg: ``flip_test`` and ``output_heatmaps``: also return the heatmaps (K, H, W) of each crop.
        """
        test_cfg = test_cfg or {}
        if test_cfg.get('flip_test', False):
            heatmaps, tags = self.flip_merged(feats, list(batch_data_samples[0].metainfo['flip_indices']))
        else:
            heatmaps, tags = self.forward(feats)
        with stage('grouping', len(heatmaps)):
            people = [
                self._decoded(sample, crop_heatmaps, None if tags is None else tags[index])
                for index, (sample, crop_heatmaps) in enumerate(zip(batch_data_samples, heatmaps, strict=True))
            ]
        if not test_cfg.get('output_heatmaps', False):
            return people
        return people, [PixelData(heatmaps=crop_heatmaps) for crop_heatmaps in heatmaps.detach()]

    def flip_merged(self, feats: list[tuple[Tensor, ...]], flip_indices: list[int]) -> Maps:
        """Mean heatmaps of crops' and mirrored crops' features; tags of both, stacked: their values are arbitrary."""
        (heatmaps, tags), (flipped, flipped_tags) = (self.forward(each) for each in feats)
        heatmaps = (heatmaps + flipped.flip(-1)[:, flip_indices]) / 2
        if tags is not None:
            tags = torch.cat([tags, flipped_tags.flip(-1)[:, flip_indices]], dim=2)
        return heatmaps, tags

    def _decoded(self, sample, heatmaps: Tensor, tags: Tensor | None) -> InstanceData:
        meta = sample.metainfo
        box = np.asarray(meta['crop_box'], np.float64).reshape(2, 2)
        people = self.decoder.decode(heatmaps, tags, image_to_input(box, meta).ravel())
        usable = not (meta.get('crop_unusable', False) or meta.get('img_unreadable', False))
        return people if usable else people[:0]

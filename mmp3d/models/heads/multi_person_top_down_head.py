"""The top-down head: joint heatmaps of all people in a crop, and ID tags that tell them apart.

Shapes: B crops, N people of a crop, K joints, L tag dimensions, H W map cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

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
from mmp3d.pipeline.stage_profile import stage


class CropMaps(NamedTuple):
    """(B, K, H, W) heatmaps, (B, K, L, H, W) tags and (B, K, H, W) heatmaps of the boxes' own people, or None."""

    heatmaps: Tensor
    tags: Tensor | None = None
    own_heatmaps: Tensor | None = None


@MODELS.register_module()
class MultiPersonTopDownHead(HeatmapHead):
    """mmpose's ``HeatmapHead`` for all people of an enlarged box (paper, section 3.1, eq. 1).

    Args:
        in_channels: Channels of the backbone's last feature map.
        decoder: Config of the ``MultiPersonHeatmap`` codec. With its ``multi_person=False`` the head has no tag maps
            and learns the box's own person alone: the paper's baseline; with ``own_heatmaps=True`` it has maps of him
            besides those of all people.
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
        multi_person, own_heatmaps = decoder.get('multi_person', True), decoder.get('own_heatmaps', False)
        if init_cfg is None:
            init_cfg = [
                dict(type='Normal', layer=['Conv2d', 'ConvTranspose2d'], std=0.01),
                dict(type='Constant', layer='BatchNorm2d', val=1),
            ]
        super().__init__(
            in_channels=in_channels,
            out_channels=num_keypoints * (1 + multi_person + own_heatmaps),
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

    def forward(self, feats: tuple[Tensor, ...]) -> CropMaps:
        """Maps of feature maps; L = 1."""
        maps = super().forward(feats)
        if not self.multi_person:
            return CropMaps(maps)
        heatmaps, tags, *own = maps.split(self.num_keypoints, dim=1)
        if self.tag_distance:
            columns = torch.arange(tags.shape[-1], device=tags.device, dtype=tags.dtype)
            tags = tags + cells_to_pixels(columns, self.decoder.stride) / self.tag_distance
        return CropMaps(heatmaps, tags[:, :, None], *own)

    def loss(self, feats: tuple[Tensor, ...], batch_data_samples: SampleList, train_cfg: OptConfigType = None) -> dict:
        """``loss_heatmap`` (eq. 1) and, with several people, ``loss_pull`` and ``loss_push``; ``train_cfg`` is unused.

        With ``own_heatmaps`` also ``loss_own_heatmap``, eq. 1 of the own person alone.

        Raises:
            ValueError: The maps have another size than the targets.
        """
        heatmaps, tags, own_heatmaps = self.forward(feats)
        labels = padded_labels(batch_data_samples)
        losses = dict(loss_heatmap=self._heatmap_loss(heatmaps, batch_data_samples, 'heatmaps', not self.multi_person))
        if own_heatmaps is not None:
            losses['loss_own_heatmap'] = self._heatmap_loss(own_heatmaps, batch_data_samples, 'own_heatmaps', True)
        if self.multi_person:
            at_joints = read_cells(tags.flatten(2, 3), labels['keypoint_indices'][..., None])
            losses['loss_pull'], losses['loss_push'] = self.tag_loss(at_joints, labels['keypoint_weights'])
        return losses

    def _heatmap_loss(self, heatmaps: Tensor, samples: SampleList, name: str, own_person: bool) -> Tensor:
        target, weights = heatmap_targets(samples, self.peak_weight, name)
        if heatmaps.shape != target.shape:
            raise ValueError(
                f'the head gives maps of {tuple(heatmaps.shape[1:])} and the codec of {tuple(target.shape[1:])} '
                '(joints, height, width); make num_keypoints, the stride of the codec and the deconvolutions fit'
            )
        if own_person:
            # As every single-person head learns: a joint without a label may be anywhere.
            own = torch.stack([sample.gt_instance_labels.keypoint_weights[0] for sample in samples])
            weights = weights * (own > 0)[..., None, None]
        return self.loss_module(heatmaps.float(), target, mask=weights)

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
            maps = self.flip_merged(feats, list(batch_data_samples[0].metainfo['flip_indices']))
        else:
            maps = self.forward(feats)
        with stage('grouping', len(maps.heatmaps)):
            people = [
                self._decoded(sample, *(None if each is None else each[index] for each in maps))
                for index, sample in enumerate(batch_data_samples)
            ]
        if not test_cfg.get('output_heatmaps', False):
            return people
        return people, [PixelData(heatmaps=crop_heatmaps) for crop_heatmaps in maps.heatmaps.detach()]

    def flip_merged(self, feats: list[tuple[Tensor, ...]], flip_indices: list[int]) -> CropMaps:
        """Mean heatmaps of crops' and mirrored crops' features; tags of both, stacked: their values are arbitrary."""
        plain, flipped = (self.forward(each) for each in feats)
        back = [None if maps is None else maps.flip(-1)[:, flip_indices] for maps in flipped]
        pairs = list(zip(plain, back, strict=True))
        heatmaps, own_heatmaps = (None if maps is None else (maps + other) / 2 for maps, other in pairs[::2])
        return CropMaps(heatmaps, None if plain.tags is None else torch.cat(pairs[1], dim=2), own_heatmaps)

    def _decoded(self, sample, heatmaps: Tensor, tags: Tensor | None, own_heatmaps: Tensor | None) -> InstanceData:
        meta = sample.metainfo
        box = np.asarray(meta['crop_box'], np.float64).reshape(2, 2)
        people = self.decoder.decode(heatmaps, tags, image_to_input(box, meta).ravel(), own_heatmaps)
        usable = not (meta.get('crop_unusable', False) or meta.get('img_unreadable', False))
        return people if usable else people[:0]

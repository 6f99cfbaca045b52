"""Corrects a person's joints and depths, as they were read off the maps, from the pose as a whole.

Shapes: M people of any images, K joints.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn

from mmp3d.geometry import MUPOTS17
from mmp3d.models.lifters.pose_features import centre_and_size

# What the network corrects by 1: a share of the person's size, mm of relative depth, a logarithm of distance.
KEYPOINT_UNIT = 0.1
RELATIVE_UNIT = 300.0
ROOT_UNIT = 0.1


class MeasuredPeople(NamedTuple):
    """M people of any images.

    ``keypoints`` (M, K, 2) input px, ``found`` (M, K) bool, ``relative_depths`` (M, K) mm relative to the root (both
    hold anything where not found), ``root_depths`` (M,) Z / f in mm per input px.
    """

    keypoints: Tensor
    found: Tensor
    relative_depths: Tensor
    root_depths: Tensor


class RefinerTargets(NamedTuple):
    """What the M people should be; the second of each pair is 0 or False where it is not known.

    ``keypoints`` (M, K, 2) input px and ``labelled`` (M, K); ``relative_depths`` (M, K) mm and ``known`` (M, K);
    ``root_depths`` (M,) Z / f, 0 where not known.
    """

    keypoints: Tensor
    labelled: Tensor
    relative_depths: Tensor
    known: Tensor
    root_depths: Tensor


@MODELS.register_module()
class PoseRefiner(BaseModule):
    """A residual multi-layer perceptron over one person at a time.

    A convolution sees a limb from close by; whether it points towards the camera or away, and where a hidden joint is,
    shows in the pose as a whole. Not part of the paper's bottom-up branch; SMAP (Zhen et al., ECCV 2020) refines the
    poses of its depth maps likewise.

    Args:
        num_keypoints: K.
        hidden_channels: Width of the hidden layers.
        num_layers: Number of hidden layers.
        drop_joint_prob: Probability that a joint is hidden from the network in training.
        outlier_prob: Probability that a joint is somewhere else in training, as after a confusion of people.
        keypoint_weight: Factor of the loss of the joints' places, mean absolute error in units of a tenth of the size.
        relative_depth_loss: Loss of the relative depths, in units of 300 mm.
        root_depth_loss: Loss of the root depth's logarithm, in units of 0.1.
        root_index: Index of the root joint.
        init_cfg: Initialisation; by default the last layer starts near zero, so that nothing is corrected.
    """

    def __init__(
        self,
        num_keypoints: int = 17,
        hidden_channels: int = 256,
        num_layers: int = 3,
        drop_joint_prob: float = 0.1,
        outlier_prob: float = 0.03,
        keypoint_weight: float = 1.0,
        relative_depth_loss: OptConfigType = None,
        root_depth_loss: OptConfigType = None,
        root_index: int = MUPOTS17.root_index,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(init_cfg or dict(type='Normal', layer=[], std=0.01, override=dict(name='output')))
        self.drop_joint_prob = drop_joint_prob
        self.outlier_prob = outlier_prob
        self.keypoint_weight = keypoint_weight
        self.root_index = root_index
        layers: list[nn.Module] = []
        width = 4 * num_keypoints + 4
        for _ in range(num_layers):
            layers += [nn.Linear(width, hidden_channels), nn.ReLU(inplace=True)]
            width = hidden_channels
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(width, 3 * num_keypoints + 1)
        self.relative_depth_loss = MODELS.build(relative_depth_loss or dict(type='DepthLoss'))
        self.root_depth_loss = MODELS.build(root_depth_loss or dict(type='DepthLoss'))

    def forward(self, people: MeasuredPeople, image_centre: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Better joints and depths of M people; M = 0 is legal.

        Args:
            people: As measured.
            image_centre: (2,) middle of the input, px.

        Returns:
            (M, K, 2) px and (M, K) mm, also for joints that were not found, the root at 0 mm; and (M,) Z / f.
        """
        keypoints, found, relative_depths, root_depths = people
        weights = found.to(root_depths)
        centre, size = centre_and_size(keypoints, weights, smallest=1.0)
        offsets = (keypoints - centre[:, None]) * weights[..., None] / size[:, None, None]
        relative_depths = relative_depths * weights
        features = [
            offsets.flatten(1),
            weights,
            relative_depths / RELATIVE_UNIT,
            # Pixels times mm per pixel: how large the person would be at this depth.
            (size * root_depths).log()[:, None] - 6,
            size.log()[:, None] - 3,
            (centre - image_centre) / image_centre,
        ]
        corrections = self.output(self.hidden(torch.cat(features, dim=1)))
        joints = found.shape[1]
        moves, turns, distance = corrections.split((2 * joints, joints, 1), dim=1)
        places = centre[:, None] + (offsets + moves.view_as(offsets) * KEYPOINT_UNIT) * size[:, None, None]
        relative = relative_depths + turns * RELATIVE_UNIT
        is_root = torch.arange(joints, device=relative.device) == self.root_index
        root = root_depths * (distance[:, 0] * ROOT_UNIT).clamp(-3, 3).exp()
        return places, relative.masked_fill(is_root, 0), root

    def loss(self, people: MeasuredPeople, targets: RefinerTargets, image_centre: Tensor) -> dict:
        """``loss_refined_keypoints``, ``loss_refined_relative_depth`` and ``loss_refined_root_depth``."""
        _, size = centre_and_size(people.keypoints, people.found.to(people.root_depths), smallest=1.0)
        places, relative, root = self(self._disturbed(people), image_centre)
        moves = (places - targets.keypoints).abs().sum(dim=-1) / (KEYPOINT_UNIT * size[:, None])
        labelled = targets.labelled.to(moves)
        return dict(
            loss_refined_keypoints=(moves * labelled).sum() / labelled.sum().clamp(min=1) * self.keypoint_weight,
            loss_refined_relative_depth=self.relative_depth_loss(
                relative / RELATIVE_UNIT, targets.relative_depths / RELATIVE_UNIT, targets.known.to(relative)
            ),
            loss_refined_root_depth=self.root_depth_loss(
                root.log() / ROOT_UNIT,
                targets.root_depths.clamp(min=1e-3).log() / ROOT_UNIT,
                (targets.root_depths > 0).to(root),
            ),
        )

    def _disturbed(self, people: MeasuredPeople) -> MeasuredPeople:
        """The people with joints hidden and moved at random."""
        keypoints, found = people.keypoints, people.found
        chance = torch.rand_like(keypoints[..., 0])
        _, size = centre_and_size(keypoints, found.to(keypoints), smallest=1.0)
        moved = (chance < self.outlier_prob)[..., None]
        keypoints = keypoints + torch.randn_like(keypoints) * moved * size[:, None, None]
        return people._replace(keypoints=keypoints, found=found & (chance < 1 - self.drop_joint_prob))

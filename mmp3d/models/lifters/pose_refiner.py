"""Corrects joints and depths, as they were read off the maps, from each pose as a whole and from all people together.

Shapes: B images, N people (padded), K joints, C channels. Units as in ``measured_people``.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn

from mmp3d.geometry import MUPOTS17
from mmp3d.models.lifters.measured_people import MeasuredPeople, RefinedPeople

# What the network corrects by 1: a share of the person's size, mm of relative depth, a logarithm of distance.
KEYPOINT_UNIT = 0.1
RELATIVE_UNIT = 300.0
ROOT_UNIT = 0.1
# Error of a root depth's logarithm that a new network expects: about that of a body whose height is not known.
FIRST_ROOT_ERROR = 0.08


class _Block(nn.Module):
    """Attention among the people of an image, then a perceptron for each; both residual."""

    def __init__(self, channels: int, num_heads: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(channels, num_heads, batch_first=True) if num_heads else None
        self.norm_people = nn.LayerNorm(channels) if num_heads else None
        self.norm = nn.LayerNorm(channels)
        self.perceptron = nn.Sequential(nn.Linear(channels, channels), nn.GELU(), nn.Linear(channels, channels))

    def forward(self, features: Tensor, absent: Tensor) -> Tensor:
        # torch's attention refuses nobody.
        if self.attention is not None and features.numel():
            people = self.norm_people(features)
            mixed, _ = self.attention(people, people, people, key_padding_mask=absent, need_weights=False)
            features = features + mixed
        return features + self.perceptron(self.norm(features))


@MODELS.register_module()
class PoseRefiner(BaseModule):
    """A residual network over the people of an image.

    A convolution sees a limb from close by; whether it points towards the camera or away, and where a hidden joint is,
    shows in the pose as a whole. How far away a person is shows less in the own size than in all people's: they stand
    on one floor, and on average they are of average height. Not part of the paper's bottom-up branch; SMAP (Zhen et
    al., ECCV 2020) refines the poses of its depth maps person by person.

    Its last layer starts at zero: a network that was not trained changes nothing.

    Args:
        num_keypoints: K.
        channels: C.
        num_layers: Number of residual blocks.
        num_heads: Attention heads among the people of an image; 0 looks at each person alone.
        root_index: Index of the root joint.
        init_cfg: Initialisation.
    """

    def __init__(
        self,
        num_keypoints: int = 17,
        channels: int = 256,
        num_layers: int = 4,
        num_heads: int = 4,
        root_index: int = MUPOTS17.root_index,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(init_cfg)
        self.root_index = root_index
        self.input = nn.Linear(5 * num_keypoints + 4, channels)
        self.blocks = nn.ModuleList(_Block(channels, num_heads) for _ in range(num_layers))
        self.norm = nn.LayerNorm(channels)
        self.output = nn.Linear(channels, 3 * num_keypoints + 3)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, people: MeasuredPeople, input_size: Tensor) -> RefinedPeople:
        """Better joints and depths; N = 0 is legal.

        Args:
            people: As measured.
            input_size: (2,) width and height of the network's input, px.
        """
        keypoints, scores, relative_depths, root_depths, present = people
        found = (scores > 0).to(scores)
        centre, size = people.centre_and_size()
        offsets = (keypoints - centre[..., None, :]) * found[..., None] / size[..., None, None]
        relative_depths = relative_depths * found
        features = [
            offsets.flatten(-2),
            found,
            scores,
            relative_depths / RELATIVE_UNIT,
            # Pixels times mm per pixel: how large the person would be at this depth.
            (size * root_depths).log()[..., None] - 6,
            size.log()[..., None] - 3,
            2 * centre / input_size - 1,
        ]
        features = self.input(torch.cat(features, dim=-1))
        # Attention over nobody is not a number: an image without people attends to its padding.
        absent = ~present & present.any(dim=1, keepdim=True)
        for block in self.blocks:
            features = block(features, absent)
        joints = scores.shape[-1]
        moves, turns, rest = self.output(self.norm(features)).split((2 * joints, joints, 3), dim=-1)
        relative = relative_depths + turns * RELATIVE_UNIT
        return RefinedPeople(
            keypoints=centre[..., None, :] + (offsets + moves.view_as(offsets) * KEYPOINT_UNIT) * size[..., None, None],
            relative_depths=relative - relative[..., self.root_index, None],
            root_depths=root_depths * (rest[..., 0] * ROOT_UNIT).clamp(-3, 3).exp(),
            root_errors=FIRST_ROOT_ERROR * rest[..., 1].clamp(-5, 5).exp(),
            real_logits=scores.mean(dim=-1).clamp(0.001, 0.999).logit() + rest[..., 2],
        )

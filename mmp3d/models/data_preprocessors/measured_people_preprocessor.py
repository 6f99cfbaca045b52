"""Batches for a refiner: to the device, and varied in training.

Shapes: B images, N people (padded), K joints. Units as in ``measured_people``.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseDataPreprocessor
from mmpose.registry import MODELS
from torch import Tensor

from mmp3d.geometry import MUPOTS17
from mmp3d.models.lifters.measured_people import MeasuredPeople, TruePeople

FLIP_INDICES = MUPOTS17.flip_indices.tolist()


@MODELS.register_module()
class MeasuredPeoplePreprocessor(BaseDataPreprocessor):
    """Brings batches of ``MeasuredPeopleDataset`` to the device and, in training, varies them.

    Args:
        flip_prob: Probability that a batch is mirrored.
        scale: Greatest enlargement of an image about its middle, and one over its least.
        shift: Greatest shift as a fraction of the input's sides.
        drop_joint_prob: Probability that a found joint is hidden.
        jitter: Standard deviation of noise on the joints, px.
    """

    def __init__(
        self,
        flip_prob: float = 0.5,
        scale: float = 1.16,
        shift: float = 0.1,
        drop_joint_prob: float = 0.05,
        jitter: float = 0.3,
    ) -> None:
        super().__init__()
        self.flip_prob = flip_prob
        self.scale = scale
        self.shift = shift
        self.drop_joint_prob = drop_joint_prob
        self.jitter = jitter

    def forward(self, data: dict, training: bool = False) -> dict:
        """``measured``, ``truth`` and ``input_size`` (2,) px of a collated batch."""
        data = self.cast_data(data)
        measured = MeasuredPeople(*(data['measured'][name] for name in MeasuredPeople._fields))
        truth = TruePeople(*(data['truth'][name] for name in TruePeople._fields))
        size = data['input_size'][0].to(measured.root_depths)
        if training:
            measured, truth = self._varied(measured, truth, size)
        return dict(measured=measured, truth=truth, input_size=size)

    def _varied(self, measured: MeasuredPeople, truth: TruePeople, size: Tensor) -> tuple[MeasuredPeople, TruePeople]:
        if torch.rand(()) < self.flip_prob:
            width = float(size[0])
            measured, truth = measured.mirrored(width, FLIP_INDICES), truth.mirrored(width, FLIP_INDICES)
        images = len(measured.root_depths)
        factors = self.scale ** (2 * torch.rand(images, device=size.device) - 1)
        measured, truth = measured.scaled(factors, size / 2), truth.scaled(factors, size / 2)
        moves = (2 * torch.rand(images, 1, 1, 2, device=size.device) - 1) * self.shift * size
        hidden = torch.rand_like(measured.scores) < self.drop_joint_prob
        return (
            measured._replace(
                keypoints=measured.keypoints + moves + torch.randn_like(measured.keypoints) * self.jitter,
                scores=measured.scores.masked_fill(hidden, 0),
            ),
            truth._replace(keypoints=truth.keypoints + moves),
        )

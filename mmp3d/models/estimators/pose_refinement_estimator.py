"""Trains a ``PoseRefiner`` on people that a bottom-up network measured earlier, without images.

Shapes: B images, N people (padded), K joints. Units as in ``measured_people``.
"""

from __future__ import annotations

import torch.nn.functional as F
from mmengine.model import BaseModel
from mmpose.registry import MODELS
from mmpose.utils.typing import ConfigType, OptConfigType
from torch import Tensor

from mmp3d.models.lifters.measured_people import MeasuredPeople, RefinedPeople, TruePeople
from mmp3d.models.lifters.pose_refiner import KEYPOINT_UNIT, RELATIVE_UNIT, ROOT_UNIT


@MODELS.register_module()
class PoseRefinementEstimator(BaseModel):
    """The refiner and its losses.

    Joints, relative depths and the root depth's logarithm are learnt by their absolute errors; the root's error is
    also predicted, as the scale of a Laplace distribution, and so is whether there is such a person at all.

    Args:
        refiner: Config of the ``PoseRefiner``, as in the head that will use it.
        keypoint_weight: Factor of the joints' loss, in tenths of the person's size.
        relative_depth_weight: Factor of the relative depths' loss, in units of 300 mm.
        root_depth_weight: Factor of the root depth's loss, in tenths of the logarithm.
        data_preprocessor: Default: :class:`MeasuredPeoplePreprocessor`.
        init_cfg: Initialisation.
    """

    def __init__(
        self,
        refiner: ConfigType,
        keypoint_weight: float = 1.0,
        relative_depth_weight: float = 5.0,
        root_depth_weight: float = 1.0,
        data_preprocessor: OptConfigType = None,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(data_preprocessor or dict(type='MeasuredPeoplePreprocessor'), init_cfg)
        self.refiner = MODELS.build(refiner)
        self.keypoint_weight = keypoint_weight
        self.relative_depth_weight = relative_depth_weight
        self.root_depth_weight = root_depth_weight

    def forward(
        self, measured: MeasuredPeople, truth: TruePeople, input_size: Tensor, mode: str = 'tensor'
    ) -> RefinedPeople | dict[str, Tensor]:
        """Refined people (``mode='tensor'``) or losses (``'loss'``).

        Raises:
            ValueError: Another mode; predictions are made by the bottom-up estimator that the refiner belongs to.
        """
        if mode not in ('tensor', 'loss'):
            raise ValueError(f"mode must be 'tensor' or 'loss', got {mode!r}")
        refined = self.refiner(measured, input_size)
        return self.loss(measured, refined, truth) if mode == 'loss' else refined

    def loss(self, measured: MeasuredPeople, refined: RefinedPeople, truth: TruePeople) -> dict[str, Tensor]:
        """``loss_keypoints``, ``loss_relative_depth``, ``loss_root_depth`` and ``loss_real``; 0 where nobody is."""
        _, size = measured.centre_and_size()
        real = (truth.real & measured.present)[..., None]
        moves = (refined.keypoints - truth.keypoints).abs().sum(dim=-1) / (KEYPOINT_UNIT * size[..., None])
        turns = (refined.relative_depths - truth.relative_depths).abs() / RELATIVE_UNIT
        distances = (refined.root_depths.log() - truth.root_depths.clamp(min=1e-3).log()).abs()
        errors = refined.root_errors
        root = distances / errors + errors.log() + distances / ROOT_UNIT
        is_real = F.binary_cross_entropy_with_logits(refined.real_logits, real[..., 0].float(), reduction='none')
        return dict(
            loss_keypoints=_mean(moves, truth.labelled & real) * self.keypoint_weight,
            loss_relative_depth=_mean(turns, truth.known & real) * self.relative_depth_weight,
            loss_root_depth=_mean(root, (truth.root_depths > 0) & real[..., 0]) * self.root_depth_weight,
            loss_real=_mean(is_real, measured.present),
        )


def _mean(values: Tensor, where: Tensor) -> Tensor:
    return (values * where).sum() / where.sum().clamp(min=1)

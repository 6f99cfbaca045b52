"""Trains the integration network on people whose poses are known, with the errors of both branches simulated.

Shapes: B clips, T frames, P people that are there, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils.typing import ConfigType, OptConfigType
from torch import Tensor

from mmp3d.geometry import MUPOTS17
from mmp3d.models.integration.branch_errors import BranchErrors
from mmp3d.models.integration.integration_net import UNIT
from mmp3d.models.integration.pose_pairs import PosePairs
from mmp3d.models.step_generator import fixed_generator, step_generator
from mmp3d.synthetic.ranges import recipe_of


class SimulatedPeople(NamedTuple):
    """True poses (P, K, 3) mm, which joints of them are known (P, K), what the branches say, and in which picture."""

    truth: Tensor
    valid: Tensor
    pairs: PosePairs
    scene_ids: Tensor


@MODELS.register_module()
class IntegrationEstimator(BaseModel):
    """An integration network or rule behind simulated branches (paper, section 3.3).

    Every frame of every person is a sample of its own.

    Args:
        network: :class:`IntegrationNet`, :class:`LinearIntegration` or :class:`HardIntegration`.
        errors: Fields of :class:`~mmp3d.models.integration.branch_errors.BranchErrors`.
        data_preprocessor: Default: :class:`PoseClipPreprocessor`.
        init_cfg: Initialisation.

    Raises:
        ValueError: A field of ``errors`` is out of its range or unknown.
    """

    def __init__(
        self,
        network: ConfigType,
        errors: dict | None = None,
        data_preprocessor: OptConfigType = None,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(MODELS.build(data_preprocessor or dict(type='PoseClipPreprocessor')), init_cfg)
        self.network = MODELS.build(network)
        self.root_index = MUPOTS17.root_index
        self.errors = recipe_of(BranchErrors, 'errors', errors)

    def forward(
        self, inputs: Tensor, data_samples: dict[str, Tensor], mode: str = 'tensor'
    ) -> dict[str, Tensor] | list[PoseDataSample] | Tensor:
        """Run on what :class:`PoseClipPreprocessor` gives; ``inputs`` are not used.

        ``'predict'`` gives a sample a person, with one instance, in the form that ``LiftingErrors`` reads;
        ``'tensor'`` (P, K, 3) mm.

        Raises:
            ValueError: ``mode`` is not one of mmengine's.
        """
        if mode not in ('loss', 'predict', 'tensor'):
            raise ValueError(f"mode must be 'loss', 'predict' or 'tensor', got {mode!r}")
        # Predictions are on the same errors each time.
        generator = (step_generator if mode == 'loss' else fixed_generator)(inputs.device)
        truth, valid, pairs, _ = self.simulated(data_samples, generator)
        poses = self.network(pairs)
        if mode == 'tensor':
            return poses
        if mode == 'loss':
            return dict(loss_integration=integration_loss(poses, truth, valid))
        return [_sample(*person) for person in zip(poses, truth, valid, strict=True)]

    def simulated(self, data_samples: dict[str, Tensor], generator: torch.Generator | None = None) -> SimulatedPeople:
        """The people of a batch and what the branches would say about them."""
        poses, valid, scenes = (
            data_samples[key].flatten(0, 1) for key in ('keypoints_cam', 'keypoints_3d_valid', 'scene_ids')
        )
        hidden = data_samples.get('keypoints_occluded')
        hidden = torch.zeros_like(valid) if hidden is None else hidden.flatten(0, 1)
        there = valid[:, self.root_index] > 0
        poses, valid, scenes, hidden = (values[there] for values in (poses, valid, scenes, hidden))
        pairs = self.errors.simulate(poses, hidden, generator)
        scores = (each * (valid > 0) for each in pairs[2:])
        return SimulatedPeople(poses, valid, PosePairs(*pairs[:2], *scores), scenes)


def integration_loss(poses: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean squared distance of joints in square metres (paper, eq. 7), a scalar.

    Args:
        poses: (P, K, 3) mm; joints that are NaN do not count.
        target: (P, K, 3) mm.
        valid: (P, K), 0 for joints that the target does not have.
    """
    known = (valid > 0) & poses.isfinite().all(dim=-1)
    # Chosen before the difference: the gradient of what is NaN would be NaN, whatever it is multiplied with.
    difference = torch.where(known[..., None], poses - target, 0) / UNIT
    return (difference**2).sum() / known.sum().clamp(min=1)


def _sample(pose: Tensor, truth: Tensor, valid: Tensor) -> PoseDataSample:
    sample = PoseDataSample()
    sample.pred_instances = InstanceData(keypoints_cam=pose[None])
    sample.gt_instances = InstanceData(keypoints_cam=truth[None], keypoints_3d_valid=valid[None])
    return sample

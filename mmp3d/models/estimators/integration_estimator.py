"""Trains the integration network on people whose poses are known, with both branches measured or simulated.

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
from mmp3d.models.integration.pose_pairs import PosePairs
from mmp3d.models.step_generator import fixed_generator, step_generator
from mmp3d.synthetic.ranges import recipe_of


class KnownPeople(NamedTuple):
    """True poses (P, K, 3) mm, which joints of them are known (P, K), what the branches say, and in which picture."""

    truth: Tensor
    valid: Tensor
    pairs: PosePairs
    scene_ids: Tensor


@MODELS.register_module()
class IntegrationEstimator(BaseModel):
    """An integration network or rule behind two branches (paper, section 3.3).

    Every frame of every person is a sample of its own. What the branches say is in the data
    (:class:`~mmp3d.datasets.BranchPairsDataset`), and the paper's augmentations come on top in training; else the
    branches are simulated.

    Args:
        network: :class:`IntegrationNet`, :class:`LinearIntegration` or :class:`HardIntegration`.
        errors: Fields of :class:`~mmp3d.models.integration.branch_errors.BranchErrors`; of data with both branches
            ``mask``, ``shift_share``, ``shift`` and ``unpaired`` count.
        loss: Default: :class:`IntegrationLoss`, which is eq. 7.
        data_preprocessor: Default: :class:`PoseClipPreprocessor`.
        init_cfg: Initialisation.

    Raises:
        ValueError: A field of ``errors`` is out of its range or unknown.
    """

    def __init__(
        self,
        network: ConfigType,
        errors: dict | None = None,
        loss: OptConfigType = None,
        data_preprocessor: OptConfigType = None,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(MODELS.build(data_preprocessor or dict(type='PoseClipPreprocessor')), init_cfg)
        self.network = MODELS.build(network)
        self.root_index = MUPOTS17.root_index
        self.loss = MODELS.build(loss or dict(type='IntegrationLoss'))
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
        truth, valid, pairs, _ = self.known_people(data_samples, generator, augment=mode == 'loss')
        poses = self.network(pairs)
        if mode == 'tensor':
            return poses
        if mode == 'loss':
            return dict(loss_integration=self.loss(poses, truth, valid))
        return [_sample(*person) for person in zip(poses, truth, valid, strict=True)]

    def known_people(
        self, data_samples: dict[str, Tensor], generator: torch.Generator | None = None, augment: bool = False
    ) -> KnownPeople:
        """The people of a batch and what the branches say about them.

        Args:
            data_samples: Those of :class:`PoseClipPreprocessor`.
            generator: Source of randomness; None: PyTorch's own.
            augment: Mask, shift and zero what the branches did say; of simulated branches that is part of it.
        """
        measured = all(name in data_samples for name in PosePairs._fields)
        keys = ['keypoints_cam', 'keypoints_3d_valid', 'scene_ids', *(PosePairs._fields if measured else ())]
        poses, valid, scenes, *said = (data_samples[key].flatten(0, 1) for key in keys)
        hidden = data_samples.get('keypoints_occluded')
        hidden = torch.zeros_like(valid) if hidden is None else hidden.flatten(0, 1)
        there = valid[:, self.root_index] > 0
        poses, valid, scenes, hidden, *said = (values[there] for values in (poses, valid, scenes, hidden, *said))
        if measured:
            pairs = PosePairs(*said)
            return KnownPeople(poses, valid, self.errors.augment(pairs, generator) if augment else pairs, scenes)
        pairs = self.errors.simulate(poses, hidden, generator)
        scores = (each * (valid > 0) for each in pairs[2:])
        return KnownPeople(poses, valid, PosePairs(*pairs[:2], *scores), scenes)


def _sample(pose: Tensor, truth: Tensor, valid: Tensor) -> PoseDataSample:
    sample = PoseDataSample()
    sample.pred_instances = InstanceData(keypoints_cam=pose[None])
    sample.gt_instances = InstanceData(keypoints_cam=truth[None], keypoints_3d_valid=valid[None])
    return sample

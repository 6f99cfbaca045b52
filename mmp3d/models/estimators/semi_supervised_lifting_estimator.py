"""Trains lifters on clips with 3D ground truth and on clips with pseudo-labels (paper, section 3.4).

Shapes: B clips, T frames, P people, K = 17 MuPoTS joints. Rays are K^-1 times pixels; camera frame, millimetres.
"""

from __future__ import annotations

from pathlib import Path

import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils.typing import ConfigType, OptConfigType
from torch import Tensor

from mmp3d.compat.checkpoint import load_run_weights
from mmp3d.geometry import MUPOTS17
from mmp3d.models.estimators.adversarial_estimator import AdversarialEstimator, Estimates
from mmp3d.models.fixed_statistics import fix_statistics, fixed_statistics
from mmp3d.models.integration.people_pairs import pairs_in_scenes
from mmp3d.models.lifters.clip_lifting import lift_clips
from mmp3d.models.lifters.pose_features import SMALLEST_SIZE, centre_and_size, found_rays
from mmp3d.models.step_generator import step_generator
from mmp3d.models.sub_models import shipped_file
from mmp3d.synthetic.ranges import check_number

_ROOT = MUPOTS17.root_index


@MODELS.register_module()
class SemiSupervisedLiftingEstimator(AdversarialEstimator):
    """A student learns with the losses of its own on labelled clips, and with eq. 10 on unlabelled ones.

    A batch is ``dict(labelled=..., unlabelled=...)``, see :class:`TwoSourcePreprocessor`; the unlabelled clips hold the
    teacher's poses as ``keypoints_cam`` (:class:`PseudoLabelDataset`). The discriminator compares pairs of people of
    the unlabelled clips, as the student lifts them, with true pairs of the labelled ones, in the middle frame.

    Unlabelled clips and views of them are normalised by the student's running statistics, as at test, and do not change
    these: they are of another domain than the labelled clips, and turned views are like neither.

    Args:
        student: :class:`PoseLiftingEstimator` with a GCN or a pose net.
        semi_supervised_loss: Default: :class:`SemiSupervisedLoss`.
        student_checkpoint: Weights that the student starts from: of lifters, or of a run that trained them as a
            student; in the working folder or beside mmp3d's configs. None: it starts anew.
        input_mask: Share of joints that are hidden from the student in unlabelled clips (noisy student).
        input_jitter: Standard deviation by which their joints are moved, as a share of the person's size.
        norm_eval: Labelled clips leave the running statistics alone, too: for a student that starts as its teacher, and
            whose labelled clips are drawn otherwise or in smaller batches than the teacher's were.
        data_preprocessor: Default: :class:`TwoSourcePreprocessor`.
        init_cfg: Initialisation.
        **kwargs: Those of :class:`AdversarialEstimator`.

    Raises:
        ValueError: ``input_mask`` or ``input_jitter`` is out of its range.
    """

    adversary = 'student'

    def __init__(
        self,
        student: ConfigType,
        semi_supervised_loss: OptConfigType = None,
        student_checkpoint: str | Path | None = None,
        input_mask: float = 0.0,
        input_jitter: float = 0.0,
        norm_eval: bool = False,
        data_preprocessor: OptConfigType = None,
        init_cfg: OptConfigType = None,
        **kwargs,
    ) -> None:
        preprocessor = MODELS.build(data_preprocessor or dict(type='TwoSourcePreprocessor'))
        super().__init__(preprocessor, init_cfg, **kwargs)
        check_number('input_mask', input_mask, 0, 0.9)
        check_number('input_jitter', input_jitter, 0, 1)
        self.student = MODELS.build(student)
        self.semi_supervised_loss = MODELS.build(semi_supervised_loss or dict(type='SemiSupervisedLoss'))
        self.student_checkpoint = student_checkpoint
        self.input_mask, self.input_jitter, self.norm_eval = input_mask, input_jitter, norm_eval

    def init_weights(self) -> None:
        """As in mmengine; then the student takes its checkpoint's weights.

        Raises:
            FileNotFoundError, ValueError: The checkpoint is not there, or of other networks.
        """
        super().init_weights()
        if self.student_checkpoint is not None:
            load_run_weights(self.student, shipped_file(self.student_checkpoint))

    def train(self, mode: bool = True) -> SemiSupervisedLiftingEstimator:
        """As in PyTorch; with ``norm_eval`` the student's normalisation stays as at test."""
        super().train(mode)
        if self.norm_eval:
            fix_statistics(self.student)
        return self

    def forward(
        self, inputs: Tensor, data_samples: dict[str, Tensor] | None = None, mode: str = 'tensor'
    ) -> list[PoseDataSample] | tuple:
        """The student's ``'predict'`` and ``'tensor'``; training is in :meth:`train_step`.

        Raises:
            ValueError: Another mode.
        """
        if mode not in ('predict', 'tensor'):
            raise ValueError(f"mode must be 'predict' or 'tensor', got {mode!r}; train with train_step")
        return self.student(inputs, data_samples, mode=mode)

    def estimates(self, labelled: dict, unlabelled: dict) -> Estimates:
        """The student's losses on both sources, and its pairs against true ones."""
        losses = self.student(**labelled, mode='loss')
        inputs, samples = unlabelled['inputs'], unlabelled['data_samples']
        rays, scores = found_rays(inputs[..., :2], inputs[..., 2])
        generator = step_generator(rays.device)

        def lifter(rays: Tensor, scores: Tensor) -> Tensor:
            return lift_clips(self.student, rays, scores)

        labels, labels_known = samples['keypoints_cam'], samples['keypoints_3d_valid']
        with fixed_statistics(self.student):
            poses = lifter(*self._noisy(rays, scores, generator))
            losses.update(self.semi_supervised_loss(poses, rays, scores, lifter, labels, labels_known, generator))
        middle = poses.shape[1] // 2
        estimated = _pairs(poses[:, middle], scores[:, middle] > 0, samples['scene_ids'][:, middle], complete=True)
        own = labelled['data_samples']
        middle = own['keypoints_cam'].shape[1] // 2
        known = own['keypoints_3d_valid'][:, middle] > 0
        return Estimates(losses, estimated, _pairs(own['keypoints_cam'][:, middle], known, own['scene_ids'][:, middle]))

    def _noisy(self, rays: Tensor, scores: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """What the student sees of (B, T, K, 2) rays and (B, T, K) scores."""
        options = dict(generator=generator, device=rays.device)
        _, sizes = centre_and_size(rays, (scores > 0).to(rays), SMALLEST_SIZE)
        moved = rays + torch.randn(rays.shape, **options) * self.input_jitter * sizes[..., None, None]
        # A joint is hidden for a whole clip.
        kept = torch.rand((len(rays), 1, rays.shape[2]), **options) >= self.input_mask
        return moved, scores * kept


def _pairs(poses: Tensor, known: Tensor, scenes: Tensor, complete: bool = False) -> Tensor:
    """(Q, 2, K, 3) mm of nearest neighbours among (P, K, 3) mm; joints that are not ``known`` (P, K) are NaN.

    ``complete``: whoever has a known joint has all.
    """
    known = known.any(dim=1, keepdim=True).expand_as(known) if complete else known
    poses = torch.where(known[..., None], poses, torch.nan)
    return poses[pairs_in_scenes(poses[:, _ROOT].detach(), scenes)]

"""Lifts tracked 2D poses to camera space: GCN, temporal pose net and temporal root-depth net.

Shapes: B sequences, T frames of a sequence, F frames that are answered for, K joints. Rays are K^-1 times pixels;
camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np
import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils.typing import OptConfigType
from torch import Tensor

from mmp3d.geometry import MUPOTS17
from mmp3d.geometry.joint_order import joint_order
from mmp3d.models.fixed_statistics import fixed_statistics
from mmp3d.models.lifters.placement import place_poses, root_from_rays
from mmp3d.models.lifters.pose_features import found_rays
from mmp3d.models.lifters.pose_gcn import POSE_UNIT

STAGES = ('gcn', 'pose_net', 'depth_net')
# Frames of a track that the graph network takes at once.
GCN_FRAMES = 1024


class LiftedWindows(NamedTuple):
    """What each stage says of B windows; None of a stage that is not there.

    ``frame_poses`` (B, T, K, 3) and ``poses`` (B, F, K, 3) mm relative to the root, ``depths`` (B, F) mm.
    """

    frame_poses: Tensor | None
    poses: Tensor | None
    depths: Tensor | None


@MODELS.register_module()
class PoseLiftingEstimator(BaseModel):
    """The lifting part of the top-down branch (paper, section 3.1).

    Every stage may be left out: without ``gcn`` the temporal nets see the 2D poses alone, without ``pose_net`` the
    GCN's poses stand, and without ``depth_net`` the root is put where the pose fits its rays best. A stage that is not
    frozen is trained.

    A sample stands for a sequence, its instances for the frames.

    Args:
        gcn: :class:`PoseGCN`.
        pose_net: :class:`TemporalPoseNet` or :class:`MotionBERTPoseNet`.
        depth_net: :class:`TemporalDepthNet`.
        frozen: Names of stages that stay as they are.
        pose_loss: Distance of joints, in metres. Default: mmpose's ``MPJPELoss``.
        bone_loss: Loss of bone lengths, for example ``dict(type='BoneLengthLoss')``; None for none.
        velocity_loss: For example ``dict(type='VelocityLoss')``, for the temporal net; None for none. Windows must
            then be longer than the receptive field.
        depth_loss: Loss of the logarithm of the root depth. Default: ``DepthLoss`` with the l1 norm.
        root_index: Index of the root joint.
        joint_set: Joint set of the stages, all of whose joints MuPoTS-17 has; rays come and poses go in MuPoTS-17.
        data_preprocessor: Default: :class:`PoseClipPreprocessor`.
        init_cfg: Initialisation.

    Raises:
        ValueError: There is no stage, or ``frozen`` names one that is not there.
    """

    def __init__(
        self,
        gcn: OptConfigType = None,
        pose_net: OptConfigType = None,
        depth_net: OptConfigType = None,
        frozen: Sequence[str] = (),
        pose_loss: OptConfigType = None,
        bone_loss: OptConfigType = None,
        velocity_loss: OptConfigType = None,
        depth_loss: OptConfigType = None,
        root_index: int = MUPOTS17.root_index,
        joint_set: str = MUPOTS17.name,
        data_preprocessor: OptConfigType = None,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(MODELS.build(data_preprocessor or dict(type='PoseClipPreprocessor')), init_cfg)
        for name, stage in zip(STAGES, (gcn, pose_net, depth_net), strict=True):
            setattr(self, name, None if stage is None else MODELS.build(stage))
        present = [name for name in STAGES if getattr(self, name) is not None]
        if not present or set(frozen) - set(present):
            raise ValueError(
                f'PoseLiftingEstimator: needs one of {STAGES}, and frozen names those that are there; '
                f'got {present} with frozen={list(frozen)}'
            )
        self.frozen, self.root_index = tuple(frozen), root_index
        order = joint_order(joint_set)
        self.order = None if order == list(range(MUPOTS17.num_joints)) else order
        for name in self.frozen:
            getattr(self, name).requires_grad_(False)
        self.pose_loss = MODELS.build(pose_loss or dict(type='MPJPELoss', use_target_weight=True))
        self.depth_loss = MODELS.build(depth_loss or dict(type='DepthLoss', norm='l1'))
        self.bone_loss = None if bone_loss is None else MODELS.build(bone_loss)
        self.velocity_loss = None if velocity_loss is None else MODELS.build(velocity_loss)

    def train(self, mode: bool = True) -> PoseLiftingEstimator:
        """As in PyTorch; frozen stages stay as they are, their statistics too."""
        super().train(mode)
        for name in self.frozen:
            getattr(self, name).eval()
        return self

    def forward(
        self, inputs: Tensor, data_samples: dict[str, Tensor] | None = None, mode: str = 'tensor'
    ) -> dict | list[PoseDataSample] | LiftedWindows:
        """Run on ``inputs`` (B, T, K, 3); ``data_samples`` as :class:`PoseClipPreprocessor` gives them.

        Raises:
            ValueError: ``mode`` is not one of mmengine's.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples or {})
        if mode == 'tensor':
            return self.lift_windows(inputs[..., :2], inputs[..., 2])
        raise ValueError(f"mode must be 'loss', 'predict' or 'tensor', got {mode!r}")

    def loss(self, inputs: Tensor, data_samples: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses of the stages that are not frozen."""
        target, valid = data_samples['keypoints_cam'], data_samples['keypoints_3d_valid']
        root = target[..., self.root_index, :]
        valid = valid * valid[..., self.root_index, None]
        relative = target - root[..., None, :]
        with fixed_statistics(self) if self._is_lone_frame(inputs) else nullcontext():
            lifted = self.lift_windows(inputs[..., :2], inputs[..., 2])
        losses = {}
        for name, poses in (('gcn', lifted.frame_poses), ('pose_net', lifted.poses)):
            if self._trains(name):
                answered = self._answered(name, inputs.shape[1])
                losses.update(self._pose_losses(name, poses, relative[:, answered], valid[:, answered]))
        if self._trains('depth_net'):
            answered = self._answered('depth_net', inputs.shape[1])
            known = valid[:, answered, self.root_index] * (root[:, answered, 2] > 0)
            losses['loss_depth'] = self.depth_loss(lifted.depths.log(), root[:, answered, 2].clamp(min=1).log(), known)
        return losses

    def predict(self, inputs: Tensor, data_samples: dict[str, Tensor]) -> list[PoseDataSample]:
        """One sample a sequence, with its frames as ``pred_instances`` and, where known, ``gt_instances``."""
        samples = []
        for index, sequence in enumerate(inputs):
            points = self.lift_track(sequence[..., :2], sequence[..., 2])
            known = {key: values[index] for key, values in data_samples.items()}
            root = points[:, self.root_index]
            sample = PoseDataSample()
            sample.pred_instances = InstanceData(
                keypoints_3d=points - root[:, None],
                root_cam=root,
                keypoints_cam=points,
                **{key: known.pop(key) for key in ('keypoints', 'keypoint_scores') if key in known},
            )
            sample.gt_instances = InstanceData(**known)
            samples.append(sample)
        return samples

    def lift_windows(self, rays: Tensor, scores: Tensor) -> LiftedWindows:
        """All stages on windows, for training; rays (B, T, K, 2) and scores (B, T, K)."""
        rays, scores = self._in_stages(rays, scores)
        frame_poses = None if self.gcn is None else self.gcn(rays, scores)
        poses = None if self.pose_net is None else self.pose_net(rays, scores, frame_poses)
        depths = None if self.depth_net is None else self.depth_net(rays, scores, frame_poses)
        return LiftedWindows(self._from_stages(frame_poses), self._from_stages(poses), depths)

    def lift_track(self, rays: Tensor, scores: Tensor) -> Tensor:
        """A person's poses in camera space, all frames in one dilated pass (long tracks: in overlapping passes).

        Args:
            rays: (T, K, 2), any T; entries with a score of 0 may hold anything, NaN too.
            scores: (T, K) confidences in 0..1.

        Returns:
            (T, K, 3) mm. A frame without any confident joint stands on the optical axis. Without a pose network all
            joints that were found lie in the plane of the root.
        """
        stage_rays, stage_scores = self._in_stages(rays, scores)
        frame_poses = None
        if self.gcn is not None:
            parts = zip(stage_rays.split(GCN_FRAMES), stage_scores.split(GCN_FRAMES), strict=True)
            frame_poses = torch.cat([self.gcn(*part) for part in parts])
        poses = frame_poses
        if self.pose_net is not None:
            poses = self.pose_net.over_track(stage_rays, stage_scores, frame_poses)
        poses = self._from_stages(poses)
        seen, weights = found_rays(rays, scores)
        if self.depth_net is None:
            depths = root_from_rays(poses, seen, weights)[..., 2]
        else:
            depths = self.depth_net.over_track(stage_rays, stage_scores, frame_poses)
        if poses is None:
            root = seen[:, self.root_index, None]
            flat = (seen - root) * (weights > 0)[..., None] * depths[:, None, None]
            poses = torch.cat([flat, torch.zeros_like(flat[..., :1])], dim=-1)
        return place_poses(poses, depths, rays, scores, self.root_index)

    def _in_stages(self, rays: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        """(..., K, 2) and (..., K) in the order of the stages' joint set."""
        return (rays, scores) if self.order is None else (rays[..., self.order, :], scores[..., self.order])

    def _from_stages(self, poses: Tensor | None) -> Tensor | None:
        """(..., K, 3) in MuPoTS-17's order."""
        return poses if poses is None or self.order is None else poses[..., np.argsort(self.order), :]

    def _trains(self, stage: str) -> bool:
        return getattr(self, stage) is not None and stage not in self.frozen

    def _answered(self, stage: str, frames: int) -> slice:
        """The frames of a window that a stage answers for."""
        before, after = getattr(getattr(self, stage), 'context', (0, 0))
        return slice(before, frames - after)

    def _is_lone_frame(self, inputs: Tensor) -> bool:
        """One clip of one answered frame, the rest of an epoch, say: nothing that batch norm could take a spread of."""
        answers = [len(range(*self._answered(name, inputs.shape[1]).indices(inputs.shape[1]))) for name in STAGES]
        return len(inputs) == 1 and min(answers) == 1

    def _pose_losses(self, stage: str, poses: Tensor, target: Tensor, valid: Tensor) -> dict[str, Tensor]:
        poses, target = poses / POSE_UNIT, target / POSE_UNIT
        losses = {f'loss_{stage}': self.pose_loss(poses, target, valid[..., None])}
        if self.bone_loss is not None:
            losses[f'loss_{stage}_bones'] = self.bone_loss(poses, target, valid)
        if self.velocity_loss is not None and stage == 'pose_net':
            losses[f'loss_{stage}_velocity'] = self.velocity_loss(poses, target, valid)
        return losses

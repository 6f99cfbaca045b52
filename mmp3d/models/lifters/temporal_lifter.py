"""What the temporal nets for pose and root depth share: features, windows at training, whole tracks at inference.

Shapes: B windows, T frames of a window or track, F frames that an answer is given for, K joints, C channels. Rays as
in ``pose_features``; camera frame, millimetres.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn

from mmp3d.geometry import MUPOTS17
from mmp3d.models.lifters.person_view import PersonView, person_view
from mmp3d.models.lifters.placement import root_from_rays
from mmp3d.models.lifters.pose_features import found_rays, pose_features
from mmp3d.models.lifters.pose_gcn import POSE_UNIT

# Frames that one pass over a long track answers for: memory does not grow with its length.
CHUNK_FRAMES = 1024
# Middle and spread of the log of a depth in mm over people 1.5 m to 12 m away.
LOG_DEPTH_MEAN, LOG_DEPTH_SPREAD = 8.4, 0.6


class TemporalLifter(BaseModule):
    """A temporal convolutional network over the 2D poses of one person, their 3D poses frame by frame, or both.

    Args:
        out_channels: Numbers that are predicted for a frame.
        backbone: A backbone (B, C, T) -> tuple of (B, stem_channels, F) with a ``receptive_field``; its ``in_channels``
            is set here. Default: :class:`~mmp3d.models.backbones.two_form_tcn.TwoFormTCN`. ``kernel_sizes`` of three
            to five times 3 give receptive fields of 27, 81 and 243 frames.
        use_poses: Feed the net with the 3D poses of a :class:`PoseGCN`.
        use_keypoints: Feed the net with the 2D poses and their confidences.
        look_at: See each pose through a camera that looks at the person (``person_view``), and answer there: what was
            found in the picture stays where it was found, and the net corrects it and adds the depth.
        num_keypoints: K.
        init_cfg: Initialisation.

    Raises:
        ValueError: Neither input is used.
    """

    def __init__(
        self,
        out_channels: int,
        backbone: OptConfigType = None,
        use_poses: bool = True,
        use_keypoints: bool = True,
        look_at: bool = False,
        num_keypoints: int = MUPOTS17.num_joints,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(init_cfg)
        if not (use_poses or use_keypoints):
            raise ValueError(f'{type(self).__name__}: set use_poses, use_keypoints or both; the net has no input')
        self.num_keypoints = num_keypoints
        self.use_poses, self.use_keypoints, self.look_at = use_poses, use_keypoints, look_at
        in_channels = (3 * num_keypoints + 3) * use_keypoints + (3 * num_keypoints + 1) * use_poses
        backbone = {'type': 'TwoFormTCN', 'kernel_sizes': (3, 3, 3), **(backbone or {})}
        backbone.setdefault('num_blocks', len(backbone['kernel_sizes']) - 1)
        self.backbone = MODELS.build({**backbone, 'in_channels': in_channels})
        self.output = nn.Conv1d(self.backbone.stem_channels, out_channels, 1)

    @property
    def receptive_field(self) -> int:
        """Frames that one answer depends on."""
        return self.backbone.receptive_field

    @property
    def context(self) -> tuple[int, int]:
        """Frames before and after the one that is answered for."""
        others = self.receptive_field - 1
        return (others, 0) if self.backbone.causal else (others // 2, others // 2)

    def forward(self, rays: Tensor, scores: Tensor, poses: Tensor | None = None) -> Tensor:
        """Answers for the frames that have their whole context in the window.

        Args:
            rays: (B, T, K, 2); T >= receptive field. Joints with a score of 0 may hold anything.
            scores: (B, T, K) confidences.
            poses: (B, T, K, 3) mm relative to the root; None only with ``use_poses=False``.

        Returns:
            What :meth:`answer` makes of F = T - receptive_field + 1 frames.

        Raises:
            ValueError: Poses are missing, or the window is shorter than the receptive field.
        """
        if self.use_poses and poses is None:
            raise ValueError(f'{type(self).__name__} with use_poses=True needs 3D poses: give the estimator a `gcn`')
        view = person_view(rays, scores) if self.look_at else None
        frames = self._features(rays, scores, poses, view).transpose(1, 2)
        outputs = self.output(self.backbone(frames)[-1]).transpose(1, 2)
        first, count = self.context[0], outputs.shape[1]
        return self.answer(
            outputs,
            None if poses is None else poses[:, first : first + count],
            None if view is None else view.frames(first, count),
        )

    def over_track(
        self, rays: Tensor, scores: Tensor, poses: Tensor | None = None, chunk_frames: int = CHUNK_FRAMES
    ) -> Tensor:
        """Answers for every frame of a track, its first and last frame repeated beyond its ends.

        Args:
            rays: (T, K, 2), any T.
            scores: (T, K).
            poses: (T, K, 3) mm.
            chunk_frames: Frames of one pass. Passes overlap by the receptive field: the result is that of a single one.

        Returns:
            (T, ...) as :meth:`forward`.
        """
        if not len(rays):
            nothing = (None if each is None else each.new_zeros(1, *each.shape[1:]) for each in (rays, scores, poses))
            return self.over_track(*nothing)[:0]
        before, after = self.context
        frames = torch.arange(-before, len(rays) + after, device=rays.device).clamp(0, len(rays) - 1)
        answers = []
        for start in range(0, len(rays), chunk_frames):
            chunk = frames[start : start + chunk_frames + before + after]
            answers.append(self(rays[None, chunk], scores[None, chunk], None if poses is None else poses[None, chunk]))
        return torch.cat(answers, dim=1)[0]

    def answer(self, outputs: Tensor, poses: Tensor | None, view: PersonView | None) -> Tensor:
        """The prediction.

        Args:
            outputs: (B, F, out_channels).
            poses: (B, F, K, 3) mm of the same frames.
            view: Of the same frames, with ``look_at``.
        """
        raise NotImplementedError(f'{type(self).__name__} must implement answer')

    def _features(self, rays: Tensor, scores: Tensor, poses: Tensor | None, view: PersonView | None) -> Tensor:
        """(B, T, C): 2D poses, their place and size; poses in metres and the depth at which they fit the rays."""
        features = []
        if self.use_keypoints:
            joints, whole = pose_features(rays, scores) if view is None else view.features()
            features += [joints.flatten(-2), whole]
        if self.use_poses:
            fitted = root_from_rays(poses, *found_rays(rays, scores))
            depth = (fitted[..., 2:].log() - LOG_DEPTH_MEAN) / LOG_DEPTH_SPREAD
            seen = poses if view is None else view.turned(poses)
            features += [seen.flatten(-2) / POSE_UNIT, depth]
        return torch.cat(features, dim=-1)

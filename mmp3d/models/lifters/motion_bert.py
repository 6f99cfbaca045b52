"""MotionBERT in the place of the temporal pose net.

Shapes: B clips, T frames, K joints. Rays as in ``pose_features``; camera frame, millimetres.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor

from mmp3d.geometry import MUPOTS17
from mmp3d.models.lifters.pose_features import pose_features
from mmp3d.models.lifters.pose_gcn import POSE_UNIT


@MODELS.register_module()
class MotionBERTPoseNet(BaseModule):
    """mmpose's ``DSTFormer`` with its regression head (Zhu et al., ICCV 2023), called as :class:`TemporalPoseNet` is.

    It answers for all frames of a clip at once. A track is cut into clips of ``seq_len`` frames; the last one ends
    with the track.

    Args:
        backbone: Options of ``DSTFormer``; ``in_channels`` is 3 (x, y, confidence).
        embedding_size: Width of the head's hidden layer.
        root_index: Index of the root joint.
        init_cfg: Initialisation.
    """

    use_poses = False

    def __init__(
        self,
        backbone: OptConfigType = None,
        embedding_size: int = 512,
        root_index: int = MUPOTS17.root_index,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(init_cfg)
        self.root_index = root_index
        self.backbone = MODELS.build({'type': 'DSTFormer', **(backbone or {}), 'in_channels': 3})
        features = self.backbone.feat_size
        self.head = MODELS.build(
            dict(type='MotionRegressionHead', in_channels=features, out_channels=3, embedding_size=embedding_size)
        )

    @property
    def seq_len(self) -> int:
        """Frames of the longest clip."""
        return self.backbone.temp_embed.shape[1]

    @property
    def context(self) -> tuple[int, int]:
        """No frame is left without an answer."""
        return (0, 0)

    def forward(self, rays: Tensor, scores: Tensor, poses: Tensor | None = None) -> Tensor:
        """(B, T, K, 3) mm relative to the root, of rays (B, T, K, 2) and scores (B, T, K); ``poses`` are not used.

        Raises:
            ValueError: T is more than ``seq_len``.
        """
        if rays.shape[1] > self.seq_len:
            raise ValueError(
                f'MotionBERTPoseNet: clip of {rays.shape[1]} frames, at most seq_len={self.seq_len}; '
                'give shorter windows or build the backbone with a larger seq_len'
            )
        joints, _ = pose_features(rays, scores)
        predicted = self.head(self.backbone(joints)) * POSE_UNIT
        return predicted - predicted[..., self.root_index, None, :]

    def over_track(self, rays: Tensor, scores: Tensor, poses: Tensor | None = None) -> Tensor:
        """(T, K, 3) mm relative to the root, of rays (T, K, 2) and scores (T, K), any T."""
        answers = [rays.new_zeros(0, *rays.shape[1:-1], 3)]
        for start in range(0, len(rays), self.seq_len):
            end = min(start + self.seq_len, len(rays))
            first = max(end - self.seq_len, 0)
            answers.append(self(rays[None, first:end], scores[None, first:end])[0, start - first :])
        return torch.cat(answers)

"""The released temporal nets as stages of :class:`PoseLiftingEstimator`.

Shapes: B sequences, T frames of a track, K joints in the order of the lifter's joint set. Rays as in ``pose_features``;
camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor

from mmp3d.models.lifters.pose_gcn import POSE_UNIT
from mmp3d.models.released.temporal_net import ReleasedTemporalNet


class _ReleasedStage(BaseModule):
    """A released temporal net on tracks; windows are tracks of their own."""

    def __init__(self, in_channels: int, out_channels: int, init_cfg: OptConfigType, **kwargs) -> None:
        super().__init__(init_cfg)
        self.net = ReleasedTemporalNet(in_channels, out_channels, **kwargs)

    def forward(self, rays: Tensor, scores: Tensor, poses: Tensor | None) -> Tensor:
        """As :meth:`over_track`, with B in front."""
        poses = [None] * len(rays) if poses is None else poses
        return torch.stack([self.over_track(*track) for track in zip(rays, scores, poses, strict=True)])


@MODELS.register_module()
class ReleasedPoseNet(_ReleasedStage):
    """Poses over time from the graph network's poses, anew, not as their correction.

    Args:
        num_keypoints: K.
        root_index: Index of the root joint.
        init_cfg: Initialisation.
        **kwargs: Those of :class:`ReleasedTemporalNet`.
    """

    def __init__(self, num_keypoints: int = 17, root_index: int = 0, init_cfg: OptConfigType = None, **kwargs) -> None:
        super().__init__(3 * num_keypoints, 3 * num_keypoints, init_cfg, **kwargs)
        self.root_index = root_index

    def over_track(self, rays: Tensor, scores: Tensor, poses: Tensor) -> Tensor:
        """(T, K, 3) mm relative to the root, from (T, K, 3) poses likewise."""
        found = self.net.track(poses.flatten(1) / POSE_UNIT).unflatten(1, (-1, 3)) * POSE_UNIT
        return found - found[:, self.root_index, None]


@MODELS.register_module()
class ReleasedDepthNet(_ReleasedStage):
    """The root's depth from 2D poses over time.

    The release gives the net pixels of the image at half its size, divided by 915, whatever the camera. Here it sees
    every image as a camera would show it whose focal length is those 915 px, which is the same for such a camera.

    In which unit the net answers is not published: the release fits scale and offset to the annotated depths of each
    sequence. ``scale`` and ``offset`` stand in for that fit.

    Args:
        num_keypoints: K.
        principal_point: x and y of that camera's principal point, in units of its focal length.
        scale: Millimetres of depth that the net says as 1.
        offset: Millimetres that it says as 0.
        init_cfg: Initialisation.
        **kwargs: Those of :class:`ReleasedTemporalNet`.
    """

    def __init__(
        self,
        num_keypoints: int = 17,
        principal_point: Sequence[float] = (512 / 915, 512 / 915),
        scale: float = 1000.0,
        offset: float = 0.0,
        init_cfg: OptConfigType = None,
        **kwargs,
    ) -> None:
        super().__init__(2 * num_keypoints, 1, init_cfg, **kwargs)
        self.register_buffer('principal_point', torch.tensor(principal_point), persistent=False)
        self.scale, self.offset = scale, offset

    def over_track(self, rays: Tensor, scores: Tensor, poses: Tensor | None) -> Tensor:
        """(T,) mm, from (T, K, 2) rays; a joint that was not found lies on the principal point."""
        found = (scores > 0) & rays.isfinite().all(dim=-1)
        pixels = torch.where(found[..., None], rays, 0) + self.principal_point
        return self.net.track(pixels.flatten(1))[:, 0] * self.scale + self.offset

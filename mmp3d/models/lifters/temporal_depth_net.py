"""The temporal net for the root's depth.

Shapes: B windows, F frames.
"""

from __future__ import annotations

from mmpose.registry import MODELS
from torch import Tensor

from mmp3d.models.lifters.person_view import LOG_EXTENT_SPREAD, MEAN_EXTENT, PersonView
from mmp3d.models.lifters.temporal_lifter import LOG_DEPTH_MEAN, LOG_DEPTH_SPREAD, TemporalLifter


@MODELS.register_module()
class TemporalDepthNet(TemporalLifter):
    """Focal-normalised depth Z / f of the root from a person's poses over time (paper, section 3.1).

    The net sees the 2D poses with K^-1 applied, the image of a camera with f = 1, in which Z / f is in mm. It is
    predicted as a logarithm: an error is then a share of the distance.

    Args:
        use_poses: See :class:`TemporalLifter`; the authors' form is False.
        **kwargs: Those of :class:`TemporalLifter`.
    """

    def __init__(self, use_poses: bool = False, **kwargs) -> None:
        super().__init__(out_channels=1, use_poses=use_poses, **kwargs)

    def answer(self, outputs: Tensor, poses: Tensor | None, view: PersonView | None) -> Tensor:
        """(B, F) Z / f of the image with f = 1, mm. With ``look_at`` the net predicts the person's extent in mm."""
        predicted = outputs[..., 0].float().clamp(-20, 20)
        if view is None:
            return (predicted.clamp(-8, 8) * LOG_DEPTH_SPREAD + LOG_DEPTH_MEAN).exp()
        along_axis = view.rotation[..., 2, 2]
        return (predicted * LOG_EXTENT_SPREAD).exp() * MEAN_EXTENT / view.size * along_axis

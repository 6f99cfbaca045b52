"""The temporal net for the pose.

Shapes: B windows, F frames, K joints. Camera frame, millimetres.
"""

from __future__ import annotations

from mmpose.registry import MODELS
from torch import Tensor

from mmp3d.geometry import MUPOTS17
from mmp3d.models.lifters.person_view import PersonView
from mmp3d.models.lifters.pose_gcn import POSE_UNIT
from mmp3d.models.lifters.temporal_lifter import TemporalLifter


@MODELS.register_module()
class TemporalPoseNet(TemporalLifter):
    """Poses relative to the root from a person's poses over time (paper, section 3.1).

    With 3D poses as input the net predicts their correction, so that an untrained one hands on what the GCN found; the
    authors predict the pose anew. With ``look_at`` it predicts, in the person's view, the depth of each joint, a
    correction of where it was found, and how many mm the pose extends over; the GCN's poses are then part of what it
    sees.

    Args:
        num_keypoints: K.
        root_index: Index of the root joint.
        **kwargs: Those of :class:`TemporalLifter`. The authors' form is ``use_keypoints=False``.
    """

    def __init__(
        self,
        num_keypoints: int = MUPOTS17.num_joints,
        root_index: int = MUPOTS17.root_index,
        look_at: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(3 * num_keypoints + look_at, num_keypoints=num_keypoints, look_at=look_at, **kwargs)
        self.root_index = root_index
        if self.use_poses and not look_at:
            self.output.weight.data.mul_(0.1)
            self.output.bias.data.zero_()

    def answer(self, outputs: Tensor, poses: Tensor | None, view: PersonView | None) -> Tensor:
        """(B, F, K, 3) mm relative to the root."""
        predicted = outputs[..., : 3 * self.num_keypoints].float().unflatten(-1, (-1, 3)) * POSE_UNIT
        if view is not None:
            predicted = view.turned_back(view.placed(predicted, outputs[..., -1].float()))
        elif self.use_poses:
            predicted = predicted + poses
        return predicted - predicted[..., self.root_index, None, :]

"""Networks of the authors' release that differ in kind from ours; they run their weights and are not trained here."""

from mmp3d.models.released.bottom_up_head import ReleasedBottomUpHead
from mmp3d.models.released.bottom_up_net import ReleasedBottomUpNet
from mmp3d.models.released.integration import ReleasedIntegration
from mmp3d.models.released.integration_net import ReleasedIntegrationNet
from mmp3d.models.released.joint_transform import ReleasedJointTransform
from mmp3d.models.released.pose_adapter import ReleasedPoseAdapter
from mmp3d.models.released.temporal_lifters import ReleasedDepthNet, ReleasedPoseNet
from mmp3d.models.released.temporal_net import ReleasedTemporalNet

__all__ = [
    'ReleasedBottomUpHead', 'ReleasedBottomUpNet', 'ReleasedDepthNet', 'ReleasedIntegration', 'ReleasedIntegrationNet',
    'ReleasedJointTransform', 'ReleasedPoseAdapter', 'ReleasedPoseNet', 'ReleasedTemporalNet']  # fmt: skip

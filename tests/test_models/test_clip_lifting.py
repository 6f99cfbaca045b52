"""A batch of clips is lifted as each track by itself."""

import pytest
import torch
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.models.lifters.clip_lifting import lift_clips
from tests.test_models.test_pose_lifting_estimator import MOTION_BERT, estimator

register_all_modules()


@pytest.mark.parametrize(
    'stages', [('gcn',), ('gcn', 'pose_net'), ('gcn', 'pose_net', 'depth_net'), ('gcn', 'depth_net')]
)
@pytest.mark.parametrize('frames', [1, 5, 12])
def test_a_batch_is_lifted_as_its_tracks(stages, frames):
    model = estimator(*stages).eval()
    rays, scores = torch.randn(3, frames, 17, 2) * 0.1, torch.rand(3, frames, 17)
    scores[0, :, 3], rays[0, :, 3] = 0, torch.nan
    scores[1, :, 14] = 0
    with torch.no_grad():
        clips = lift_clips(model, rays, scores)
        tracks = torch.stack([model.lift_track(*each) for each in zip(rays, scores, strict=True)])
    torch.testing.assert_close(clips, tracks, rtol=1e-3, atol=0.5)


def test_gradients_are_finite_where_joints_are_missing():
    model = estimator('gcn', 'pose_net', 'depth_net')
    rays, scores = torch.randn(2, 3, 17, 2) * 0.1, torch.rand(2, 3, 17)
    rays[0], scores[0] = torch.nan, 0
    lift_clips(model, rays, scores).square().mean().backward()
    assert all(value.grad.isfinite().all() for value in model.parameters() if value.grad is not None)


def test_depths_alone_are_no_poses():
    with pytest.raises(ValueError, match='pose_net'):
        lift_clips(estimator('depth_net'), torch.zeros(1, 1, 17, 2), torch.zeros(1, 1, 17))


def test_a_net_over_whole_clips_has_no_context():
    model = MODELS.build(dict(type='PoseLiftingEstimator', pose_net=MOTION_BERT)).eval()
    assert lift_clips(model, torch.randn(2, 4, 17, 2) * 0.1, torch.ones(2, 4, 17)).shape == (2, 4, 17, 3)

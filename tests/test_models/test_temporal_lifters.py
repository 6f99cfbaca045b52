import pytest
import torch
from mmpose.registry import MODELS

from mmp3d.geometry import MUPOTS17
from mmp3d.models.lifters import MotionBERTPoseNet, TemporalDepthNet, TemporalPoseNet

SMALL = dict(stem_channels=8, kernel_sizes=(3, 3, 3))
NETS = [
    (TemporalPoseNet, {}),
    (TemporalPoseNet, dict(use_keypoints=False)),
    (TemporalPoseNet, dict(use_poses=False)),
    (TemporalDepthNet, {}),
    (TemporalDepthNet, dict(use_poses=True)),
    (TemporalDepthNet, dict(causal=True)),
    (TemporalPoseNet, dict(look_at=True)),
    (TemporalPoseNet, dict(look_at=True, use_poses=False)),
    (TemporalDepthNet, dict(look_at=True, use_poses=True)),
]


def build(net, backbone=SMALL, causal=False, **options):
    torch.manual_seed(0)
    lifter = net(backbone={**backbone, 'causal': causal}, **options)
    # Statistics that a training leaves, so that batch norm is not the identity.
    for module in lifter.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2)
    return lifter.eval()


def track(frames):
    return torch.randn(frames, 17, 2) * 0.2, torch.rand(frames, 17), torch.randn(frames, 17, 3) * 300


def windows_of(frames, before, after):
    return torch.arange(frames)[:, None] + torch.arange(-before, after + 1).clamp(-frames, 2 * frames)


@pytest.mark.parametrize(('net', 'options'), NETS)
@pytest.mark.parametrize('frames', [1, 2, 40])
@torch.no_grad()
def test_a_track_in_one_pass_equals_its_windows(net, options, frames):
    lifter = build(net, **options)
    arrays = track(frames)
    index = windows_of(frames, *lifter.context).clamp(0, frames - 1)
    by_window = lifter(*(array[index] for array in arrays))[:, 0]
    scale = by_window.abs().max()
    torch.testing.assert_close(lifter.over_track(*arrays) / scale, by_window / scale, rtol=0, atol=1e-5)


@torch.no_grad()
def test_receptive_fields_by_config():
    for blocks, frames in ((3, 27), (4, 81), (5, 243)):
        lifter = build(TemporalDepthNet, dict(stem_channels=4, kernel_sizes=(3,) * blocks))
        assert lifter.receptive_field == frames
        arrays = track(3)
        index = windows_of(3, *lifter.context).clamp(0, 2)
        by_window = lifter(*(array[index] for array in arrays))[:, 0]
        torch.testing.assert_close(lifter.over_track(*arrays), by_window, rtol=1e-5, atol=0)


@torch.no_grad()
def test_receptive_field_of_one_frame():
    lifter = build(TemporalPoseNet, dict(stem_channels=8, kernel_sizes=(1, 1)))
    arrays = track(6)
    alone = lifter.over_track(*(each[3:4] for each in arrays))[0]
    torch.testing.assert_close(lifter.over_track(*arrays)[3], alone, rtol=0, atol=1e-3)


@torch.no_grad()
def test_long_tracks_do_not_depend_on_the_chunks():
    lifter = build(TemporalPoseNet)
    arrays = track(50)
    whole = lifter.over_track(*arrays)
    for chunk in (1, 7, 49):
        torch.testing.assert_close(lifter.over_track(*arrays, chunk_frames=chunk), whole, rtol=1e-4, atol=1e-2)


@torch.no_grad()
def test_an_empty_track_gives_nothing():
    assert build(TemporalPoseNet).over_track(*track(0)).shape == (0, 17, 3)
    assert build(TemporalDepthNet).over_track(*track(0)).shape == (0,)


@torch.no_grad()
def test_a_causal_net_does_not_look_ahead():
    lifter = build(TemporalDepthNet, causal=True)
    rays, scores, _ = track(40)
    depths = lifter.over_track(rays, scores)
    rays[30:] += 1
    changed = lifter.over_track(rays, scores) != depths
    assert not changed[:30].any() and changed[30:].all()


@torch.no_grad()
def test_an_untrained_pose_net_hands_on_the_poses():
    lifter = build(TemporalPoseNet)
    lifter.output.weight.zero_()
    rays, scores, poses = track(30)
    expected = poses - poses[:, MUPOTS17.root_index, None]
    torch.testing.assert_close(lifter.over_track(rays, scores, poses), expected)


@torch.no_grad()
def test_depth_net_sees_how_large_a_person_is():
    lifter = build(TemporalDepthNet)
    rays, scores, _ = track(30)
    near, far = lifter.over_track(rays, scores), lifter.over_track(rays * 0.5, scores)
    assert (near > 0).all() and not torch.allclose(near, far, rtol=1e-3)


@torch.no_grad()
def test_motion_bert_lifts_tracks_of_any_length():
    torch.manual_seed(0)
    lifter = MotionBERTPoseNet(dict(feat_size=16, depth=1, num_heads=2, seq_len=9), embedding_size=8).eval()
    for frames in (0, 1, 9, 20):
        rays, scores, _ = track(frames)
        poses = lifter.over_track(rays, scores)
        assert poses.shape == (frames, 17, 3) and poses.isfinite().all()
    # The last clip ends with the track.
    torch.testing.assert_close(poses[18:], lifter(rays[None, 11:], scores[None, 11:])[0, 7:])
    with pytest.raises(ValueError, match='clip of 20 frames, at most seq_len=9'):
        lifter(rays[None], scores[None])


def test_a_net_without_input_and_missing_poses_are_named():
    with pytest.raises(ValueError, match='set use_poses, use_keypoints or both'):
        TemporalPoseNet(use_poses=False, use_keypoints=False)
    rays, scores, _ = track(27)
    with pytest.raises(ValueError, match='needs 3D poses'):
        build(TemporalPoseNet)(rays[None], scores[None])
    with pytest.raises(ValueError, match='26 frames is shorter than the receptive field of 27'):
        build(TemporalDepthNet)(rays[None, :26], scores[None, :26])


def test_strided_and_dilated_weights_are_mmposes():
    """A checkpoint of mmpose's TCN loads, and its windows come out the same."""
    options = dict(in_channels=6, stem_channels=8, num_blocks=2, kernel_sizes=(3, 3, 3))
    ours = MODELS.build(dict(type='TwoFormTCN', **options))
    dilated, strided = (MODELS.build(dict(type='TCN', use_stride_conv=flag, **options)) for flag in (False, True))
    for net in (ours, dilated, strided):
        net.load_state_dict(ours.state_dict())
        net.train(False)
    window, longer = torch.randn(2, 6, 27), torch.randn(2, 6, 40)
    for _ in range(2):
        torch.testing.assert_close(ours(window)[-1], strided(window)[-1])
        torch.testing.assert_close(ours(longer)[-1], dilated(longer)[-1])


@torch.no_grad()
def test_weights_for_single_frames_are_the_middle_of_wider_kernels():
    arrays = track(9)
    options = dict(look_at=True, use_poses=False)
    frames = build(TemporalPoseNet, dict(stem_channels=8, kernel_sizes=(1, 1, 1)), **options)
    wide = build(TemporalPoseNet, **options)
    wide.load_state_dict(frames.state_dict())
    torch.testing.assert_close(wide.over_track(*arrays), frames.over_track(*arrays), rtol=1e-4, atol=1e-2)
    with_poses = build(TemporalPoseNet, look_at=True)
    with_poses.load_state_dict(frames.state_dict())
    torch.testing.assert_close(with_poses.over_track(*arrays), frames.over_track(*arrays), rtol=1e-4, atol=1e-2)
    with pytest.raises(RuntimeError, match='size mismatch'):
        frames.load_state_dict(wide.state_dict())

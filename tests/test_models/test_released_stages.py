"""The released networks as stages of the whole system: what the options change, by hand-made answers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmp3d import register_all_modules
from mmp3d.apis.two_branch import load_two_branch
from mmp3d.evaluation.functional.similarity import align_similarity
from mmp3d.geometry import H36M17, MUPOTS17, Camera
from mmp3d.geometry.joint_order import joint_order
from mmp3d.models.integration.pose_pairs import PosePairs
from mmp3d.models.released import ReleasedDepthNet, ReleasedIntegration, ReleasedPoseNet
from mmp3d.models.released.bottom_up_head import FLIP_INDICES, ReleasedBottomUpHead
from mmp3d.models.released.integration import aligned
from mmp3d.pipeline import ClipFrame
from tests.shared_data import shared_path
from tests.test_models.test_released_nets import small_backbone

register_all_modules()
CONFIG = str(Path(__file__).parents[2] / 'configs/release_tdbu_mupots.py')
ROOT = MUPOTS17.root_index
SMALL_TCN = dict(channels=8, num_blocks=1)


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def small_lifter():
    torch.manual_seed(0)
    gcn = dict(
        type='PoseGCN', hidden_channels=8, adjacency='uniform', with_confidence=False, joint_set='h36m17',
        normalization='trunk')  # fmt: skip
    kinds = dict(pose_net='ReleasedPoseNet', depth_net='ReleasedDepthNet')
    nets = {name: dict(type=kind, **SMALL_TCN) for name, kind in kinds.items()}
    lifter = MODELS.build(dict(type='PoseLiftingEstimator', joint_set='h36m17', gcn=gcn, **nets))
    return lifter.eval().requires_grad_(False)


def test_lifter_is_the_released_chain():
    lifter, camera = small_lifter(), Camera(np.array([[1830.0, 0, 1024], [0, 1830, 1024], [0, 0, 1]]), (2048, 2048))
    half = 512 + 100 * normal(5, 17, 2)
    # As released: images at half their size, joints in the order of Human3.6M.
    unit = half / 1024
    unit = unit / (unit[:, 8:9, 1:] - unit[:, :1, 1:])
    adjacencies = [torch.full((5, 1, nodes, nodes), 1 / nodes) for nodes in (17, 16)]
    poses = lifter.gcn.lift(unit - unit[:, :1], [adjacencies[0]] * 2, [adjacencies[1]] * 2)
    poses = lifter.pose_net.net.track((poses - poses[:, :1]).flatten(1)).view(5, 17, 3)
    depths = 1000 * lifter.depth_net.net.track(half.flatten(1) / 915)[:, 0]
    expected = (poses - poses[:, :1])[:, np.argsort(joint_order('h36m17'))] * 1000

    pixels = H36M17.convert(2 * half.numpy(), np.ones((5, 17), bool), MUPOTS17)[0]
    rays = torch.from_numpy(camera.normalize(pixels)).float()
    points = lifter.lift_track(rays, torch.ones(5, 17))
    torch.testing.assert_close(points[:, ROOT, 2], depths, rtol=1e-4, atol=1e-2)
    torch.testing.assert_close(points - points[:, ROOT, None], expected, rtol=1e-4, atol=1e-1)


def test_long_tracks_are_the_same_in_parts(monkeypatch):
    net, frames = ReleasedPoseNet(**SMALL_TCN).eval().requires_grad_(False), normal(7, 17, 3)
    whole = net.over_track(None, None, frames)
    monkeypatch.setattr('mmp3d.models.released.temporal_net.WINDOWS', 2)
    torch.testing.assert_close(net.over_track(None, None, frames), whole)
    assert net.over_track(None, None, frames[:0]).shape == (0, 17, 3)


def test_depth_of_joints_that_were_not_found_is_finite():
    net = ReleasedDepthNet(**SMALL_TCN).eval().requires_grad_(False)
    rays, scores = normal(3, 17, 2), torch.ones(3, 17)
    rays[1, 4], scores[1, 4] = torch.nan, 0
    assert net.over_track(rays, scores, None).isfinite().all()


def test_alignment_is_that_of_the_metrics():
    source, target = normal(20, 17, 3), normal(20, 17, 3, seed=1)
    expected = align_similarity(source.numpy(), target.numpy())
    np.testing.assert_allclose(aligned(source, target).numpy(), expected, atol=1e-5)


def test_integration_knows_no_place_and_size_of_the_bottom_up_pose():
    torch.manual_seed(0)
    stage = ReleasedIntegration(dict(type='ReleasedIntegrationNet', channels=8)).eval().requires_grad_(False)
    top_down = 300 * normal(4, 17, 3) + torch.tensor([500.0, 0, 4000])
    bottom_up = 2 * (top_down - top_down[:, ROOT, None]) + torch.tensor([0.0, 0, 5000])
    scores = torch.ones(4, 17)
    scores_of_bottom_up = scores.clone()
    scores_of_bottom_up[3] = 0
    points = stage(PosePairs(top_down, bottom_up, scores, scores_of_bottom_up))
    torch.testing.assert_close(points[3], top_down[3])
    # Both say the same pose, so the blend is this pose, on the top-down ray at some depth.
    torch.testing.assert_close(points - points[:, ROOT, None], top_down - top_down[:, ROOT, None], rtol=0, atol=0.1)
    rays = [pose[:, ROOT, :2] / pose[:, ROOT, 2:] for pose in (points, top_down)]
    torch.testing.assert_close(*rays)
    only = stage(PosePairs(top_down, bottom_up, 0 * scores, scores))
    torch.testing.assert_close(only, bottom_up)
    assert stage(PosePairs(*(part[:0] for part in (top_down, bottom_up, scores, scores)))).shape == (0, 17, 3)


def small_bottom_up(**test_cfg):
    cfg = Config.fromfile(CONFIG).model.bottom_up
    cfg.pop('checkpoint')
    cfg.backbone, cfg.head.channels = small_backbone(), 8
    cfg.test_cfg.update(test_cfg)
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.eval()
    return model.requires_grad_(False)


def sample_with_poses(people=2):
    sample = PoseDataSample()
    sample.set_metainfo(dict(input_size=(96, 64), input_center=(48, 32), input_scale=(96, 64), ori_shape=(64, 96)))
    keypoints = 40 + 15 * normal(people, 17, 2)
    sample.input_instances = InstanceData(keypoints=keypoints, keypoint_scores=torch.full((people, 17), 0.3))
    return sample


def test_input_maps_are_as_high_as_one_and_cut_and_in_the_order_of_human36m():
    model, sample = small_bottom_up(), sample_with_poses(1)
    maps = model._person_heatmaps(torch.zeros(1, 3, 64, 96), [sample])[0]
    keypoints = sample.input_instances.keypoints[0]
    grid = torch.stack(torch.meshgrid(torch.arange(96.0), torch.arange(64.0), indexing='xy'), dim=-1)
    for channel, name in enumerate(H36M17.joint_names):
        squares = (grid - keypoints[MUPOTS17.joint_names.index(name)]).square().sum(dim=-1)
        heights = torch.exp(-squares / 32)
        torch.testing.assert_close(maps[channel], torch.where(heights > 0.01, heights, 0))


def test_of_the_mirrored_image_the_tags_alone_are_taken():
    model, sample, image = small_bottom_up(), sample_with_poses(), normal(1, 3, 64, 96)
    maps = model._tested_maps(image, [sample])
    inputs = torch.cat([image, model._person_heatmaps(image, [sample])], dim=1)
    plain, mirrored = (model.head(model.backbone(each)) for each in (inputs, inputs.flip(-1)))
    for name in ('heatmaps', 'relative_depths', 'root_depths'):
        torch.testing.assert_close(getattr(maps, name), getattr(plain, name))
    tags = torch.cat([plain.tags, mirrored.tags.flip(-1)[:, list(FLIP_INDICES)]], dim=2)
    torch.testing.assert_close(maps.tags, tags)
    assert maps.heatmaps.shape == (1, 14, 64, 96)


def test_left_and_right_change_places_in_mirrored_input_maps_unless_as_released():
    heatmaps = torch.arange(17.0)[None, :, None, None].expand(1, 17, 2, 2)
    as_released = small_bottom_up()._flipped_heatmaps(heatmaps)[0, :, 0, 0]
    assert as_released.tolist() == list(range(17))
    swapped = small_bottom_up(flip_input_joints=True)._flipped_heatmaps(heatmaps)[0, :, 0, 0]
    assert swapped.tolist() == H36M17.flip_indices.tolist()


def test_pose_before_the_transform_is_normalised_as_released():
    golden = np.load(shared_path('golden/author_grouping/A/geometry.npz'))
    model, seen = small_bottom_up(), []
    model.joint_transform.register_forward_pre_hook(lambda net, inputs: seen.append(inputs[0].numpy()))
    poses = golden['pts3d/out']
    relative = 1000 * (poses[..., 2] - poses[:, :1, 2])
    camera = Camera.from_fov(60, (440, 440))
    points = model._transformed(poses[..., :2], relative, np.full(len(poses), 3000.0), camera)
    np.testing.assert_allclose(seen[0], golden['pts3d/normalized'], atol=1e-4)
    roots = camera.back_project(poses[:, 0, :2], np.full(len(poses), 3000.0))
    np.testing.assert_allclose(points[:, ROOT], roots, rtol=1e-5)


def test_maps_are_enlarged_before_people_are_read():
    feats = (normal(1, 8, 4, 6),)
    small, large = ReleasedBottomUpHead(8).eval(), ReleasedBottomUpHead(8, map_scale=2).eval()
    large.load_state_dict(small.state_dict())
    with torch.no_grad():
        plain, enlarged = small(feats), large(feats)
    assert plain.heatmaps.shape[-2:] == (8, 12) and enlarged.tags.shape == (1, 14, 1, 16, 24)
    torch.testing.assert_close(enlarged.heatmaps[..., ::2, ::2].mean(), plain.heatmaps.mean(), rtol=0.3, atol=0.1)
    assert not enlarged.relative_depths[:, 0].any()
    with torch.no_grad():
        torch.testing.assert_close(large.tag_maps(feats), enlarged.tags)


@pytest.mark.parametrize('name', ['mupots', 'smpl24'])
def test_joint_sets_that_mupots_lacks_are_named(name):
    with pytest.raises(ValueError, match=f"joint set '{name}'"):
        joint_order(name)


def test_the_released_system_runs_on_images():
    options = {f'model.{part}.checkpoint': None for part in ('lifter', 'bottom_up', 'integration')}
    options['model.bottom_up.backbone'], options['model.bottom_up.head.channels'] = small_backbone(), 8
    options['model.bottom_up_pipeline'] = [
        dict(type='LoadMultiPersonImage'),
        dict(type='BottomupResize', input_size=(64, 64), size_factor=64, resize_mode='expand'),
        dict(type='WarpInputPoses'),
        dict(type='PackMultiPersonInputs'),
    ]
    options |= {f'model.lifter.{net}_net.{key}': value for net in ('pose', 'depth') for key, value in SMALL_TCN.items()}
    options['model.lifter.gcn.hidden_channels'] = 8
    system, camera = load_two_branch(CONFIG, options), Camera.from_fov(60, (96, 64))
    rng = np.random.default_rng(0)
    poses = (rng.uniform(0, 64, (2, 17, 2)).astype(np.float32), np.ones((2, 17), np.float32))
    frames = [ClipFrame(number, rng.integers(0, 255, (64, 96, 3), np.uint8), poses) for number in range(3)]
    results = list(system.pipeline.run(frames, camera))
    assert [frame for frame, _ in results] == [0, 1, 2]
    for _, people in results:
        assert sorted(people.track_ids) == [0, 1]
        assert set(people.source) <= {'td', 'both'}
        assert np.isfinite(people.keypoints_cam).all()


def test_options_out_of_their_sets_are_named():
    with pytest.raises(ValueError, match="flip_outputs must be one of .*'heat'"):
        small_bottom_up(flip_outputs='heat')
    gcn = dict(type='PoseGCN', hidden_channels=8, adjacency='uniform', normalization='trunk')
    with pytest.raises(ValueError, match="'trunk' with with_confidence=False"):
        MODELS.build(gcn)
    with pytest.raises(ValueError, match="needs a joint set with a neck, got 'coco17'"):
        MODELS.build(dict(gcn, with_confidence=False, joint_set='coco17'))

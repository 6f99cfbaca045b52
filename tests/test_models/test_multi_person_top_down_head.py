"""The top-down head learns heatmaps of all people and tags; the baseline has no tags."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmp3d import register_all_modules
from mmp3d.geometry import MUPOTS17
from mmp3d.models.heads.multi_person_top_down_head import CropMaps
from tests.test_models.top_down_scenes import small_network, standing

register_all_modules()
CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


def sample(network):
    encoded = network.head.decoder.encode(np.stack([standing(40, 64, seed=1), standing(90, 64, seed=2)]), None)
    packed = PoseDataSample(metainfo=dict(joints_annotated=np.ones(17, np.float32)))
    names = [name for name in ('heatmaps', 'own_heatmaps') if name in encoded]
    heatmaps = {name: torch.from_numpy(encoded.pop(name)) for name in names}
    packed.gt_fields = PixelData(**heatmaps, heatmap_mask=torch.ones(1, *network.head.decoder.heatmap_size[::-1]))
    packed.gt_instance_labels = InstanceData(**encoded).to_tensor()
    return packed


@pytest.mark.parametrize('multi_person, own_heatmaps', [(True, False), (True, True), (False, False)])
def test_loss_falls_and_every_weight_has_a_gradient(multi_person, own_heatmaps):
    torch.manual_seed(0)
    network = small_network(multi_person, own_heatmaps).train()
    network.init_weights()
    samples, inputs = [sample(network)] * 2, torch.rand(2, 3, 128, 128)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    totals = []
    for _ in range(45):
        losses = network.loss(inputs, samples)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
        totals.append(losses['loss_heatmap'].item())
    tags = {'loss_pull', 'loss_push'} if multi_person else set()
    own = {'loss_own_heatmap'} if own_heatmaps else set()
    assert set(losses) == {'loss_heatmap', *tags, *own}
    assert totals[-1] < 0.5 * totals[0]
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in network.head.parameters())


def test_heatmap_loss_is_the_squared_distance_of_equation_1():
    network = small_network()
    target = sample(network).gt_fields.heatmaps
    network.head.forward = lambda feats: (torch.zeros(1, *target.shape), torch.zeros(1, 17, 1, *target.shape[1:]), None)
    losses = network.head.loss((), [sample(network)])
    assert float(losses['loss_heatmap']) == pytest.approx(float(target.square().mean()), rel=1e-5)
    # All tags are alike: nothing to pull together.
    assert float(losses['loss_pull']) == 0
    assert float(losses['loss_push']) > 0


def test_own_heatmaps_are_compared_with_the_own_person_where_it_is_labelled():
    network = small_network(own_heatmaps=True)
    packed = sample(network)
    packed.gt_instance_labels.keypoint_weights[0, 2] = 0
    target = packed.gt_fields.own_heatmaps
    blank = torch.zeros(1, *target.shape)
    network.head.forward = lambda feats: (blank, blank[:, :, None], blank)
    squares = target.square()
    squares[2] = 0
    loss = float(network.head.loss((), [packed])['loss_own_heatmap'])
    assert loss == pytest.approx(float(squares.mean()), rel=1e-5)


def test_mirrored_own_heatmaps_come_back_to_their_joints():
    network = small_network(own_heatmaps=True)
    plain = torch.rand(1, 17, 32, 32)
    mirrored = plain[:, MUPOTS17.flip_indices].flip(-1)
    network.head.forward = lambda maps: CropMaps(maps, maps[:, :, None], 2 * maps)
    maps = network.head.flip_merged([plain, mirrored], list(MUPOTS17.flip_indices))
    torch.testing.assert_close(maps.heatmaps, plain)
    torch.testing.assert_close(maps.own_heatmaps, 2 * plain)
    assert maps.tags.shape == (1, 17, 2, 32, 32)


def test_maps_of_another_size_are_named():
    network = small_network()
    network.head.forward = lambda feats: (torch.zeros(1, 17, 8, 8), torch.zeros(1, 17, 1, 8, 8), None)
    with pytest.raises(ValueError, match='make num_keypoints'):
        network.head.loss((), [sample(network)])


@pytest.mark.parametrize('name', ['td_tiny_coco', 'td_hrnet_w32_coco'])
def test_configs_build(name):
    config = Config.fromfile(CONFIGS / f'{name}.py')
    config.model.backbone.init_cfg = None
    network = MODELS.build(config.model)
    assert network.head.decoder.heatmap_size == tuple(side // 4 for side in config.input_size)

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
from mmp3d.geometry import COCO17, MUPOTS17
from tests.test_models.top_down_scenes import small_network, standing

register_all_modules()
CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


def sample(network):
    encoded = network.head.decoder.encode(np.stack([standing(40, 64, seed=1), standing(90, 64, seed=2)]), None)
    packed = PoseDataSample(metainfo=dict(joints_annotated=np.ones(17, np.float32)))
    heatmaps = torch.from_numpy(encoded.pop('heatmaps'))
    packed.gt_fields = PixelData(heatmaps=heatmaps, heatmap_mask=torch.ones(1, *heatmaps.shape[1:]))
    packed.gt_instance_labels = InstanceData(**encoded).to_tensor()
    return packed


@pytest.mark.parametrize('multi_person', [True, False])
def test_loss_falls_and_every_weight_has_a_gradient(multi_person):
    torch.manual_seed(0)
    network = small_network(multi_person).train()
    network.init_weights()
    samples, inputs = [sample(network)] * 2, torch.rand(2, 3, 128, 128)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    totals = []
    for _ in range(30):
        losses = network.loss(inputs, samples)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
        totals.append(losses['loss_heatmap'].item())
    names = {'loss_heatmap', 'loss_pull', 'loss_push'} if multi_person else {'loss_heatmap'}
    assert set(losses) == names
    assert totals[-1] < 0.5 * totals[0]
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in network.head.parameters())


def test_heatmap_loss_is_the_squared_distance_of_equation_1():
    network = small_network()
    target = sample(network).gt_fields.heatmaps
    network.head.forward = lambda feats: (torch.zeros(1, *target.shape), torch.zeros(1, 17, 1, *target.shape[1:]))
    losses = network.head.loss((), [sample(network)])
    assert float(losses['loss_heatmap']) == pytest.approx(float(target.square().mean()), rel=1e-5)
    # All tags are alike: nothing to pull together.
    assert float(losses['loss_pull']) == 0
    assert float(losses['loss_push']) > 0


def test_maps_of_another_size_are_named():
    network = small_network()
    network.head.forward = lambda feats: (torch.zeros(1, 17, 8, 8), torch.zeros(1, 17, 1, 8, 8))
    with pytest.raises(ValueError, match='make num_keypoints'):
        network.head.loss((), [sample(network)])


@pytest.mark.parametrize('name', ['td_tiny_coco', 'td_tiny_single_coco', 'td_hrnet_w32_coco'])
def test_configs_build(name):
    config = Config.fromfile(CONFIGS / f'{name}.py')
    config.model.backbone.init_cfg = None
    network = MODELS.build(config.model)
    assert network.head.decoder.heatmap_size == tuple(side // 4 for side in config.input_size)
    _, labelled = COCO17.convert(np.zeros((1, 17, 2)), np.ones((1, 17), bool), MUPOTS17)
    assert network.head.decoder.unlabelled_joints == np.flatnonzero(~labelled[0]).tolist()

"""The device that a user names."""

from __future__ import annotations

import pytest
import torch
from mmengine.config import Config

from mmp3d.apis.branch_pairs import write_branch_pairs
from mmp3d.apis.inferencer import MultiPersonPose3DInferencer
from mmp3d.apis.lifters import load_lifters
from mmp3d.apis.measured_people import measure_people
from mmp3d.apis.pseudo_labels import write_pseudo_labels
from mmp3d.apis.two_branch import load_two_branch
from mmp3d.engine import device as module
from mmp3d.engine.device import checked_device


def test_a_device_that_is_there():
    assert checked_device('cpu') == checked_device(torch.device('cpu')) == torch.device('cpu')


@pytest.mark.parametrize('name', ['nonsense', '', 'cuda:-1', 'cuda:99', 'hpu', 'meta', 'cuda:99999999999999'])
def test_a_device_that_is_not_there_is_named_with_those_that_are(name):
    with pytest.raises(ValueError, match=rf"the device '{name}' \(.*this machine has cpu.*--device or device="):
        checked_device(name)


def test_gpus_are_listed(monkeypatch):
    monkeypatch.setattr(module.torch.cuda, 'device_count', lambda: 2)
    with pytest.raises(ValueError, match='this machine has cpu, cuda:0, cuda:1'):
        checked_device('nonsense')


@pytest.mark.parametrize('load', [load_lifters, load_two_branch, MultiPersonPose3DInferencer])
def test_networks_are_not_loaded_for_a_device_that_is_not_there(load):
    # The model does not exist either: the device is looked at first.
    with pytest.raises(ValueError, match="the device 'nonsense'"):
        load('no_such_model', device='nonsense')


@pytest.mark.parametrize(
    'run',
    [
        lambda cfg, out, device: write_branch_pairs(cfg, [], out, device=device),
        lambda cfg, out, device: list(measure_people(cfg, 'none.pth', device=device)),
        lambda cfg, out, device: write_pseudo_labels(cfg, 'none.pth', out, device),
    ],
)
def test_the_tools_with_a_device_look_at_it_first(tmp_path, run):
    cfg = Config(dict(model={}, measured_model={}, measure_dataloader={}, teacher={}, unlabelled_dataset={}))
    with pytest.raises(ValueError, match="the device 'nonsense'"):
        run(cfg, tmp_path / 'out.npz', 'nonsense')

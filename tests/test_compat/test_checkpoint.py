"""Reading, applying and publishing checkpoints, and what a user is told when a file does not fit."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from torch import nn

from mmp3d.apis.recorded_config import recorded_config
from mmp3d.compat import checkpoint as module
from mmp3d.compat.checkpoint import (
    config_name,
    load_checkpoint,
    load_weights,
    publish_checkpoint,
    state_dict_of,
    weights_for,
)
from mmp3d.version import __version__


def saved(path: Path, **content: object) -> Path:
    torch.save(content, path)
    return path


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    meta = {
        'experiment_name': 'bu_tiny_muco_20260102_030405',
        'cfg': "a = '/data/own/motion'\nwork_dir = 'runs'\n",
        'dataset_meta': {'sigmas': [0.5]},
        'seed': 3,
    }
    state = {f'module.{name}': tensor for name, tensor in nn.Linear(2, 3).state_dict().items()}
    return saved(tmp_path / 'epoch_1.pth', state_dict=state, meta=meta, optimizer={'lr': 0.1})


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='none.pth: no such checkpoint. Give an existing file'):
        load_checkpoint(tmp_path / 'none.pth')


@pytest.mark.parametrize('keep', [0, 1, 100, -1])
def test_truncated_file(run_file: Path, keep: int) -> None:
    run_file.write_bytes(run_file.read_bytes()[:keep])
    with pytest.raises(ValueError, match='epoch_1.pth: truncated or not a checkpoint'):
        load_checkpoint(run_file)


def test_damaged_bytes_are_noticed_or_without_effect(run_file: Path) -> None:
    whole, random = run_file.read_bytes(), np.random.default_rng(0)
    tensors = load_checkpoint(run_file)['state_dict']
    for _ in range(100):
        damaged = bytearray(whole)
        for position in random.integers(0, len(whole), 8):
            damaged[position] = random.integers(256)
        run_file.write_bytes(damaged)
        try:
            found = load_checkpoint(run_file)['state_dict']
            assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
        except ValueError as error:
            assert 'epoch_1.pth' in str(error)


def test_one_changed_bit_of_the_weights_is_noticed(run_file: Path) -> None:
    whole = bytearray(run_file.read_bytes())
    at = whole.find(load_checkpoint(run_file)['state_dict']['module.weight'].numpy().tobytes())
    whole[at] ^= 1
    run_file.write_bytes(whole)
    with pytest.raises(ValueError, match='epoch_1.pth: damaged, .*does not have its checksum'):
        load_checkpoint(run_file)


def test_git_lfs_pointer(run_file: Path) -> None:
    run_file.write_text('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n')
    with pytest.raises(ValueError, match='epoch_1.pth: is a Git LFS pointer'):
        load_checkpoint(run_file)


def test_text_file_and_bare_tensor(tmp_path: Path) -> None:
    text = tmp_path / 'readme.pth'
    text.write_text('version https://example.org/pointer')
    with pytest.raises(ValueError, match='readme.pth: truncated or not a checkpoint'):
        load_checkpoint(text)
    torch.save(torch.zeros(3), tmp_path / 'tensor.pth')
    with pytest.raises(ValueError, match='holds a Tensor, expected a dict'):
        load_checkpoint(tmp_path / 'tensor.pth')


def test_foreign_class_needs_trust(tmp_path: Path) -> None:
    file = saved(tmp_path / 'foreign.pth', state_dict={}, message_hub=HistoryBuffer([1.0], [1]))
    with pytest.raises(ValueError, match=r'foreign.pth: refused.*class mmengine.*HistoryBuffer.*--trust.*trust=True'):
        load_checkpoint(file)
    assert load_checkpoint(file, trust=True)['message_hub'].current() == 1


def test_weights_of_a_wrapped_model_are_loaded(run_file: Path) -> None:
    model = nn.Linear(2, 3)
    meta = load_weights(model, run_file)['meta']
    assert torch.equal(model.weight, load_checkpoint(run_file)['state_dict']['module.weight'])
    assert meta['dataset_meta'] == {'sigmas': [0.5]}


@pytest.mark.parametrize(
    ('model', 'told'),
    [
        (nn.Linear(4, 3), r'1 of another shape: weight \(3, 2\) for \(3, 4\)'),
        (
            nn.Sequential(*(nn.Linear(2, 2) for _ in range(3))),
            r'6 missing: 0.weight, 0.bias, 1.weight, \.\.\.; 2 unexpected',
        ),
    ],
)
def test_other_architecture_is_summarised_and_leaves_the_model(run_file: Path, model: nn.Module, told: str) -> None:
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(ValueError, match=rf'epoch_1.pth.*recorded config: bu_tiny_muco\).*{told}'):
        load_weights(model, run_file)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_checkpoint_without_weights(tmp_path: Path) -> None:
    file = saved(tmp_path / 'meta.pth', meta={'epoch': 1})
    with pytest.raises(ValueError, match='no "state_dict" of tensors, found the keys'):
        load_weights(nn.Linear(2, 3), file)


def test_published_file_is_small_plain_and_complete(run_file: Path, tmp_path: Path) -> None:
    published = tmp_path / 'published' / 'tiny.pth'
    publish_checkpoint(run_file, published, {'AP25root': np.float32(0.5), 'per_joint': np.ones(2)})
    content = torch.load(published, weights_only=True)
    assert set(content) == {'meta', 'state_dict'}
    assert content['meta'] == {
        'config_name': 'bu_tiny_muco',
        'cfg': "a = 'motion'\n",
        'dataset_meta': {'sigmas': [0.5]},
        'mmp3d_version': __version__,
        'AP25root': 0.5,
        'per_joint': [1.0, 1.0],
    }
    assert set(content['state_dict']) == {'weight', 'bias'}
    assert list(published.parent.iterdir()) == [published]


def test_half_precision_takes_half_the_space_and_loads_into_full(run_file: Path, tmp_path: Path) -> None:
    publish_checkpoint(run_file, tmp_path / 'half.pth', {}, half=True)
    stored = load_checkpoint(tmp_path / 'half.pth')['state_dict']
    given = state_dict_of(load_checkpoint(run_file), run_file)
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
    model = nn.Linear(2, 3)
    load_weights(model, tmp_path / 'half.pth')
    assert model.weight.dtype == torch.float32
    assert torch.equal(model.weight, given['weight'].half().float())
    large = saved(tmp_path / 'large.pth', state_dict={'weight': torch.tensor([1e5])})
    with pytest.raises(ValueError, match=r'weight: up to 1e\+05.*without --half'):
        publish_checkpoint(large, tmp_path / 'never.pth', {}, half=True)


def test_address_is_fetched_once(run_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []

    def copy(url: str, target: str, progress: bool) -> None:
        fetched.append(url)
        Path(target).write_bytes(run_file.read_bytes())

    monkeypatch.setattr(module.torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    monkeypatch.setattr(module.torch.hub, 'download_url_to_file', copy)
    for _ in range(2):
        assert 'state_dict' in load_checkpoint('https://example.org/weights/epoch_1.pth')
    assert fetched == ['https://example.org/weights/epoch_1.pth']


def test_address_that_cannot_be_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(url: str, target: str, progress: bool) -> None:
        raise OSError('no route')

    monkeypatch.setattr(module.torch.hub, 'get_dir', lambda: str(tmp_path))
    monkeypatch.setattr(module.torch.hub, 'download_url_to_file', refuse)
    with pytest.raises(ConnectionError, match=r'https://example.org/a.pth: cannot be fetched \(no route\)'):
        load_checkpoint('https://example.org/a.pth')


def test_the_config_that_builds_the_published_model_takes_the_place_of_the_runs(run_file: Path, tmp_path: Path) -> None:
    publish_checkpoint(run_file, tmp_path / 'model.pth', {}, config="model = dict(file='/home/somebody/x.pth')\n")
    assert load_checkpoint(tmp_path / 'model.pth')['meta']['cfg'] == "model = dict(file='x.pth')\n"


def test_a_student_and_a_network_are_published_without_what_only_training_needs() -> None:
    class Model(nn.Module):
        def __init__(self, **parts: nn.Module) -> None:
            super().__init__()
            for name, part in parts.items():
                setattr(self, name, part)

    run = Model(student=Model(net=nn.Linear(2, 1)), discriminator=nn.Linear(1, 1)).state_dict()
    assert set(weights_for(Model(net=nn.Linear(2, 1)), run)) == {'net.weight', 'net.bias'}
    assert weights_for(Model(student=nn.Linear(1, 1), discriminator=nn.Linear(1, 1)), run).keys() == run.keys()
    run = Model(network=nn.Linear(2, 1), discriminator=nn.Linear(1, 1)).state_dict()
    assert set(weights_for(Model(network=nn.Linear(2, 1)), run)) == {'network.weight', 'network.bias'}
    assert set(weights_for(Model(discriminator=nn.Linear(1, 1)), run)) == set(run)


def test_a_packed_checkpoint_is_refused(run_file: Path) -> None:
    with zipfile.ZipFile(run_file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(run_file, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content + bytes(1 << 16))
    with pytest.raises(ValueError, match=r'epoch_1.pth: .*members are said to have \d+ bytes, more than the file'):
        load_checkpoint(run_file)


@pytest.mark.parametrize('state', [[], 3, {}, {1: torch.zeros(1)}, {'a': 1}, torch.zeros(2)])
def test_state_that_is_no_named_tensors(tmp_path: Path, state: object) -> None:
    with pytest.raises(ValueError, match='a.pth: no "state_dict" of tensors'):
        load_weights(nn.Linear(2, 3), saved(tmp_path / 'a.pth', state_dict=state, meta=[1]))


@pytest.mark.parametrize(
    ('meta', 'name'),
    [
        ({'config_name': 'a\nb', 'experiment_name': 'c'}, 'a b'),
        ({'config_name': ' \n', 'experiment_name': 'c\n_20260102_030405'}, 'c'),
        ({'experiment_name': torch.zeros(2, 3)}, 'unknown'),
    ],
)
def test_names_that_hold_line_breaks_are_said_in_one_line(tmp_path: Path, meta: dict, name: str) -> None:
    file = saved(tmp_path / 'a.pth', state_dict={'wei\nght': torch.zeros(3, 2), 'bias': torch.zeros(3)}, meta=meta)
    said = rf'recorded config: {name}\)\. 1 missing: weight; 1 unexpected: wei ght\. Use'
    with pytest.raises(ValueError, match=said):
        load_weights(nn.Linear(2, 3), file)


@pytest.mark.parametrize('meta', [None, [1], torch.zeros(2), {'config_name': torch.zeros(2)}, {'experiment_name': 3}])
def test_meta_of_another_kind_tells_nothing(tmp_path: Path, meta: object) -> None:
    file = saved(tmp_path / 'a.pth', state_dict=nn.Linear(2, 3).state_dict(), meta=meta)
    assert config_name(load_weights(nn.Linear(2, 3), file)) == 'unknown'
    with pytest.raises(ValueError, match='records no config'):
        recorded_config(str(file), trust=False)

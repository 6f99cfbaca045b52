"""The three commands, one after the other, as a user runs them: train, resume, test, evaluate; one process or two."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmp3d.compat.checkpoint import publish_checkpoint

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIG = str(CHECKOUT / 'configs' / 'bu_tiny_muco.py')
SMALL = (
    'model.backbone.widths=(8,16)',
    'model.backbone.encoder_blocks=(1,1)',
    'model.backbone.decoder_blocks=(1,)',
    'model.head.in_channels=8',
    'train_dataloader.batch_size=4',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'test_dataloader.num_workers=0',
    'test_dataloader.persistent_workers=False',
)


def tool(name):
    spec = importlib.util.spec_from_file_location(f'tool_{name}', CHECKOUT / 'tools' / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp('data')
    make = [sys.executable, str(CHECKOUT / 'tools' / 'make_synthetic.py'), '--seed', '3', '--size', '160', '100']
    subprocess.run([*make, '--format', 'muco', '--out', str(root / 'MuCo'), '--images', '8'], check=True)
    subprocess.run(
        [*make, '--format', 'mupots', '--out', str(root / 'MuPoTS'), '--sequences', '2', '--frames', '3'], check=True
    )
    return root


@pytest.fixture(scope='module')
def options(data):
    return [
        '--cfg-options',
        *SMALL,
        f'train_dataloader.dataset.data_root={data / "MuCo"}',
        f'val_dataloader.dataset.data_root={data / "MuPoTS"}',
        f'test_dataloader.dataset.data_root={data / "MuPoTS"}',
    ]


@pytest.fixture(scope='module')
def run(options, tmp_path_factory):
    """Work folder of a run of one epoch."""
    folder = tmp_path_factory.mktemp('run')
    tool('train')([CONFIG, '--work-dir', str(folder), *options, 'train_cfg.max_epochs=1'])
    return folder


def finish(command):
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-20000:]


def losses(folder):
    lines = [json.loads(line) for log in sorted(folder.glob('*/vis_data/*.json')) for line in log.open()]
    return [line['loss'] for line in lines if 'loss' in line]


def results(folder, part='scores'):
    file = sorted(folder.glob('*/results.json'))[-1]
    return json.loads(file.read_text())[part]


def test_training_leaves_safe_checkpoints_and_resumes(run, options):
    checkpoint = run / 'epoch_1.pth'
    assert torch.load(checkpoint, weights_only=True)['meta']['epoch'] == 1
    tool('train')([CONFIG, '--work-dir', str(run), '--resume', *options, 'train_cfg.max_epochs=2', 'max_epochs=2'])
    assert torch.load(run / 'epoch_2.pth', weights_only=True)['meta']['epoch'] == 2


def test_saved_predictions_give_the_same_numbers_again(run, options, tmp_path):
    predictions, again = tmp_path / 'predictions.json', tmp_path / 'again.json'
    tool('test')(
        [CONFIG, str(run / 'epoch_1.pth'), '--work-dir', str(tmp_path), '--out', str(predictions), '--eval', *options]
    )
    tool('evaluate')([CONFIG, str(predictions), '--out', str(again), *options])
    first, reports = results(tmp_path), results(tmp_path, 'reports')
    second = json.loads(again.read_text())['scores']
    assert reports['PCK']['protocol']['annotation'] == 'univ_annot3'
    assert {name.split('/')[0] for name in first} >= {'AP25root', 'PCK', 'PCKabs', 'AUCrel'}
    for name, value in first.items():
        if name.split('/')[0] in ('AP25root', 'PCK', 'PCKabs', 'AUCrel'):
            assert second[name] == pytest.approx(value, abs=1e-9)


def test_two_processes_evaluate_a_file_as_one(run, options, tmp_path):
    predictions = tmp_path / 'predictions.json'
    names = ['PCKabs', 'AP25root', 'F1@0.4', 'ReleasePCKabs']
    tool('test')(
        [CONFIG, str(run / 'epoch_1.pth'), '--work-dir', str(tmp_path), '--out', str(predictions), '--eval', *names]
        + options
    )
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2']
    command += [str(CHECKOUT / 'tools' / 'evaluate.py'), CONFIG, str(predictions), '--launcher', 'pytorch']
    finish([*command, '--out', str(tmp_path / 'two.json'), '--eval', *names, *options])
    one, two = results(tmp_path), json.loads((tmp_path / 'two.json').read_text())
    assert set(two['reports']) == set(names)
    assert {name: one[name] for name in two['scores']} == pytest.approx(two['scores'], abs=1e-9, nan_ok=True)


def test_named_metrics_only(run, options, tmp_path):
    tool('test')([CONFIG, str(run / 'epoch_1.pth'), '--work-dir', str(tmp_path), '--eval', 'PCKabs', *options])
    assert {name.split('/')[0] for name in results(tmp_path)} - {'data_time', 'time'} == {'PCKabs'}


def test_two_processes_test_as_one(run, options, tmp_path):
    arguments = [CONFIG, str(run / 'epoch_1.pth'), '--eval', '--work-dir']
    tool('test')([*arguments, str(tmp_path / 'one'), *options])
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2']
    command += [
        str(CHECKOUT / 'tools' / 'test.py'),
        *arguments,
        str(tmp_path / 'two'),
        '--launcher',
        'pytorch',
        *options,
    ]
    finish(command)
    one, two = results(tmp_path / 'one'), results(tmp_path / 'two')
    for name in ('AP25root/AP', 'PCK/all', 'PCKabs/all'):
        assert two[name] == pytest.approx(one[name], abs=1e-9, nan_ok=True)


def test_two_processes_train(options, tmp_path):
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2']
    command += [str(CHECKOUT / 'tools' / 'train.py'), CONFIG, '--work-dir', str(tmp_path), '--launcher', 'pytorch']
    command += ['--no-validate', *options, 'train_cfg.max_epochs=1', 'train_dataloader.batch_size=2']
    finish(command)
    weights = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)['state_dict']
    assert all(torch.isfinite(value).all() for value in weights.values())
    assert not any(name.startswith('module.') for name in weights)


def test_a_published_checkpoint_tests_as_the_run_one(run, options, tmp_path):
    published = tmp_path / 'published.pth'
    publish_checkpoint(run / 'epoch_1.pth', published, {'note': 'test'})
    assert published.stat().st_size < (run / 'epoch_1.pth').stat().st_size
    tool('test')([CONFIG, str(published), '--work-dir', str(tmp_path), '--eval', 'PCK', *options])
    assert 'PCK/all' in results(tmp_path)


def test_unreadable_test_image_is_a_frame_with_nobody(run, options, data, tmp_path):
    image = data / 'MuPoTS' / 'MultiPersonTestSet' / 'TS1' / 'img_000001.jpg'
    content = image.read_bytes()
    image.write_bytes(content[: len(content) // 3])
    try:
        out = tmp_path / 'predictions.json'
        tool('test')([CONFIG, str(run / 'epoch_1.pth'), '--work-dir', str(tmp_path), '--out', str(out), *options])
    finally:
        image.write_bytes(content)
    images = json.loads(out.read_text())['images']
    assert len(images) == 6
    assert len(images[1]['instances']['keypoints']) == 0


@pytest.mark.parametrize(
    ('name', 'arguments', 'message'),
    [
        ('train', ['no_such_config.py'], 'no config at no_such_config.py'),
        ('test', ['no_such_config.py', 'x.pth'], 'no config at no_such_config.py'),
        ('evaluate', ['no_such_config.py', 'x.json'], 'no config at no_such_config.py'),
        ('train', [CONFIG, '--resume', 'no_such.pth'], 'no_such.pth'),
        ('train', [CONFIG, '--cfg-options', 'train_dataloader.dataset.data_root=nowhere'], 'nowhere'),
        ('test', [CONFIG, 'no_such.pth', '--eval', 'PCKx'], "unknown metric 'PCKx'"),
        ('train', [CONFIG, '--cfg-options', 'model.backbone.type=Nope'], 'Nope'),
        ('train', [CONFIG, '--cfg-options', 'model.head.colour=1'], 'colour'),
        ('train', [CONFIG, '--cfg-options', 'optim_wrapper=None', '--amp'], "has no 'optim_wrapper'"),
        ('train', [str(CHECKOUT / 'configs/_base_/default_runtime.py')], "has no 'model'"),
    ],
)
def test_mistakes_are_named(name, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        tool(name)(arguments)


def test_only_the_checkpoint_of_a_run_can_be_resumed(run, options, tmp_path):
    published = tmp_path / 'published.pth'
    publish_checkpoint(run / 'epoch_1.pth', published, {})
    with pytest.raises(ValueError, match='not the state of a run.*load_from'):
        tool('train')([CONFIG, '--work-dir', str(tmp_path), '--resume', str(published), *options])
    broken = tmp_path / 'broken.pth'
    broken.write_bytes((run / 'epoch_1.pth').read_bytes()[:1000])
    (tmp_path / 'last_checkpoint').write_text(str(broken))
    with pytest.raises(ValueError, match='broken.pth'):
        tool('train')([CONFIG, '--work-dir', str(tmp_path), '--resume', *options])


@pytest.mark.parametrize('content', [b'', b'not a checkpoint', None])
def test_damaged_or_foreign_checkpoints_are_named(run, options, tmp_path, content):
    broken = tmp_path / 'broken.pth'
    if content is None:
        whole = (run / 'epoch_1.pth').read_bytes()
        content = whole[: len(whole) // 2]
    broken.write_bytes(content)
    with pytest.raises(ValueError, match='broken.pth'):
        tool('test')([CONFIG, str(broken), '--work-dir', str(tmp_path), *options])
    torch.save({'state_dict': {'backbone.other': torch.zeros(3)}}, broken)
    with pytest.raises(ValueError, match='broken.pth'):
        tool('test')([CONFIG, str(broken), '--work-dir', str(tmp_path), *options])


def test_command_line_ends_in_one_line(tmp_path):
    command = [sys.executable, str(CHECKOUT / 'tools' / 'test.py'), 'no_such_config.py', 'x.pth']
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.strip().splitlines()[-1].startswith('error: no config at no_such_config.py')
    assert 'Traceback' not in ended.stderr


@pytest.mark.parametrize(
    ('gpu', 'bfloat16', 'wrapper'),
    [(True, False, 'AmpOptimWrapper'), (False, True, 'Bfloat16OptimWrapper'), (False, False, None)],
)
def test_mixed_precision_is_what_the_machine_has(gpu, bfloat16, wrapper, monkeypatch):
    names = tool('train').__globals__
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: gpu)
    monkeypatch.setitem(names, 'has_bfloat16_instructions', lambda: bfloat16)
    cfg = Config(dict(optim_wrapper=dict(type='OptimWrapper')))
    args = names['parse_args']([CONFIG, '--amp'])
    if wrapper is None:
        with pytest.raises(ValueError, match='--amp needs a GPU.*leave --amp out'):
            names['apply_options'](cfg, args)
    else:
        names['apply_options'](cfg, args)
        assert cfg.optim_wrapper.type == wrapper


@pytest.mark.parametrize('given', [{}, {'auto_scale_lr': None}, {'auto_scale_lr': {'enable': False}}])
def test_a_rate_is_scaled_from_the_batch_size_that_it_is_for(given):
    names = tool('train').__globals__
    args = names['parse_args']([CONFIG, '--auto-scale-lr'])
    with pytest.raises(
        ValueError, match=r'bu_tiny_muco.py: --auto-scale-lr .* auto_scale_lr=dict\(base_batch_size=N\)'
    ):
        names['apply_options'](Config(given), args)
    cfg = Config({'auto_scale_lr': {'base_batch_size': 32}})
    names['apply_options'](cfg, args)
    assert cfg.auto_scale_lr == {'base_batch_size': 32, 'enable': True}


def test_a_refiner_is_trained_on_what_the_network_measures(run, options, data, tmp_path):
    people, refined = tmp_path / 'people.npz', tmp_path / 'refined.pth'
    config = str(CHECKOUT / 'configs' / 'bu_refiner_tiny_muco.py')
    measured = [f'measured_{option}' for option in SMALL if option.startswith('model.')]
    measured += ['measured_model.head.decoder.min_joints=1', 'measured_model.head.decoder.score_threshold=0.0']
    measured += ['measure_dataloader.num_workers=0', f'measure_dataloader.dataset.data_root={data / "MuCo"}']
    tool('measure_people')(
        [config, str(run / 'epoch_1.pth'), '--out', str(people), '--images', '6', '--cfg-options', *measured]
    )
    quick = [f'train_dataloader.dataset.ann_file={people}', 'train_dataloader.num_workers=0', 'train_cfg.max_epochs=2']
    quick += ['train_dataloader.persistent_workers=False', 'train_dataloader.batch_size=4', 'max_epochs=2']
    work = tmp_path / 'work'
    tool('train')([config, '--work-dir', str(work), '--cfg-options', *quick, 'default_hooks.checkpoint.interval=1'])
    small = tmp_path / 'small.py'
    backbone = 'dict(widths=(8, 16), encoder_blocks=(1, 1), decoder_blocks=(1,))'
    small.write_text(f'_base_ = [{CONFIG!r}]\nmodel = dict(backbone={backbone}, head=dict(in_channels=8))\n')
    checkpoint = str(run / 'epoch_1.pth')
    tool('publish_model')([str(small), checkpoint, '--refiner', str(work / 'epoch_2.pth'), '--out', str(refined)])
    weights, before = (torch.load(file, weights_only=True)['state_dict'] for file in (refined, checkpoint))
    changed = {name for name, tensor in weights.items() if not torch.equal(tensor, before[name])}
    assert 'head.refiner.output.weight' in changed and all(name.startswith('head.refiner.') for name in changed)
    tool('test')([CONFIG, str(refined), '--work-dir', str(tmp_path), '--eval', 'PCK', *options])
    assert 'PCK/all' in results(tmp_path)


@pytest.mark.parametrize(
    ('config', 'message'), [('bu_tiny_muco.py', 'measured_model'), ('bu_refiner_tiny_muco.py', 'no_such.pth')]
)
def test_measuring_names_mistakes(config, message, data, tmp_path):
    options = ['--cfg-options', f'measure_dataloader.dataset.data_root={data / "MuCo"}']
    arguments = [str(CHECKOUT / 'configs' / config), 'no_such.pth', '--out', str(tmp_path / 'people.npz')]
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        tool('measure_people')([*arguments, *options])

import json
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.apis import load_two_branch
from mmp3d.compat.checkpoint import load_checkpoint, load_weights
from mmp3d.compat.released_weights import RELEASED_NETS, RELEASED_STAGES, convert, newest_checkpoint, read_released
from mmp3d.models.lifters import PoseGCN
from mmp3d.models.released import ReleasedIntegrationNet, ReleasedPoseAdapter, ReleasedTemporalNet
from tests.shared_data import shared_path
from tools.convert_release import main

register_all_modules()
CONFIG = str(Path(__file__).parents[2] / 'configs/release_tdbu_mupots.py')
GOLDEN = 'golden/author_nets/A'
# The release's folders and what the golden files call the networks in them.
FOLDERS = {
    'model_btmup': 'HR3DNet',
    'model_gcnwild': 'TransNetGCN',
    'model_tcn': 'TCNPose',
    'model_root': 'TCNRoot',
    'model_inte': 'IntegrationNet',
    'model_adapt': 'AdaptNet',
    'model_transform/model_linear': 'LinearModel',
    'model_transform/model_trans': 'TransNet14to17',
}


def released_tensor(name, shape):
    """The golden files' recipe, see their README."""
    rng, leaf = np.random.default_rng(zlib.crc32(name.encode())), name.rsplit('.', 1)[-1]
    if leaf == 'num_batches_tracked':
        return torch.zeros(shape, dtype=torch.int64)
    if leaf == 'running_mean':
        values = rng.normal(0, 0.1, shape)
    elif leaf == 'running_var':
        values = rng.uniform(0.5, 1.5, shape)
    elif name.endswith('bn.weight'):
        residual = 0.2 if re.search(r'units\.\d+\.c[23]\.', name) else 0.25 if '.branches.' in name else 1
        values = rng.uniform(0.8, 1.2, shape) * residual
    elif name.endswith('act.weight'):
        values = rng.uniform(0.1, 0.4, shape)
    elif leaf in ('bias', 'bias2'):
        values = rng.normal(0, 0.05, shape)
    elif len(shape) == 1:
        values = rng.uniform(0.5, 1.5, shape)
    else:
        fan_in = np.prod(shape[1:]) if name.endswith(('.conv.weight', '.fc.weight')) else shape[-2]
        values = rng.normal(0, np.sqrt(2 / fan_in), shape)
    return torch.from_numpy(values.astype(np.float32))


def released_weights(*specs):
    texts = [shared_path(f'{GOLDEN}/{spec}.spec.json').read_text() for spec in specs]
    tensors = [tensor for text in texts for tensor in json.loads(text)['tensors']]
    return {tensor['name']: released_tensor(tensor['name'], tensor['shape']) for tensor in tensors}


def arrays(name):
    return {key: torch.from_numpy(array) for key, array in np.load(shared_path(f'{GOLDEN}/{name}.npz')).items()}


def converted(net, *specs):
    return convert(RELEASED_NETS[net], released_weights(*specs), net)[0].requires_grad_(False)


def assert_equal(result, expected):
    expected = expected.reshape(result.shape)
    torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-5 * expected.std().item())


def test_bottom_up_net_gives_the_authors_maps():
    assert_equal(converted('bottom_up', 'HR3DNet')(arrays('HR3DNet.inputs')['x']), arrays('HR3DNet.outputs')['out'])


@pytest.mark.parametrize('net, spec', [('temporal_pose', 'TCNPose'), ('temporal_depth', 'TCNRoot')])
def test_temporal_nets_give_the_authors_numbers(net, spec):
    model, inputs, expected = converted(net, spec), arrays(f'{spec}.inputs'), arrays(f'{spec}.outputs')
    assert_equal(model(inputs['x']), expected['out'])
    inner = model.track(inputs['seq'].flatten(1))[121:-121]
    assert_equal(inner, expected['evaluate_seq'])


def test_graph_network_converts_with_the_authors_bones():
    gcn, inputs = converted('gcn', 'TransNetGCN'), arrays('TransNetGCN.inputs')
    torch.testing.assert_close(gcn.incidence, inputs['inc'].float())
    poses = gcn.lift(inputs['x'], [inputs['aff'][:, None]] * 2, [inputs['aff_bone'][:, None]] * 2)
    assert_equal(poses, arrays('TransNetGCN.outputs')['out'])


def test_integration_net_gives_the_authors_numbers():
    inputs, expected = arrays('IntegrationNet.inputs'), arrays('IntegrationNet.outputs')
    poses, depths = converted('integration', 'IntegrationNet')(inputs['pts'].view(-1, 2, 3, 17), inputs['depths'])
    assert_equal(poses, expected['pts_out'])
    assert_equal(depths, expected['depths_out'])


def test_adapter_gives_the_authors_numbers():
    assert_equal(converted('adapter', 'AdaptNet')(arrays('AdaptNet.inputs')['x']), arrays('AdaptNet.outputs')['out'])


def test_joint_transform_gives_the_authors_numbers():
    result = converted('joint_transform', 'LinearModel', 'TransNet14to17')(arrays('LinearModel.inputs')['x'])
    assert_equal(result.flatten(1), arrays('TransNet14to17.outputs')['chain_linear_then_trans_of_LinearModel_x'])


def test_the_savers_own_folders_convert(tmp_path, capsys):
    source = shared_path(f'{GOLDEN}/saver_checkpoints')
    nets = ['integration', 'adapter', 'joint_transform']
    main([str(source), '--out', str(tmp_path), '--nets', *nets])
    assert {file.stem for file in tmp_path.iterdir()} == {*nets, 'integration_stage'}
    assert 'fc4.fc.bias (2,) -> layers.6.bias' in capsys.readouterr().out
    load_weights(ReleasedIntegrationNet(), tmp_path / 'integration.pth')


def save(folder, weights):
    """A folder as the release's saver leaves it."""
    folder.mkdir(parents=True)
    (folder / 'checkpoint').write_text('model_7.pth')
    torch.save(weights, folder / 'model_7.pth', _use_new_zipfile_serialization=False)


def test_the_whole_release_converts(tmp_path):
    for folder, spec in FOLDERS.items():
        save(tmp_path / 'ckpts' / folder, released_weights(spec))
    main([str(tmp_path / 'ckpts'), '--out', str(tmp_path / 'out')])
    assert {file.stem for file in (tmp_path / 'out').iterdir()} == {*RELEASED_NETS, *RELEASED_STAGES}
    models = {name: MODELS.build(net.model).eval().requires_grad_(False) for name, net in RELEASED_NETS.items()}
    for name, model in models.items():
        load_weights(model, tmp_path / f'out/{name}.pth')
    root_inputs, expected = arrays('TCNRoot.inputs'), arrays('TCNRoot.outputs')
    assert_equal(models['temporal_depth'](root_inputs['x']), expected['out'])
    stages = dict(bottom_up='bottom_up_branch', lifter='lifter', integration='integration_stage')
    options = {f'model.{part}.checkpoint': str(tmp_path / f'out/{stage}.pth') for part, stage in stages.items()}
    system = load_two_branch(CONFIG, options)
    torch.testing.assert_close(system.bottom_up.head.state_dict(), models['bottom_up'].head.state_dict())


def write_adapter(folder, **changes):
    """A folder in the release's layout with an adapter of zeros."""
    sizes = {'l0': (512, 51), 'l1': (512, 512), 'l2': (9, 512), 'l3': (51, 51)}
    weights = {f'{name}.fc.weight': torch.zeros(size) for name, size in sizes.items()}
    weights |= {f'{name}.fc.bias': torch.zeros(size[0]) for name, size in sizes.items()}
    weights = {name: tensor for name, tensor in (weights | changes).items() if tensor is not None}
    save(folder / 'model_adapt', weights)


def test_a_folder_converts_to_a_safe_file(tmp_path):
    write_adapter(tmp_path / 'ckpts')
    main([str(tmp_path / 'ckpts'), '--out', str(tmp_path / 'out'), '--nets', 'adapter'])
    assert load_checkpoint(tmp_path / 'out/adapter.pth')['meta']['config_name'] == 'release adapter'
    load_weights(ReleasedPoseAdapter(), tmp_path / 'out/adapter.pth')


@pytest.mark.parametrize(
    'changes, message',
    [
        ({'l3.fc.bias': None}, '1 missing: output.bias'),
        ({'l3.fc.bias': torch.zeros(50)}, r'output.bias \(50,\) for \(51,\)'),
        ({'decoder.weight': torch.zeros(2)}, '1 tensors are not those of the released .*: decoder.weight'),
    ],
)
def test_incomplete_and_foreign_weights_are_refused_by_name(tmp_path, changes, message):
    write_adapter(tmp_path, **changes)
    net = RELEASED_NETS['adapter']
    weights, files = read_released(tmp_path, net)
    with pytest.raises(ValueError, match=message):
        convert(net, weights, files[0])


def test_nothing_is_written_where_a_folder_is_missing(tmp_path):
    write_adapter(tmp_path / 'ckpts')
    with pytest.raises(FileNotFoundError, match='model_inte/checkpoint: missing'):
        main([str(tmp_path / 'ckpts'), '--out', str(tmp_path / 'out'), '--nets', 'adapter', 'integration'])
    assert not (tmp_path / 'out').exists()


def test_unknown_net_is_named(tmp_path):
    with pytest.raises(ValueError, match='--nets: tcn unknown'):
        main([str(tmp_path), '--out', str(tmp_path), '--nets', 'tcn'])


@pytest.mark.parametrize('index, error', [('', ValueError), ('../a.pth', ValueError), ('a.pth', FileNotFoundError)])
def test_bad_index_is_refused(tmp_path, index, error):
    (tmp_path / 'checkpoint').write_text(index)
    with pytest.raises(error, match=str(tmp_path)):
        newest_checkpoint(tmp_path)


def test_temporal_net_of_short_tracks_and_wrong_windows():
    net = ReleasedTemporalNet(4, 3, channels=8, num_blocks=1).eval()
    still = torch.ones(2, 4)
    torch.testing.assert_close(net.track(still)[0], net(still[:1].expand(1, 9, 4).contiguous())[0])
    assert net.track(still[:0]).shape == (0, 3)
    with pytest.raises(ValueError, match='windows of 8 frames, expected 9'):
        net(torch.zeros(1, 8, 4))


def test_equal_inputs_are_blended_to_themselves():
    net = ReleasedIntegrationNet(channels=8).eval()
    poses, depths = torch.randn(3, 1, 3, 17).expand(3, 2, 3, 17), torch.rand(3, 1).expand(3, 2)
    pose, depth = net(poses, depths)
    torch.testing.assert_close(pose, poses[:, 0])
    torch.testing.assert_close(depth, depths[:, 0])
    assert net(poses[:0], depths[:0])[0].shape == (0, 3, 17)


def test_given_bones_need_the_uniform_adjacency():
    with pytest.raises(ValueError, match="bones need adjacency='uniform'"):
        PoseGCN(hidden_channels=8, bones=[(0, 1)])

"""The authors' checkpoint folders in our networks' names: which folder holds which network, and what goes where."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from mmpose.registry import MODELS
from torch import Tensor

from mmp3d.compat.checkpoint import check_architecture, load_checkpoint, state_dict_of

Weights = dict[str, Tensor]

# The release's bones: a bone is the second joint minus the first.
BONES = (
    (8, 9), (9, 10), (8, 14), (14, 15), (15, 16), (8, 11), (12, 13), (11, 12), (8, 7), (7, 0), (4, 5), (5, 6), (0, 4),
    (0, 1), (1, 2), (2, 3))  # fmt: skip
# Modules and widths of the stages with several resolutions.
_STAGES = ((1, (32, 64)), (4, (32, 64, 128)), (3, (32, 64, 128, 256)))
HRNET_W32 = dict(
    type='HRNet',
    in_channels=20,
    norm_cfg=dict(type='BN', eps=2e-5),
    extra=dict(
        stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(4,), num_channels=(64,)),
        **{
            f'stage{len(widths)}': dict(
                num_modules=modules,
                num_branches=len(widths),
                block='BASIC',
                num_blocks=(4,) * len(widths),
                num_channels=widths,
            )
            for modules, widths in _STAGES
        },
    ),
)


@dataclass(frozen=True)
class ReleasedNet:
    """One network of the release.

    Attributes:
        folders: Checkpoint folders that its weights come from.
        model: Config of our network.
        rename: Their tensor's name to ours; None where we have no such tensor.
        reshape: Changes beyond names, on tensors that have our names.
    """

    folders: tuple[str, ...]
    model: dict
    rename: Callable[[str], str | None]
    reshape: Callable[[Weights], Weights] = dict


def _renamer(*rules: tuple[str, str]) -> Callable[[str], str | None]:
    """First rule whose pattern is the whole name."""

    def rename(name: str) -> str | None:
        for pattern, replacement in rules:
            match = re.fullmatch(pattern, name)
            if match:
                return match.expand(replacement)
        return None

    return rename


def _block(prefix: str, ours: str) -> tuple[tuple[str, str], ...]:
    """Rules of their convolution block as our Sequential of convolution, batch norm and activation."""
    return tuple(
        (rf'{prefix}\.{leaf}\.(\w+)', rf'{ours}.{index}.\g<{1 + prefix.count("(")}>')
        for index, leaf in enumerate(('conv', 'bn', 'act'))
    )


def _dense(**ours: str) -> Callable[[str], str | None]:
    return _renamer(*((rf'{theirs}\.fc\.(\w+)', rf'{name}.\1') for theirs, name in ours.items()))


def _hrnet(name: str) -> str | None:
    """mmpose's name of a tensor of their backbone."""
    simple = _renamer(
        (r'c([12])\.conv\.(\w+)', r'conv\1.\2'),
        (r'c([12])\.bn\.(\w+)', r'bn\1.\2'),
        (r'layer1\.units\.(\d)\.c(\d)\.(conv|bn)\.(\w+)', r'layer1.\1.\3\2.\4'),
        (r'layer1\.units\.(\d)\.sc\.conv\.(\w+)', r'layer1.\1.downsample.0.\2'),
        (r'layer1\.units\.(\d)\.sc\.bn\.(\w+)', r'layer1.\1.downsample.1.\2'),
        (r'stage1\.transition\.trans\.0\.conv\.(\w+)', r'transition1.0.0.\1'),
        (r'stage1\.transition\.trans\.0\.bn\.(\w+)', r'transition1.0.1.\1'),
        (r'lastfuse\.c(\d)\.c1\.conv\.(\w+)', r'stage4.2.fuse_layers.0.\1.0.\2'),
        (r'lastfuse\.c(\d)\.c1\.bn\.(\w+)', r'stage4.2.fuse_layers.0.\1.1.\2'),
    )(name)
    return simple or _hrnet_stage(name)


def _hrnet_stage(name: str) -> str | None:
    match = re.fullmatch(r'stage(\d)\.(.+)\.(conv|bn)\.(\w+)', name)
    if not match:
        return None
    stage, part, layer, leaf = int(match[1]), match[2], match[3], match[4]
    index = int(layer == 'bn')
    ours = _renamer(
        (r'transition\.trans\.(\d)', rf'transition{stage}.\1.0.{index}.{leaf}'),
        (r'fuses\.(\d)\.branches\.(\d)\.(\d)\.c1', rf'stage{stage + 1}.\1.fuse_layers.\2.\3.{index}.{leaf}'),
        (
            r'fuses\.(\d)\.branches\.(\d)\.(\d)\.mods\.(\d)',
            rf'stage{stage + 1}.\1.fuse_layers.\2.\3.\4.{index}.{leaf}',
        ),
        (
            r'blocks\.(\d)\.(\d)\.units\.(\d)\.c(\d)',
            rf'stage{stage + 1}.\1.branches.\2.\3.{layer}\4.{leaf}',
        ),
    )
    return ours(part)


_BOTTOM_UP_HEADS = _renamer(
    *_block(r'upsample\.prevlayers\.0', 'head.upsample.0'),
    (r'upsample\.uplayer\.conv\.(\w+)', r'head.upsample.1.\1'),
    (r'upsample\.uplayer\.act\.(\w+)', r'head.upsample.2.\1'),
    *_block(r'upsample\.postlayers\.0', 'head.upsample.4'),
    *(
        rule
        for index, head in enumerate(('head', 'head2', 'head3', 'head4'))
        for rule in _block(rf'{head}\.layers\.0', f'head.heads.{index}.0')
    ),
    *((rf'c{index + 1}\.conv\.(\w+)', rf'head.heads.{index}.1.\1') for index in range(4)),
)


def _bottom_up(name: str) -> str | None:
    if name.startswith('backbone.'):
        ours = _hrnet(name.removeprefix('backbone.'))
        return ours and f'backbone.{ours}'
    return _BOTTOM_UP_HEADS(name)


_TEMPORAL = _renamer(
    *_block('c1', 'embedding'),
    *(
        rule
        for block in range(4)
        for layer in (0, 1)
        for rule in _block(rf'r{block + 1}\.c{layer + 1}', f'blocks.{block}.{layer}')
    ),
    (r'c4\.conv\.(\w+)', r'output.\1'),
)
_GCN_LAYERS = {
    'c1': 'embedding', 'c2': 'joint_layers.0', 'c3': 'joint_layers.1', 'b2': 'bone_layers.0', 'b3': 'bone_layers.1',
    'c8': 'fusion', 'c9': 'output'}  # fmt: skip
_GCN = _renamer(
    *((rf'{theirs}\.(weight|bias)', rf'{ours}.first.\1') for theirs, ours in _GCN_LAYERS.items()),
    *((rf'{theirs}\.(weight|bias)2', rf'{ours}.second.\1') for theirs, ours in _GCN_LAYERS.items()),
)


def _gcn_shapes(weights: Weights) -> Weights:
    """Biases of (N, 1, C); the last two linear layers, which have nothing between them, as one."""
    weights = {name: tensor[:, None] if name.endswith('bias') else tensor for name, tensor in weights.items()}
    first, second = (
        [weights.pop(f'output.{layer}.{leaf}', None) for leaf in ('weight', 'bias')] for layer in ('first', 'second')
    )
    if all(tensor is not None for tensor in first + second):
        weights['output.weight'] = first[0] @ second[0]
        weights['output.bias'] = first[1] @ second[0] + second[1]
    return weights


def _joint_transform(name: str) -> str | None:
    return {'weight': 'scale', 'bias': 'offset', 'f3.fc.weight': 'joints.weight', 'f3.fc.bias': 'joints.bias'}.get(name)


RELEASED_NETS = {
    'bottom_up': ReleasedNet(('model_btmup',), dict(type='ReleasedBottomUpNet', backbone=HRNET_W32), _bottom_up),
    'gcn': ReleasedNet(
        ('model_gcnwild',),
        dict(
            type='PoseGCN',
            hidden_channels=256,
            adjacency='uniform',
            with_confidence=False,
            joint_set='h36m17',
            bones=BONES,
        ),
        _GCN,
        _gcn_shapes,
    ),
    'temporal_pose': ReleasedNet(
        ('model_tcn',), dict(type='ReleasedTemporalNet', in_channels=51, out_channels=51), _TEMPORAL
    ),
    'temporal_depth': ReleasedNet(
        ('model_root',), dict(type='ReleasedTemporalNet', in_channels=34, out_channels=1), _TEMPORAL
    ),
    'integration': ReleasedNet(
        ('model_inte',),
        dict(type='ReleasedIntegrationNet'),
        _dense(fc1='layers.0', fc2='layers.2', fc3='layers.4', fc4='layers.6'),
    ),
    'adapter': ReleasedNet(
        ('model_adapt',),
        dict(type='ReleasedPoseAdapter'),
        _dense(l0='matrix.0', l1='matrix.2', l2='matrix.4', l3='output'),
    ),
    'joint_transform': ReleasedNet(
        ('model_transform/model_linear', 'model_transform/model_trans'),
        dict(type='ReleasedJointTransform'),
        _joint_transform,
    ),
}


# What one stage of the whole system takes of them, each network under its name in the stage.
RELEASED_STAGES = {
    'bottom_up_branch': {'': 'bottom_up', 'joint_transform.': 'joint_transform'},
    'lifter': {'gcn.': 'gcn', 'pose_net.net.': 'temporal_pose', 'depth_net.net.': 'temporal_depth'},
    'integration_stage': {'blend.': 'integration'},
}


def stage_weights(converted: Mapping[str, torch.nn.Module]) -> dict[str, Weights]:
    """Weights of the stages all of whose networks are there.

    Args:
        converted: Networks by the names of ``RELEASED_NETS``.
    """
    return {
        stage: {
            prefix + name: tensor
            for prefix, net in nets.items()
            for name, tensor in converted[net].state_dict().items()
        }
        for stage, nets in RELEASED_STAGES.items()
        if set(nets.values()) <= set(converted)
    }


def newest_checkpoint(folder: Path) -> Path:
    """The file that a folder's `checkpoint` names.

    Raises:
        FileNotFoundError: the folder, its `checkpoint` or the file is missing.
        ValueError: `checkpoint` does not hold the name of a file beside it.
    """
    index = folder / 'checkpoint'
    if not index.is_file():
        raise FileNotFoundError(f'{index}: missing. Unpack the whole release; it names the newest file of its folder.')
    lines = index.read_text(errors='replace').splitlines()
    name = lines[0].strip() if lines else ''
    if not name or Path(name).name != name:
        raise ValueError(f'{index}: holds {name[:80]!r}, expected the name of a .pth file beside it')
    file = folder / name
    if not file.is_file():
        raise FileNotFoundError(f'{file}: missing, though {index} names it. Unpack the whole release.')
    return file


def convert(net: ReleasedNet, weights: Weights, source: str | Path) -> tuple[torch.nn.Module, dict[str, str]]:
    """Our network with their weights.

    Args:
        net: which network.
        weights: their tensors.
        source: where they come from, for messages.

    Returns:
        The network in evaluation mode, and our name for each of theirs.

    Raises:
        ValueError: a tensor is foreign, missing or of another shape.
    """
    names = {theirs: net.rename(theirs) for theirs in weights}
    foreign = [theirs for theirs, ours in names.items() if ours is None]
    if foreign:
        raise ValueError(
            f'{source}: {len(foreign)} tensors are not those of the released network for {net.folders[0]}: '
            f'{", ".join(foreign[:3])}. Give the folders as the authors packed them.'
        )
    converted = net.reshape({names[theirs]: tensor for theirs, tensor in weights.items()})
    model = MODELS.build(net.model)
    check_architecture(model, {'state_dict': converted}, source)
    model.load_state_dict(converted)
    return model.eval(), names


def read_released(source: Path, net: ReleasedNet) -> tuple[Weights, list[Path]]:
    """Tensors of a network and the files that they come from.

    Raises:
        FileNotFoundError, ValueError: see `newest_checkpoint` and `load_checkpoint`.
    """
    files = [newest_checkpoint(source / folder) for folder in net.folders]
    weights: Weights = {}
    for file in files:
        weights |= state_dict_of(load_checkpoint(file), file)
    return weights, files

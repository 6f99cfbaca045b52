"""Writes a model's graphs, checks them, and tells in a manifest how they are used."""

from __future__ import annotations

import inspect
import json
import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mmp3d.export.linking import everybody
from mmp3d.export.new_file import refuse_existing, writable_folder
from mmp3d.geometry import MUPOTS17
from mmp3d.geometry.depth_confidence import TOLERANCE as TOLERANCE_MM
from mmp3d.models.estimators import (
    BottomUpDepthEstimator,
    MultiPersonTopDownEstimator,
    PoseLiftingEstimator,
    TwoBranchEstimator,
)
from mmp3d.onnx.graphs import Graph
from mmp3d.onnx.manifest import FORMAT, NAME, VERSION
from mmp3d.onnx.network_graphs import graphs_of
from mmp3d.onnx.parity import TOLERANCE, failures, parity
from mmp3d.onnx.session import GraphSession, require_onnxruntime
from mmp3d.pipeline.two_branch import TwoBranchNetworks, TwoBranchPipeline, TwoBranchSettings
from mmp3d.version import __version__

# The first with layer normalisation.
OPSET = 17
INSTALL = 'pip install -r requirements/onnx.txt'
# A bottom-up network alone knows nothing of the video; its people are linked as at this rate.
FPS = 25.0
# Transforms of an image at test; the first reads it, the last ones only pack.
KNOWN_TRANSFORMS = ('LoadMultiPersonImage', 'BottomupResize', 'WarpInputPoses', 'PackMultiPersonInputs')


def export_model(
    model: nn.Module, folder: str | Path, config: str, overwrite: bool = False
) -> dict[str, dict[str, float]]:
    """Write the graphs of a model and their manifest, all of them checked, or nothing.

    Args:
        model: See :func:`~mmp3d.onnx.network_graphs.graphs_of`; on the processor, with its weights.
        folder: Made if it is not there.
        config: Name of the model's config, for the manifest.
        overwrite: Replace files of the same names.

    Returns:
        Greatest differences from PyTorch by graph and output, see :func:`~mmp3d.onnx.parity.parity`.

    Raises:
        ValueError: The model is not exported or has a part that is not, a graph is not what PyTorch computes, a file
            exists, or onnx or onnxruntime is not installed.
    """
    require_onnxruntime()
    _require_onnx()
    pipeline = pipeline_of(model.eval())
    graphs = graphs_of(pipeline or model)
    manifest = {**_heading(config), **_told(pipeline, model)}
    folder = writable_folder(folder)
    files = [*(f'{name}.onnx' for name in graphs), NAME]
    refuse_existing([folder / name for name in files], overwrite)
    with tempfile.TemporaryDirectory(dir=folder, prefix='.unchecked-') as unchecked:
        differences = {name: _checked(graph, Path(unchecked) / f'{name}.onnx') for name, graph in graphs.items()}
        manifest['graphs'] = {name: _described(name, graph, differences[name]) for name, graph in graphs.items()}
        (Path(unchecked) / NAME).write_text(json.dumps(manifest, indent=1) + '\n', encoding='utf-8')
        # The manifest goes first and comes last: without it the folder is not one of exported graphs.
        (folder / NAME).unlink(missing_ok=True)
        for name in files:
            shutil.move(Path(unchecked) / name, folder / name)
    return differences


def pipeline_of(model: nn.Module) -> TwoBranchPipeline | None:
    """The stages that a model runs in; None for one that finds nobody by itself."""
    if isinstance(model, TwoBranchEstimator):
        return model.pipeline
    if isinstance(model, BottomUpDepthEstimator):
        networks = TwoBranchNetworks(bottom_up=model, bottom_up_pipeline=model.cfg.test_dataloader.dataset.pipeline)
        return TwoBranchPipeline(networks, TwoBranchSettings(branches='bottom_up', tracker=everybody(FPS)))
    if isinstance(model, PoseLiftingEstimator) and (model.gcn is not None or model.pose_net is not None):
        return TwoBranchPipeline(TwoBranchNetworks(lifter=model), TwoBranchSettings(branches='top_down'))
    return None


def _require_onnx() -> None:
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise ValueError(f'graphs are written with the package onnx, which is not installed: {INSTALL}') from error


def write_graph(graph: Graph, path: Path) -> None:
    """Write one graph; nothing is checked."""
    # The newer exporter (torch.export) fixes the sizes of the example: maps of another size then fail.
    older = {'dynamo': False} if 'dynamo' in inspect.signature(torch.onnx.export).parameters else {}
    graph.module.eval()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        torch.onnx.export(
            graph.module,
            graph.example(0),
            str(path),
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_axes={**graph.inputs, **graph.outputs},
            opset_version=OPSET,
            **older,
        )


def _checked(graph: Graph, path: Path) -> dict[str, float]:
    """Write one graph and compare it; its greatest differences."""
    write_graph(graph, path)
    differences = parity(graph, GraphSession(path, threads=torch.get_num_threads()))
    wrong = failures(differences)
    if wrong:
        raise ValueError(
            f'{path.stem}: output {wrong[0]!r} differs from PyTorch by {differences[wrong[0]]:.2g}, more than '
            f'{TOLERANCE:g}; nothing was written'
        )
    return differences


def _heading(config: str) -> dict[str, Any]:
    return {
        'format': FORMAT,
        'version': VERSION,
        'mmp3d_version': __version__,
        'config': config,
        'opset': OPSET,
        'joint_set': MUPOTS17.name,
        'joint_names': list(MUPOTS17.joint_names),
    }


def _described(name: str, graph: Graph, differences: Mapping[str, float]) -> dict[str, Any]:
    axes = {key: {str(place): axis for place, axis in value.items()} for key, value in graph.inputs.items()}
    return {'file': f'{name}.onnx', 'inputs': axes, 'outputs': list(graph.outputs), 'differences': dict(differences)}


def _told(pipeline: TwoBranchPipeline | None, model: nn.Module) -> dict[str, Any]:
    """What the stages that use the graphs need to know."""
    told = {}
    if isinstance(model, MultiPersonTopDownEstimator):
        told['top_down'] = _of_top_down(model)
    if pipeline is None:
        return told
    networks = pipeline.networks
    if pipeline.settings.matching == 'released':
        raise ValueError("ONNX export of matching='released' (the authors' release) is not there; choose another")
    if networks.top_down is not None:
        told['top_down'] = _of_top_down(networks.top_down)
    if pipeline.uses['bottom_up']:
        told['bottom_up'] = _of_bottom_up(networks.bottom_up, networks.bottom_up_pipeline)
    if pipeline.uses['lifter']:
        contexts = [getattr(net, 'context', (0, 0)) for net in (networks.lifter.pose_net, networks.lifter.depth_net)]
        told['lifting'] = {'context': [max(sides) for sides in zip(*contexts, strict=True)]}
    return {**told, 'settings': asdict(pipeline.settings)}


def _normalisation(model: nn.Module) -> dict[str, Any]:
    preprocessor = model.data_preprocessor
    return {
        'mean': preprocessor.mean.flatten().tolist(),
        'std': preprocessor.std.flatten().tolist(),
        'bgr_to_rgb': bool(preprocessor._channel_conversion),
    }


def _of_top_down(model: MultiPersonTopDownEstimator) -> dict[str, Any]:
    codec = model.head.decoder
    choices = {name: getattr(codec, name) for name in ('stride', 'score_threshold', 'tag_threshold', 'min_joints')}
    return {'input': {'input_size': list(codec.input_size), **_normalisation(model)}, 'grouping': choices}


def _of_bottom_up(model: BottomUpDepthEstimator, transforms: Sequence[dict]) -> dict[str, Any]:
    unknown = [step['type'] for step in transforms if step['type'] not in KNOWN_TRANSFORMS]
    resize = {key: value for step in transforms if step['type'] == 'BottomupResize' for key, value in step.items()}
    if unknown or not resize or resize.get('use_udp') or resize.get('aug_scales'):
        raise ValueError(
            f'ONNX export takes test transforms {KNOWN_TRANSFORMS}, without use_udp and aug_scales; got '
            f'{[step["type"] for step in transforms]}'
        )
    codec, test_cfg = model.head.codec, model.test_cfg
    names = ('stride', 'score_threshold', 'tag_threshold', 'min_joints', 'reach_weight', 'scale_joint')
    return {
        'input': {
            'input_size': list(resize['input_size']),
            'size_factor': resize.get('size_factor', 32),
            'resize_mode': resize.get('resize_mode', 'fit'),
            'pad_value': list(resize.get('pad_val', (0, 0, 0))),
            **_normalisation(model),
        },
        'grouping': {
            'joint_order': list(codec.joint_order),
            **{name: getattr(codec, name) for name in names},
            'root_depth_error': test_cfg.get('root_depth_error', 0.0),
            'root_tolerance': test_cfg.get('root_tolerance', TOLERANCE_MM),
        },
    }

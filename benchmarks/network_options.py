"""Time and accuracy of a network's forms on a processor: channels last, folded batch norm, bfloat16, compiled, ONNX.

python benchmarks/network_options.py time [--networks hrnet tiny] [--forms FORM ...] [--repeats N] [--threads N]
python benchmarks/network_options.py accuracy --data DIR [--forms FORM ...] [--threads N]

time: one pass of the bottom-up network on one image, without flip test and decoding: HRNet-w32 with random weights at
512 x 512 px, and the shipped tiny network at 256 x 160 px. The forms take turns with the plain network; a ratio is the
median over the turns of the plain one's processor time over the form's in the same turn. Differences are the largest
of each map, in what the network learns as 1.

accuracy: the whole tiny system with given 2D poses on the sequences of DIR (tools/make_synthetic.py --format mupots);
`onnx` is the exported system, without PyTorch.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from mmcv.cnn import fuse_conv_bn
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from torch import nn

import mmp3d
from mmp3d.apis import OnnxPipeline, load_two_branch
from mmp3d.engine.launch import load_config
from mmp3d.engine.network_options import NetworkOptions
from mmp3d.models.sub_models import build_sub_model
from mmp3d.onnx.export import export_model, write_graph
from mmp3d.onnx.network_graphs import graphs_of
from mmp3d.onnx.session import GraphSession

SYSTEM = 'configs/tdbu_tiny_mupots.py'
NETWORKS = {
    'hrnet': (dict(config='configs/bu_hrnet_w32_muco.py'), (512, 512)),
    'tiny': (dict(config='configs/bu_tiny_muco.py', checkpoint='weights/bu_tiny_muco.pth'), (256, 160)),
}
PLAIN, ONNX = 'plain', 'onnx'
FORMS = {
    'channels last': lambda network: network.to(memory_format=torch.channels_last),
    'batch norm folded': fuse_conv_bn,
    'fuse-conv-bn': NetworkOptions(fuse_conv_bn=True).apply,
    'half': NetworkOptions(half=True).apply,
    'fuse-conv-bn, half': NetworkOptions(fuse_conv_bn=True, half=True).apply,
    'compile': NetworkOptions(compile=True).apply,
    'fuse-conv-bn, compile': NetworkOptions(fuse_conv_bn=True, compile=True).apply,
}
SCORES = {'AP25root': 'AP25root/AP', 'PCK': 'PCK/all', 'PCKabs': 'PCKabs/all'}
Pass = Callable[[], Sequence[np.ndarray]]


def built(name: str) -> nn.Module:
    """A network without its flip test; statistics of its batch norms as a trained network has them."""
    torch.manual_seed(0)
    network = build_sub_model(name, NETWORKS[name][0]).eval()
    network.test_cfg['flip_test'] = False
    for layer in network.modules() if name == 'hrnet' else ():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
    return network


def torch_pass(network: nn.Module, image: torch.Tensor) -> Pass:
    """A pass by PyTorch."""

    @torch.inference_mode()
    def run() -> list[np.ndarray]:
        return [part.float().numpy() for part in network(image, None, mode='tensor')]

    return run


def onnx_pass(network: nn.Module, image: torch.Tensor, folder: Path, threads: int) -> Pass:
    """The same by ONNX Runtime; nobody is given, so that the input heatmaps are empty as there."""
    write_graph(graphs_of(network)['bottom_up'], folder / 'bottom_up.onnx')
    session = GraphSession(folder / 'bottom_up.onnx', threads)
    nobody = {'keypoints': np.zeros((1, 1, 17, 2)), 'scores': np.zeros((1, 1, 17))}
    return lambda: list(session(image=image.numpy(), **nobody).values())


def timed(sides: dict[str, Pass], repeats: int) -> tuple[dict[str, list[float]], dict[str, list[np.ndarray]]]:
    """Processor seconds of each side by turn, after one that does not count; and what it gives."""
    results = {name: side() for name, side in sides.items()}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, side in sides.items():
            start = time.process_time()
            side()
            times[name].append(time.process_time() - start)
    return times, results


def compare_times(name: str, forms: Sequence[str], repeats: int, threads: int) -> Iterator[str]:
    """One line a form."""
    network, size = built(name), NETWORKS[name][1]
    image = torch.randn(1, 3, size[1], size[0], generator=torch.Generator().manual_seed(0))
    sides = {PLAIN: torch_pass(network, image)}
    for form in forms:
        if form in FORMS:
            changed = copy.deepcopy(network)
            FORMS[form](changed)
            sides[form] = torch_pass(changed, image)
    with tempfile.TemporaryDirectory() as folder:
        if ONNX in forms:
            sides[ONNX] = onnx_pass(copy.deepcopy(network), image, Path(folder), threads)
        times, results = timed(sides, repeats)
    for form, seconds in times.items():
        ratio = statistics.median(plain / own for plain, own in zip(times[PLAIN], seconds, strict=True))
        apart = [np.abs(ours - own).max() for ours, own in zip(results[PLAIN], results[form], strict=True)]
        differences = ' '.join(f'{difference:.1e}' for difference in apart)
        yield f'{name:6s} {form:26s} {1e3 * statistics.median(seconds):8.1f} ms {ratio:6.2f}   {differences}'


class OnnxStages:
    """The exported system in the place of an estimator's stages."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._pipeline = OnnxPipeline(folder, threads)

    def run(self, frames, camera, store, clip) -> Iterator[tuple[int, InstanceData]]:
        """As ``TwoBranchPipeline.run``."""
        for frame_id, people in self._pipeline.run(frames, camera):
            yield frame_id, InstanceData(**people)


def scores_of(system: nn.Module, data: str) -> dict[str, float]:
    """The scores of a system on the sequences of a folder."""
    cfg = load_config(SYSTEM, {'test_dataloader.dataset.data_root': data, 'test_dataloader.num_workers': 0})
    cfg.test_dataloader.persistent_workers = False
    loader = Runner.build_dataloader(cfg.test_dataloader, seed=0)
    evaluator = Evaluator([dict(type=name) for name in SCORES])
    evaluator.dataset_meta = loader.dataset.metainfo
    images = 0
    for batch in loader:
        samples = system.test_step(batch)
        evaluator.process(samples, batch)
        images += len(samples)
    return evaluator.evaluate(images)


def compare_accuracy(data: str, forms: Sequence[str], threads: int) -> Iterator[str]:
    """One line a form."""
    for form in (PLAIN, *forms):
        system = load_two_branch(SYSTEM)
        with tempfile.TemporaryDirectory() as folder:
            if form == ONNX:
                export_model(system, folder, SYSTEM)
                system.__dict__['pipeline'] = OnnxStages(Path(folder), threads)
            elif form in FORMS:
                FORMS[form](system)
            start = time.process_time()
            scores = scores_of(system, data)
        numbers = ' '.join(f'{name} {scores[key]:.2f}' for name, key in SCORES.items())
        yield f'{form:26s} {numbers}   {time.process_time() - start:.0f} s'


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('what', choices=('time', 'accuracy'))
    parser.add_argument('--networks', nargs='+', choices=NETWORKS, default=tuple(NETWORKS))
    parser.add_argument('--forms', nargs='+', choices=(*FORMS, ONNX), default=(*FORMS, ONNX))
    parser.add_argument('--data', metavar='DIR', help='synthetic sequences in the layout of MuPoTS-3D')
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--threads', type=int, default=1)
    options = parser.parse_args()
    if options.what == 'accuracy' and options.data is None:
        parser.error('accuracy needs --data DIR')
    torch.set_num_threads(options.threads)
    mmp3d.register_all_modules()
    if options.what == 'accuracy':
        # The metrics' tables by sequence.
        MMLogger.get_current_instance().setLevel('WARNING')
        lines = compare_accuracy(options.data, options.forms, options.threads)
    else:
        lines = (
            line
            for name in options.networks
            for line in compare_times(name, options.forms, options.repeats, options.threads)
        )
    for line in lines:
        print(line, flush=True)


if __name__ == '__main__':
    main()

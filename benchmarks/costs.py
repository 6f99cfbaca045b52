"""What a picture costs the paper's networks: multiplications, processor time and files, for docs/scale.md.

python benchmarks/costs.py DATA [--repeats 3]

DATA is a folder of tools/make_synthetic.py --format muco. Floating-point operations are counted by PyTorch (a
multiplication and an addition are two) and do not depend on the machine; time is that of the processor, one thread.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmpose.registry import MODELS
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import mmp3d

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'


def model_of(cfg: Config) -> nn.Module:
    """The network of a config, without weights that would be fetched."""
    cfg.model.backbone.init_cfg = None
    return MODELS.build(cfg.model)


def report(name: str, work: Callable[[], object], items: int, repeats: int) -> None:
    """Print operations and processor time of an item."""
    with FlopCounterMode(display=False) as counter:
        work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    operations = counter.get_total_flops() / items / 1e9
    print(f'{name:44s} {operations:8.1f} GFLOP {statistics.median(times) / items:8.3f} s', flush=True)


def training_step(model: nn.Module, loader: torch.utils.data.DataLoader) -> tuple[Callable[[], object], int]:
    """A forward and backward pass on one batch, and how many pictures are in it."""
    batch = next(iter(loader))
    data = model.train().data_preprocessor(batch, True)

    def work() -> None:
        losses = model(**data, mode='loss')
        model.parse_losses(losses)[0].backward()

    return work, len(batch['inputs'])


def report_disk(model: nn.Module) -> None:
    """Print the size of the weights and of a checkpoint to resume from."""
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    weights = file.getbuffer().nbytes / 1e6
    print(f'weights {weights:.0f} MB, with the state of Adam {3 * weights:.0f} MB')


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data', type=Path)
    parser.add_argument('--repeats', type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    mmp3d.register_all_modules()
    cfg = Config.fromfile(CONFIGS / 'bu_hrnet_w32_muco.py')
    bottom_up = model_of(cfg)
    dataset = {**cfg.train_dataloader.dataset.datasets[0], 'data_root': str(args.data)}
    dataset['pipeline'] = cfg.train_dataloader.dataset.pipeline
    loader = Runner.build_dataloader(
        dict(batch_size=2, num_workers=0, sampler=cfg.train_dataloader.sampler, dataset=dataset), seed=0
    )
    work, items = training_step(bottom_up, loader)
    report('bottom-up network, training, 512 x 512 px', work, items, args.repeats)
    bottom_up.eval()
    top_down = model_of(Config.fromfile(CONFIGS / 'td_hrnet_w32_coco.py')).eval()
    channels = cfg.model.backbone.in_channels
    with torch.inference_mode():
        image = torch.rand(1, channels, 512, 832)
        report('bottom-up backbone, a frame of 832 x 512 px', lambda: bottom_up.backbone(image), 1, args.repeats)
        width, height = Config.fromfile(CONFIGS / 'td_hrnet_w32_coco.py').input_size
        crop = torch.rand(1, 3, height, width)
        name = f'top-down backbone, a person, {width} x {height} px'
        report(name, lambda: top_down.backbone(crop), 1, args.repeats)
    report_disk(bottom_up)


if __name__ == '__main__':
    main()

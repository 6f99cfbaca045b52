"""How fast training images are made ready: the 512 px config's pipeline beside mmpose's own bottom-up pipeline.

python benchmarks/image_pipeline.py [--images 12] [--repeats 7] [--steps]

Milliseconds of processor time per image on one core, from the file to what the model is given; the median of several
passes over the same synthetic pictures of four people: 640 x 480 px (COCO's size) and 2048 x 2048 px (MuCo-3DHP's),
the latter at JPEG quality 75, MATLAB's default, with which MuCo's script writes. The sides take turns.

"alone" is decoding, warp, mirroring, targets, mask and packing on both sides; "colour" adds the random colour to both
and to ours also the simulated input poses, which mmpose has no counterpart of. mmpose's heatmaps have 128 cells a side
as in its own 512 px configs, or 256 as ours.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmpose.registry import TRANSFORMS

import mmp3d
from mmp3d.datasets import MuCoDataset
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import Recipe

CONFIG = Path(__file__).resolve().parents[1] / 'configs' / 'bu_hrnet_w32_muco.py'
INPUT = (512, 512)
# Transforms of ours that are left out of "alone".
EXTRA = ('RandomHSV', 'SimulateInputPoses')
MATLAB_QUALITY = 75
SETS = {'640 x 480': (640, 480), '2048 x 2048': (2048, 2048)}


def mmpose_pipeline(cells: int, colour: bool) -> list[dict]:
    """mmpose's bottom-up training transforms with the targets of its associative embedding."""
    codec = dict(type='AssociativeEmbedding', input_size=INPUT, heatmap_size=(cells, cells), sigma=2)
    return [
        dict(type='LoadImage'),
        dict(type='BottomupRandomAffine', input_size=INPUT),
        # Ahead of the mirroring: OpenCV does not write into a mirrored view.
        *([dict(type='YOLOXHSVRandomAug')] if colour else []),
        dict(type='RandomFlip', direction='horizontal'),
        dict(type='GenerateTarget', encoder=codec),
        dict(type='BottomupGetHeatmapMask'),
        dict(type='PackPoseInputs'),
    ]


def our_pipeline(colour: bool) -> list[dict]:
    """The training transforms of the 512 px config."""
    steps = Config.fromfile(CONFIG).train_pipeline
    return [dict(step) for step in steps if colour or step['type'] not in EXTRA]


def write_pictures(folder: Path, size: tuple[int, int], count: int) -> MuCoDataset:
    """Synthetic pictures of four people in MuCo's layout; the large ones at MATLAB's quality."""
    generate(Recipe('muco', count, people=(4, 4), size=size, seed=5), folder)
    for path in folder.glob('*/*.jpg') if max(size) > 1024 else ():
        cv2.imwrite(str(path), cv2.imread(str(path)), [cv2.IMWRITE_JPEG_QUALITY, MATLAB_QUALITY])
    return MuCoDataset(data_root=str(folder))


def timed_steps(transforms: Sequence[Callable], items: Sequence[dict], seed: int) -> np.ndarray:
    """(steps,) ms per image of one pass."""
    spent = np.zeros(len(transforms))
    for number, item in enumerate(items):
        np.random.seed(seed + number)
        for step, transform in enumerate(transforms):
            start = time.process_time()
            item = transform(item)
            spent[step] += time.process_time() - start
    return 1e3 * spent / len(items)


def compare(data: MuCoDataset, pipelines: dict[str, list[dict]], repeats: int) -> dict[str, dict[str, float]]:
    """Median ms of each step of each pipeline, in turns over the same images; the first pass is not counted."""
    built = {name: [TRANSFORMS.build(step) for step in steps] for name, steps in pipelines.items()}
    passes = {name: [] for name in pipelines}
    for repeat in range(repeats + 1):
        for name, transforms in built.items():
            items = [data.get_data_info(index) for index in range(len(data))]
            passes[name].append(timed_steps(transforms, items, 1000 * repeat))
    return {
        name: dict(zip((step['type'] for step in pipelines[name]), np.median(rows[1:], axis=0), strict=True))
        for name, rows in passes.items()
    }


def report(images: str, kind: str, times: dict[str, dict[str, float]], steps: bool) -> None:
    """Print a line for each of mmpose's pipelines, and where asked for the steps of all."""
    totals = {name: sum(spent.values()) for name, spent in times.items()}
    for name, total in totals.items():
        if name != 'mmp3d':
            ratio = total / totals['mmp3d']
            print(f'{images:12} {kind:7} {name:18} {totals["mmp3d"]:9.2f} {total:9.2f} {ratio:6.2f}x', flush=True)
    for name, spent in times.items() if steps else ():
        print(f'    {name}: ' + ', '.join(f'{step} {value:.2f}' for step, value in spent.items()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run both sides and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--images', type=int, default=12, help='pictures of each size')
    parser.add_argument('--repeats', type=int, default=7, help='passes, of which the median is taken')
    parser.add_argument('--steps', action='store_true', help='also print every step')
    args = parser.parse_args(arguments)
    mmp3d.register_all_modules()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    if hasattr(os, 'sched_setaffinity'):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(f'{"images":12} {"steps":7} {"compared with":18} {"mmp3d, ms":>9} {"mmpose, ms":>9} {"ratio":>7}')
    with tempfile.TemporaryDirectory() as folder:
        for images, size in SETS.items():
            data = write_pictures(Path(folder) / images.replace(' ', ''), size, args.images)
            for kind in ('alone', 'colour'):
                colour = kind == 'colour'
                pipelines = {f'mmpose, {cells} cells': mmpose_pipeline(cells, colour) for cells in (128, 256)}
                times = compare(data, {'mmp3d': our_pipeline(colour), **pipelines}, args.repeats)
                report(images, kind, times, args.steps)


if __name__ == '__main__':
    main()

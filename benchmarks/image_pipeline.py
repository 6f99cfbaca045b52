"""How fast training images are made ready: the 512 px config's pipeline beside mmpose's own bottom-up pipeline.

python benchmarks/image_pipeline.py [--images 12] [--repeats 7] [--steps]

Milliseconds of processor time per image on one core: from the file to what the model is given, and of these the targets
and transforms alone, with the picture decoded in memory, as each side's first step leaves it. Of each step the fastest
of several passes counts, over the same synthetic pictures of four people, of 640 x 480 px (COCO's size) or
2048 x 2048 px (MuCo-3DHP's), the latter at JPEG quality 75, MATLAB's default, with which MuCo's script writes. In the
rows "shrunk", ours reads what `tools/data.py shrink` made of the latter, mmpose's the files themselves. The sides take
turns.

"alone" is decoding, warp, mirroring, targets, mask and packing on both sides; "colour" adds the random colour to both;
"poses" to ours also the simulated input poses, which mmpose has no counterpart of. Heatmaps have 128 cells a side, as
in mmpose's own 512 px configs, or 256 as in ours, on both sides.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmpose.registry import TRANSFORMS

import mmp3d
from mmp3d.datasets import MuCoDataset
from mmp3d.datasets.image_file import largest_reduction
from mmp3d.datasets.inspection.shrink import shrink_images
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import Recipe

CONFIG = Path(__file__).resolve().parents[1] / 'configs' / 'bu_hrnet_w32_muco.py'
INPUT = (512, 512)
# The kinds of rows, and which transforms of ours each leaves out.
KINDS = {'alone': ('RandomHSV', 'SimulateInputPoses'), 'colour': ('SimulateInputPoses',), 'poses': ()}
CELLS = (128, 256)
LEAST_SIDE = 768
MATLAB_QUALITY = 75
SIZES = ((640, 480), (2048, 2048))


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


def our_pipeline(cells: int, left_out: Sequence[str]) -> list[dict]:
    """The training transforms of the 512 px config."""
    steps = [step for step in Config.fromfile(CONFIG).train_pipeline if step['type'] not in left_out]
    for step in steps:
        if 'encoder' in step:
            step.encoder.stride = INPUT[0] // cells
    return steps


def write_pictures(folder: Path, size: tuple[int, int], count: int) -> dict[str, MuCoDataset]:
    """The data sets by name: of the pictures, and of smaller copies where they can be shrunk.

    Four synthetic people in MuCo's layout; the large pictures at MATLAB's quality.
    """
    generate(Recipe('muco', count, people=(4, 4), size=size, seed=5), folder)
    for path in folder.glob('*/*.jpg') if max(size) > 1024 else ():
        cv2.imwrite(str(path), cv2.imread(str(path)), [cv2.IMWRITE_JPEG_QUALITY, MATLAB_QUALITY])
    sets = {f'{size[0]} x {size[1]}': MuCoDataset(data_root=str(folder))}
    if largest_reduction(size, LEAST_SIDE) > 1:
        shrink_images('muco', folder, 'train', folder / 'shrunk', LEAST_SIDE)
        sets['shrunk'] = MuCoDataset(data_root=str(folder), data_prefix=dict(img='shrunk'))
    return sets


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


def compare(data: dict[str, MuCoDataset], pipelines: dict[str, list[dict]], repeats: int) -> dict[str, dict]:
    """ms of each step of each pipeline, in turns over the same images; the first pass is not counted.

    The fastest pass counts: on a machine that others use too, it is the one that they disturbed least.
    """
    built = {name: [TRANSFORMS.build(step) for step in steps] for name, steps in pipelines.items()}
    passes = {name: [] for name in pipelines}
    for repeat in range(repeats + 1):
        for name, transforms in built.items():
            items = [data[name].get_data_info(index) for index in range(len(data[name]))]
            passes[name].append(timed_steps(transforms, items, 1000 * repeat))
    return {
        name: dict(zip((step['type'] for step in pipelines[name]), np.min(rows[1:], axis=0), strict=True))
        for name, rows in passes.items()
    }


def report(row: str, times: dict[str, dict[str, float]], steps: bool) -> None:
    """Print a line, and where asked for the steps of both."""
    for first in (0, 1):
        # The first step is what reads and decodes the file.
        ours, theirs = (sum(list(spent.values())[first:]) for spent in times.values())
        row += f' {ours:9.2f} {theirs:10.2f} {theirs / ours:6.2f}x'
    print(row, flush=True)
    for name, spent in times.items() if steps else ():
        print(f'    {name}: ' + ', '.join(f'{step} {value:.2f}' for step, value in spent.items()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run both sides and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--images', type=int, default=12, help='pictures of each size')
    parser.add_argument('--repeats', type=int, default=7, help='passes, of which the fastest counts')
    parser.add_argument('--steps', action='store_true', help='also print every step')
    args = parser.parse_args(arguments)
    mmp3d.register_all_modules()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    if hasattr(os, 'sched_setaffinity'):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(f'{"":26} {"from the file":28} targets and transforms')
    print(f'{"images":12} {"steps":7} {"cells":>5}' + 2 * f' {"mmp3d, ms":>9} {"mmpose, ms":>10} {"ratio":>7}')
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            sets = write_pictures(Path(folder) / str(size[0]), size, args.images)
            whole = next(iter(sets.values()))
            for (images, data), (kind, left_out), cells in product(sets.items(), KINDS.items(), CELLS):
                pipelines = {
                    'mmp3d': our_pipeline(cells, left_out),
                    'mmpose': mmpose_pipeline(cells, kind != 'alone'),
                }
                times = compare(dict(mmp3d=data, mmpose=whole), pipelines, args.repeats)
                report(f'{images:12} {kind:7} {cells:5d}', times, args.steps)


if __name__ == '__main__':
    main()

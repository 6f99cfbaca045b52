"""How fast ``VirtualPoseDataset`` draws 2D-3D clips: person-frames a second of processor time on one core.

python benchmarks/virtual_pose.py [--motion FOLDER] [--seconds S]

Each row is a clip length and a number of people; the columns are the ways to a batch of 2,048 person-frames: drawn
(tensors stacked by key), through a ``DataLoader`` with ``collate_drawn_items``, and with ``default_collate``.
Everything is as by default: noise, occlusion by the own body, other people and boxes, varied bodies and cameras.
"""

from __future__ import annotations

import os

os.environ.setdefault('OMP_NUM_THREADS', '1')

import argparse
import time
from collections.abc import Callable, Iterator
from itertools import count

import torch
from mmengine.dataset import default_collate
from torch.utils.data import DataLoader

from mmp3d.datasets import FreshIndexSampler, VirtualPoseDataset, collate_drawn_items

PERSON_FRAMES = 2048
SHAPES = ((1, 1), (27, 1), (81, 1), (243, 1), (27, 2), (27, 4))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--motion', default=(), help='folder with BVH files; without, procedural motion only')
    parser.add_argument('--seconds', type=float, default=3.0, help='processor time of each figure')
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f'{"frames":>6} {"people":>6} {"drawn":>10} {"drawn items":>12} {"default":>10}   person-frames / s')
    for frames, people in SHAPES:
        start = time.process_time()
        dataset = VirtualPoseDataset(clip_length=frames, num_people=people, motion_folders=options.motion)
        start = time.process_time() - start
        size = max(1, PERSON_FRAMES // (frames * people))
        ways = (
            batches_drawn(dataset, size),
            *(loader(dataset, size, way) for way in (collate_drawn_items, default_collate)),
        )
        rates = [rate(way, size * frames * people, options.seconds) for way in ways]
        print(
            f'{frames:6d} {people:6d} {rates[0]:10,.0f} {rates[1]:12,.0f} {rates[2]:10,.0f}   (set up in {start:.1f} s)'
        )


def batches_drawn(dataset: VirtualPoseDataset, size: int) -> Callable[[], None]:
    """Draws the next batch at each call."""
    starts = count(0, size)

    def draw() -> None:
        start = next(starts)
        dataset.__getitems__(range(start, start + size))

    return draw


def loader(dataset: VirtualPoseDataset, size: int, collate: Callable) -> Callable[[], None]:
    """Takes the next batch from a ``DataLoader`` in this process at each call."""
    sampler = FreshIndexSampler(dataset, seed=0)
    epochs = DataLoader(dataset, size, sampler=sampler, collate_fn=collate)

    def batches() -> Iterator:
        for epoch in count():
            sampler.set_epoch(epoch)
            yield from epochs

    endless = batches()
    return lambda: next(endless)


def rate(step: Callable[[], None], amount: int, seconds: float) -> float:
    """``amount`` a step, a second of processor time."""
    step()
    steps, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        step()
        steps += 1
    return steps * amount / spent


if __name__ == '__main__':
    main()

"""Grouping of maps into people: this package's codec beside mmpose's AssociativeEmbedding, for few and for many people.

python benchmarks/grouping.py [--people 2 10 30 100] [--tags 1 2 8] [--size W H] [--repeats N] [--threads N]

The maps are drawn; one in seven joints is too weak to be a candidate, so that it has to be searched. Both take as many
candidates a joint as there are people, and at least 30. Ours also reads depths. Times are milliseconds of processor
time, the median of the repeats; the sides take turns. People are the same where all joints lie within a cell.
"growth" is the exponent p of time ~ people^p: that of the line through the logarithms of all rows of a table.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from drawn_maps import NUM_JOINTS, draw_maps
from mmpose.codecs import AssociativeEmbedding
from released_grouping import JOINT_ORDER
from torch import Tensor

from mmp3d.codecs import AssociativeEmbeddingDepth
from mmp3d.codecs.cells import pixels_to_cells

STRIDE, MOST_CANDIDATES = 2, 30


def our_decoding(heat: Tensor, tags: Tensor, candidates: int) -> Callable[[], np.ndarray]:
    """Decodes to (N, K, 2) cells."""
    height, width = heat.shape[1:]
    codec = AssociativeEmbeddingDepth(
        (width * STRIDE, height * STRIDE),
        STRIDE,
        root_index=0,
        joint_order=JOINT_ORDER,
        max_candidates=candidates,
        min_joints=1,
    )
    relative, root = torch.zeros_like(heat), torch.full_like(heat[:1], 10)
    return lambda: pixels_to_cells(codec.decode(heat, tags, relative, root).keypoints, STRIDE)


def mmpose_decoding(heat: Tensor, tags: Tensor, candidates: int) -> Callable[[], np.ndarray]:
    """Decodes to (N, K, 2) cells."""
    size = heat.shape[:0:-1]
    codec = AssociativeEmbedding(size, size, decode_keypoint_order=list(JOINT_ORDER), decode_topk=candidates)
    flat_tags = tags.movedim(1, 0).flatten(0, 1).contiguous()
    return lambda: codec.batch_decode(heat[None], flat_tags[None])[0][0]


def measure(sides: list[Callable[[], np.ndarray]], repeats: int) -> tuple[list[float], list[np.ndarray]]:
    """Median processor time of each side in ms, and what it found."""
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(repeats):
        found = []
        for side, of_side in zip(sides, times, strict=True):
            start = time.process_time()
            found.append(side())
            of_side.append(1e3 * (time.process_time() - start))
    return [statistics.median(of_side) for of_side in times], found


def same_people(ours: np.ndarray, theirs: np.ndarray) -> int:
    """How many people of ours are people of theirs, in every joint."""
    apart = np.abs(ours[:, None] - theirs[None]).max(axis=(2, 3))
    return int((apart.min(axis=1, initial=np.inf) < 1).sum())


def growth(people: Sequence[int], times: Sequence[float]) -> float:
    """p of times ~ people^p, by least squares of the logarithms; NaN for a single number of people."""
    if len(set(people)) < 2:
        return float('nan')
    return float(np.polyfit(np.log(people), np.log(times), 1)[0])


def print_table(tag_size: int, options: argparse.Namespace) -> None:
    """Decode maps with tags of this many numbers, for each number of people."""
    print(f'\ntags of {tag_size}\npeople   ours, ms   a person   mmpose, ms   ratio   found: ours mmpose same')
    rows = []
    for people in options.people:
        heat, tags = draw_maps(people, tuple(options.size), tag_size=tag_size)
        candidates = max(people, MOST_CANDIDATES)
        sides = [decoding(heat, tags, candidates) for decoding in (our_decoding, mmpose_decoding)]
        (ours, theirs), found = measure(sides, options.repeats)
        rows.append((ours, theirs))
        counts = f'{len(found[0]):11d} {len(found[1]):6d} {same_people(*found):4d}'
        print(f'{people:6d} {ours:10.1f} {ours / people:10.2f} {theirs:12.1f} {theirs / ours:7.1f}   {counts}')
    ours, theirs = (growth(options.people, times) for times in zip(*rows, strict=True))
    print(f'growth {ours:10.2f} {theirs:23.2f}', flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--people', type=int, nargs='+', default=(2, 10, 30, 100))
    parser.add_argument('--tags', type=int, nargs='+', default=(1, 2, 8), metavar='L', help='numbers a tag')
    parser.add_argument('--size', type=int, nargs=2, default=(832, 512), metavar=('W', 'H'), help='cells of the maps')
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--threads', type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f'{options.size[0]} x {options.size[1]} cells, {NUM_JOINTS} joints, {options.threads} thread(s)')
    for tag_size in options.tags:
        print_table(tag_size, options)


if __name__ == '__main__':
    main()

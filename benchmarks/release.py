"""Grouping of the bottom-up network's maps into people: the procedure of the authors' release beside ours.

python benchmarks/release.py [--people N] [--size W H] [--repeats N] [--threads N]

The maps are drawn: people on a grid, one in seven joints too weak to be a candidate, so that refinement has to find it.
The released procedure is written plainly after its rules; it searches the whole map for every joint of everybody, also
for those that it has. Times are processor seconds, the best of the repeats.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from mmp3d.codecs.grouping import group_by_tags
from mmp3d.codecs.missing_joints import filled_cells
from mmp3d.codecs.tagged_joints import find_candidates, member_cells, tags_at


def our_people(heat: Tensor, tags: Tensor) -> np.ndarray:
    """(N, K) flat cells by this package's functions."""
    scores, cells = find_candidates(heat, MAX_CANDIDATES, NMS_KERNEL, SCORE_THRESHOLD)
    members = group_by_tags(scores.numpy(), tags_at(tags, cells).numpy(), JOINT_ORDER, SCORE_THRESHOLD, TAG_THRESHOLD)
    return filled_cells(member_cells(members, cells), heat, tags, FILL_THRESHOLD).numpy()


def best_time(step: Callable[[], np.ndarray], repeats: int) -> tuple[float, set[tuple[int, ...]]]:
    """Processor seconds, and the people found."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        people = step()
        times.append(time.process_time() - start)
    return min(times), set(map(tuple, people.tolist()))


def main() -> None:
    """Print times and whether both find the same people."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--people', type=int, default=10)
    parser.add_argument('--size', type=int, nargs=2, default=(832, 512), metavar=('W', 'H'), help='cells of the maps')
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--threads', type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    heat, tags = draw_maps(options.people, tuple(options.size))
    ours, found = best_time(lambda: our_people(heat, tags), options.repeats)
    channels_last = tags.movedim(1, -1).contiguous()
    released, expected = best_time(lambda: released_people(heat, channels_last), options.repeats)
    print(f'{options.people} people, {options.size[0]} x {options.size[1]} cells, {options.threads} thread(s)')
    print(f'released {released * 1e3:8.1f} ms   {len(expected)} people')
    print(f'ours     {ours * 1e3:8.1f} ms   {len(found)} people, {len(found & expected)} the same in every joint')
    print(f'ratio    {released / ours:8.1f}')


if __name__ == '__main__':
    main()

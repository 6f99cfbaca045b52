"""Speed of what the authors released beside ours: grouping of maps into people, and the bottom-up network.

python benchmarks/release.py [--parts grouping network] [--people N] [--size W H] [--repeats N] [--threads N]

Grouping: the maps are drawn: people on a grid, one in seven joints too weak to be a candidate, so that refinement has
to find it. The released procedure is written plainly after its rules; it searches the whole map for every joint of
everybody, also for those that it has.

Network: layers as released, and in this package's inference form; the weights are random. Of the mirrored image the
release computes all maps and uses the tags; ours computes these.

Times are processor seconds, the median of the repeats; the sides take turns.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from drawn_maps import draw_maps
from mmpose.registry import MODELS
from released_grouping import (
    FILL_THRESHOLD,
    JOINT_ORDER,
    MAX_CANDIDATES,
    NMS_KERNEL,
    SCORE_THRESHOLD,
    TAG_THRESHOLD,
    released_people,
)
from torch import Tensor, nn

import mmp3d
from mmp3d.codecs.missing_joints import filled_cells
from mmp3d.codecs.tagged_joints import find_candidates, member_cells, tags_at
from mmp3d.compat.released_weights import RELEASED_NETS
from mmp3d.geometry.grouping import group_by_tags
from mmp3d.models.inference_form import in_inference_form


def our_people(heat: Tensor, tags: Tensor) -> np.ndarray:
    """(N, K) flat cells by this package's functions."""
    scores, cells = find_candidates(heat, MAX_CANDIDATES, NMS_KERNEL, SCORE_THRESHOLD)
    members = group_by_tags(scores.numpy(), tags_at(tags, cells).numpy(), JOINT_ORDER, SCORE_THRESHOLD, TAG_THRESHOLD)
    return filled_cells(member_cells(members, cells), heat, tags, FILL_THRESHOLD).numpy()


def measured(sides: Sequence[Callable], repeats: int) -> tuple[list[float], list]:
    """Median processor seconds of each side, and its last result."""
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(repeats):
        results = []
        for side, of_side in zip(sides, times, strict=True):
            start = time.process_time()
            results.append(side())
            of_side.append(time.process_time() - start)
    return [statistics.median(of_side) for of_side in times], results


def report(name: str, times: Sequence[float], agreement: str) -> None:
    """One line."""
    released, ours = (1e3 * seconds for seconds in times)
    print(f'{name:34s} {released:10.1f} {ours:8.1f} {released / ours:7.1f}   {agreement}')


def compare_grouping(people: int, size: tuple[int, int], repeats: int) -> None:
    """Both on the same maps."""
    heat, tags = draw_maps(people, size)
    channels_last = tags.movedim(1, -1).contiguous()
    times, results = measured([lambda: released_people(heat, channels_last), lambda: our_people(heat, tags)], repeats)
    theirs, ours = (set(map(tuple, result.tolist())) for result in results)
    report(f'grouping, {people} people', times, f'{len(theirs & ours)} of {len(theirs)} people the same in every joint')


def random_net() -> nn.Module:
    """The released network with weights and statistics as of a trained one in size."""
    torch.manual_seed(0)
    net = MODELS.build(RELEASED_NETS['bottom_up'].model).eval()
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
            layer.weight.data.uniform_(0.2, 1.2)
    return net


@torch.inference_mode()
def compare_network(size: tuple[int, int], repeats: int) -> None:
    """One pass, and both passes."""
    mmp3d.register_all_modules()
    released = random_net()
    ours = in_inference_form(copy.deepcopy(released))
    image = torch.rand(1, 20, size[1], size[0])
    inner = image.contiguous(memory_format=torch.channels_last)
    times, (theirs, maps) = measured([lambda: released(image), lambda: ours(inner)], repeats)
    report('network, one pass', times, f'maps differ by {(theirs - maps).abs().max():.1e}')

    def both_passes() -> Tensor:
        tags = ours.head.tag_maps(ours.backbone(inner.flip(-1))).flip(-1)
        return torch.cat([ours(inner), tags[:, :, 0]], dim=1)

    def released_passes() -> Tensor:
        return torch.cat([released(image), released(image.flip(-1)).flip(-1)[:, 14:28]], dim=1)

    times, (theirs, maps) = measured([released_passes, both_passes], repeats)
    report('network, both passes', times, f'maps differ by {(theirs - maps).abs().max():.1e}')


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--parts', nargs='+', choices=('grouping', 'network'), default=('grouping', 'network'))
    parser.add_argument('--people', type=int, default=10)
    parser.add_argument('--size', type=int, nargs=2, default=(832, 512), metavar=('W', 'H'), help='cells, and px')
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--threads', type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f'{options.size[0]} x {options.size[1]}, {options.threads} thread(s), processor time in ms')
    print(f'{"":34s} {"released":>10s} {"ours":>8s} {"ratio":>7s}')
    if 'grouping' in options.parts:
        compare_grouping(options.people, tuple(options.size), options.repeats)
    if 'network' in options.parts:
        compare_network(tuple(options.size), options.repeats)


if __name__ == '__main__':
    main()

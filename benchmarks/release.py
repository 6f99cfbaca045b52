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
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from mmp3d.codecs.grouping import MISSING, group_by_tags
from mmp3d.codecs.heatmaps import draw_heatmaps
from mmp3d.codecs.missing_joints import filled_cells
from mmp3d.codecs.tagged_joints import find_candidates, member_cells, tags_at

NUM_JOINTS, TAG_SIZE = 14, 2
JOINT_ORDER = (0, 1, 4, 2, 5, 3, 6, 7, 8, 11, 9, 12, 10, 13)
MAX_CANDIDATES, NMS_KERNEL, SCORE_THRESHOLD, TAG_THRESHOLD, FILL_THRESHOLD = 30, 5, 0.1, 1.0, 1.5
WEAK_SHARE, WEAK_HEIGHT = 1 / 7, 0.08


def draw_maps(people: int, size: tuple[int, int], seed: int = 0) -> tuple[Tensor, Tensor]:
    """(K, H, W) heat and (K, L, H, W) tags; every cell has the tag of the person whose joint is nearest."""
    rng, (width, height) = np.random.default_rng(seed), size
    columns = int(np.ceil(np.sqrt(people * width / height)))
    rows = int(np.ceil(people / columns))
    pitch = np.array([width / columns, height / rows])
    corners = np.stack([np.arange(people) % columns, np.arange(people) // columns], axis=-1) * pitch
    cells = corners[:, None] + rng.uniform(0.1, 0.9, (people, NUM_JOINTS, 2)) * pitch
    weak = rng.random((people, NUM_JOINTS)) < WEAK_SHARE
    heat = np.maximum(draw_heatmaps(cells, ~weak, size, 4.0), WEAK_HEIGHT * draw_heatmaps(cells, weak, size, 4.0))
    of_people = np.stack([np.arange(people) * 3.0, np.arange(people) % 2 * 3.0], axis=-1)
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    nearest = [np.square(grid - joint[:, None, None]).sum(-1).argmin(0) for joint in cells.swapaxes(0, 1)]
    tags = of_people[np.stack(nearest)] + rng.normal(0, 0.05, (NUM_JOINTS, height, width, TAG_SIZE))
    return torch.from_numpy(heat), torch.from_numpy(tags.astype(np.float32)).movedim(-1, 1).contiguous()


def our_people(heat: Tensor, tags: Tensor) -> np.ndarray:
    """(N, K) flat cells by this package's functions."""
    scores, cells = find_candidates(heat, MAX_CANDIDATES, NMS_KERNEL, SCORE_THRESHOLD)
    members = group_by_tags(scores.numpy(), tags_at(tags, cells).numpy(), JOINT_ORDER, SCORE_THRESHOLD, TAG_THRESHOLD)
    return filled_cells(member_cells(members, cells), heat, tags, FILL_THRESHOLD).numpy()


def released_people(heat: Tensor, tags: Tensor) -> np.ndarray:
    """(N, K) flat cells by the released procedure; ``tags`` (K, H, W, L)."""
    pooled = F.max_pool2d(heat[None], NMS_KERNEL, stride=1, padding=NMS_KERNEL // 2)[0]
    scores, cells = (heat * (pooled == heat)).flatten(1).topk(MAX_CANDIDATES, dim=1)
    at_cells = tags.flatten(1, 2)[torch.arange(len(heat))[:, None], cells]
    people = released_grouping(scores.numpy(), cells.numpy(), at_cells.numpy())
    return np.stack([released_refinement(person, heat, tags) for person in people])


def released_grouping(scores: np.ndarray, cells: np.ndarray, tags: np.ndarray) -> list[np.ndarray]:
    """(K,) flat cells of each person, from (K, M) candidates and their (K, M, L) tags."""
    people: list[np.ndarray] = []
    tags_of: list[list[np.ndarray]] = []
    for joint in JOINT_ORDER:
        usable = np.flatnonzero(scores[joint] > SCORE_THRESHOLD)
        owners = released_owners(scores[joint, usable], tags[joint, usable], tags_of)
        for candidate, owner in zip(usable, owners, strict=True):
            if owner is None:
                owner = len(people)
                people.append(np.full(NUM_JOINTS, MISSING))
                tags_of.append([])
            people[owner][joint] = cells[joint, candidate]
            tags_of[owner].append(tags[joint, candidate])
    return people


def released_owners(scores: np.ndarray, tags: np.ndarray, tags_of: list[list[np.ndarray]]) -> list[int | None]:
    """Person of each candidate of a joint, None for a new one."""
    if not tags_of or not len(scores):
        return [None] * len(scores)
    means = np.stack([np.mean(of_person, axis=0) for of_person in tags_of])
    apart = np.linalg.norm(tags[:, None] - means, axis=-1)
    cost = np.pad(np.round(apart) * 100 - scores[:, None], ((0, 0), (0, max(0, len(scores) - len(means)))))
    columns = linear_sum_assignment(cost)[1]
    return [
        int(column) if column < len(means) and row[column] < TAG_THRESHOLD else None
        for row, column in zip(apart, columns, strict=True)
    ]


def released_refinement(person: np.ndarray, heat: Tensor, tags: Tensor) -> np.ndarray:
    """The person's (K,) flat cells with missing joints looked up."""
    has = np.flatnonzero(person != MISSING)
    mean = tags.flatten(1, 2)[torch.from_numpy(has), torch.from_numpy(person[has])].mean(dim=0)
    refined = person.copy()
    for joint in range(NUM_JOINTS):
        apart = (tags[joint] - mean).square().sum(dim=-1).sqrt()
        best = int((heat[joint] - (apart / FILL_THRESHOLD).round()).argmax())
        if person[joint] == MISSING and heat[joint].flatten()[best] > 0:
            refined[joint] = best
    return refined


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

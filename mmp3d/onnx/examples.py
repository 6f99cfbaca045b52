"""Inputs to write graphs with and to check them on: random, the same in every run, of other sizes for every number.

Shapes as in ``graphs``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmp3d.codecs.associative_embedding_depth import AssociativeEmbeddingDepth
from mmp3d.geometry import MUPOTS17

K = MUPOTS17.num_joints
# Images, clips or people, and what the sides of an image or the frames of a clip are longer by.
COUNTS, LONGER = (2, 1, 5), (0, 32, 96)
Inputs = tuple[Tensor, ...]


def image_example(number: int, input_size: tuple[int, int], combined_heatmap: bool) -> Inputs:
    """Normalised images and, with ``combined_heatmap``, 2D people of a network with this input size (w, h) px."""
    random, count = torch.Generator().manual_seed(number), COUNTS[number]
    width, height = (side + LONGER[number] for side in input_size)
    image = torch.randn(count, 3, height, width, generator=random)
    if not combined_heatmap:
        return (image,)
    keypoints = torch.rand(count, number + 1, K, 2, generator=random) * torch.tensor([width, height])
    return image, keypoints, torch.rand(count, number + 1, K, generator=random)


def crop_example(number: int, input_size: tuple[int, int]) -> Inputs:
    """Normalised crops (w, h) px; their size does not change."""
    return (image_example(number, input_size, False)[0][..., : input_size[1], : input_size[0]],)


def map_example(number: int, codec: AssociativeEmbeddingDepth, head: torch.nn.Module) -> Inputs:
    """The four maps of an image, random in every cell."""
    random = torch.Generator().manual_seed(number)
    width, height = ((side + LONGER[number]) // codec.stride for side in codec.input_size)
    heatmaps = torch.rand(head.num_keypoints, height, width, generator=random)
    tags = torch.randn(head.num_keypoints, 1 + number % 2, height, width, generator=random)
    relative_depths = torch.randn(head.num_keypoints, height, width, generator=random)
    return heatmaps, tags, relative_depths, torch.randn(1, height, width, generator=random)


def cell_example(number: int, codec: AssociativeEmbeddingDepth, head: torch.nn.Module) -> Inputs:
    """Cells of people, a third of the joints missing, and the maps."""
    maps = map_example(number, codec, head)
    random, shape = torch.Generator().manual_seed(number), (COUNTS[number], head.num_keypoints)
    cells = torch.randint(maps[0][0].numel(), shape, generator=random)
    return torch.where(torch.rand(shape, generator=random) < 0.33, -1, cells), *maps


def clip_example(number: int, shortest: int) -> Inputs:
    """Rays and scores of clips of at least so many frames: people at rest whose joints wobble, some not found."""
    random, shape = torch.Generator().manual_seed(number), (COUNTS[number], shortest + LONGER[number], K)
    people = torch.randn(shape[0], 1, K, 2, generator=random) * torch.tensor([0.05, 0.1])
    places = torch.randn(shape[0], 1, 1, 2, generator=random) * 0.2
    rays = people + places + torch.randn(*shape, 2, generator=random) * 0.005
    scores = torch.rand(shape, generator=random)
    return rays, torch.where(scores < 0.1, 0, scores)


def pair_example(number: int) -> Inputs:
    """Poses of both branches and their scores; a joint in five is missing, and the first person of one branch."""
    random, count = torch.Generator().manual_seed(number), COUNTS[number]
    poses = torch.randn(2, count, K, 3, generator=random) * 300 + torch.tensor([0.0, 0, 4000])
    scores = torch.rand(2, count, K, generator=random)
    scores = torch.where(scores < 0.2, 0, scores)
    scores[number % 2, 0] = 0
    return *poses, *scores

"""The networks and what surrounds them, as functions of tensors that become ONNX graphs.

Shapes: B images or clips, N people, P pairs of poses, K joints, M candidates a joint, L tag dimensions, T frames, F
frames that are answered for, H W pixels of the input, h w map cells. Pixels of the network's input, millimetres.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmp3d.codecs.associative_embedding_depth import AssociativeEmbeddingDepth
from mmp3d.codecs.heatmaps import render_at_once
from mmp3d.codecs.missing_joints import filled_cells_at_once
from mmp3d.codecs.tagged_joints import tags_at
from mmp3d.geometry import MUPOTS17
from mmp3d.models.estimators import BottomUpDepthEstimator, MultiPersonTopDownEstimator, PoseLiftingEstimator
from mmp3d.models.integration.pose_pairs import PosePairs
from mmp3d.models.lifters.clip_lifting import lift_clips
from mmp3d.models.lifters.measured_people import MeasuredPeople

FLIP_INDICES = MUPOTS17.flip_indices.tolist()


class Graph(NamedTuple):
    """A function of tensors and how it is called.

    ``module`` the function, ``inputs`` and ``outputs`` their names with the names of the axes that may vary, by place;
    ``example`` gives inputs, of other sizes for each number from 0 on; ``units`` what an output is divided by before it
    is compared: what its network learns as 1.
    """

    module: nn.Module
    inputs: dict[str, dict[int, str]]
    outputs: dict[str, dict[int, str]]
    example: Callable[[int], tuple[Tensor, ...]]
    units: Mapping[str, float] = MappingProxyType({})


class BottomUpGraph(nn.Module):
    """Image and 2D people to the four maps of ``BottomUpMaps``, with the flip test of the estimator's config."""

    def __init__(self, estimator: BottomUpDepthEstimator) -> None:
        super().__init__()
        self.estimator = estimator

    def forward(self, image: Tensor, keypoints: Tensor | None = None, scores: Tensor | None = None) -> tuple:
        """Maps of (B, 3, H, W) normalised images; with input heatmaps (B, N, K, 2) px and (B, N, K) scores, N > 0."""
        estimator = self.estimator
        heatmaps = None
        if estimator.combined_heatmap:
            heights = scores[..., estimator.heatmap_joints]
            height, width = (side // estimator.heatmap_stride for side in image.shape[-2:])
            heatmaps = render_at_once(
                keypoints[..., estimator.heatmap_joints, :],
                heights if estimator.heatmap_scores else (heights > 0).to(heights),
                (width, height),
                estimator.heatmap_sigma,
                estimator.heatmap_stride,
                estimator.heatmap_least,
            )
        own = getattr(estimator.head, 'flip_indices', None)
        return tuple(estimator.tested_maps(image, heatmaps, own or FLIP_INDICES))


class CandidatesGraph(nn.Module):
    """Candidates of every joint, for the grouping, which is no graph."""

    def __init__(self, codec: AssociativeEmbeddingDepth) -> None:
        super().__init__()
        self.codec = codec
        self.most = min(codec.max_candidates, codec.heatmap_size[0] * codec.heatmap_size[1])

    def forward(self, heatmaps: Tensor, tags: Tensor, root_depths: Tensor) -> tuple[Tensor, ...]:
        """(K, M) heights, 0 where there is none; (K, M) flat cells; (K, M, L) tags; (K, M) log of mm per px."""
        kernel = self.codec.nms_kernel
        highest = F.max_pool2d(heatmaps[None], kernel, stride=1, padding=kernel // 2)[0]
        peaks = torch.where((heatmaps == highest) & (heatmaps > self.codec.score_threshold), heatmaps, 0)
        scores, cells = peaks.flatten(1).topk(self.most, dim=1)
        return scores, cells, tags_at(tags, cells), self.codec.log_scales(cells, root_depths)


class AmongAll(nn.Module):
    """Attention among people all of whom are there; PyTorch's writes the number of the example's into the graph."""

    def __init__(self, attention: nn.MultiheadAttention) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, people: Tensor, *_: Tensor, **__: Tensor) -> tuple[Tensor, None]:
        """As ``nn.MultiheadAttention`` with ``batch_first``, of (B, N, C) people with themselves."""
        own = self.attention
        parts = F.linear(people, own.in_proj_weight, own.in_proj_bias).chunk(3, dim=-1)
        query, key, value = (part.unflatten(-1, (own.num_heads, -1)).transpose(1, 2) for part in parts)
        shares = (query @ key.transpose(-1, -2) / own.head_dim**0.5).softmax(dim=-1)
        return own.out_proj((shares @ value).transpose(1, 2).flatten(2)), None


class PeopleGraph(nn.Module):
    """Grouped cells to people: missing joints, places, depths, and the head's refiner if it has one."""

    def __init__(self, codec: AssociativeEmbeddingDepth, refiner: nn.Module | None) -> None:
        super().__init__()
        self.codec, self.refiner = codec, deepcopy(refiner)
        for block in () if refiner is None else self.refiner.blocks:
            block.attention = block.attention and AmongAll(block.attention)

    def forward(
        self, cells: Tensor, heatmaps: Tensor, tags: Tensor, relative_depths: Tensor, root_depths: Tensor
    ) -> tuple[Tensor, ...]:
        """People at (N, K) flat cells, -1 where one lacks the joint; N > 0.

        Returns:
            (N, K, 2) px, (N, K) scores, (N,) scores, (N, K) relative depths in mm, (N,) root depths Z / f; with a
            refiner also (N,) the errors to expect of the root depths' logarithms.
        """
        flat = cells
        if self.codec.fill_missing:
            flat = filled_cells_at_once(cells, heatmaps, tags, self.codec.fill_threshold)
            if self.codec.reach_weight:
                flat = self.codec.within_reach(flat, cells, root_depths)
        people = self.codec.read(flat, heatmaps, relative_depths, root_depths)
        if self.refiner is None:
            return tuple(people)
        height, width = heatmaps.shape[-2:]
        # Not `torch.tensor`, which would write the size of the example into the graph.
        size = torch.ones(height, width).nonzero()[-1].flip(0).add(1) * self.codec.stride
        measured = MeasuredPeople(
            people.keypoints[None],
            people.keypoint_scores[None],
            people.relative_depths[None],
            people.root_depths[None],
            torch.ones_like(people.root_depths, dtype=torch.bool)[None],
        )
        refined = self.refiner(measured, size)
        sure = refined.real_logits.sigmoid()
        parts = refined.keypoints, people.keypoint_scores[None], sure, *refined[1:4]
        return tuple(part[0] for part in parts)


class TopDownGraph(nn.Module):
    """Crops to heatmaps and tags, with the flip test of the estimator's config."""

    def __init__(self, estimator: MultiPersonTopDownEstimator) -> None:
        super().__init__()
        self.estimator = estimator

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        """(B, K, h, w) heatmaps and, with several people, (B, K, L, h, w) tags of (B, 3, H, W) normalised crops."""
        estimator = self.estimator
        features = estimator.extract_feat(crops)
        if estimator.test_cfg.get('flip_test', False):
            maps = estimator.head.flip_merged([features, estimator.extract_feat(crops.flip(-1))], FLIP_INDICES)
        else:
            maps = estimator.head(features)
        return tuple(part for part in maps if part is not None)


class WindowsGraph(nn.Module):
    """What each lifting network says of windows, see ``PoseLiftingEstimator.lift_windows``."""

    def __init__(self, networks: PoseLiftingEstimator) -> None:
        super().__init__()
        self.networks = networks

    def forward(self, rays: Tensor, scores: Tensor) -> tuple[Tensor, ...]:
        """Of (B, T, K, 2) rays and (B, T, K) scores those that are there: poses frame by frame, poses, root depths."""
        return tuple(part for part in self.networks.lift_windows(rays, scores) if part is not None)


class LiftingGraph(nn.Module):
    """Clips to camera space, see :func:`~mmp3d.models.lifters.clip_lifting.lift_clips`."""

    def __init__(self, networks: PoseLiftingEstimator) -> None:
        super().__init__()
        self.networks = networks

    def forward(self, rays: Tensor, scores: Tensor) -> Tensor:
        """(B, T, K, 3) mm of (B, T, K, 2) rays and (B, T, K) scores, any T."""
        return lift_clips(self.networks, rays, scores)


class IntegrationGraph(nn.Module):
    """One pose of two."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *pairs: Tensor) -> Tensor:
        """(P, K, 3) mm; the fields of :class:`PosePairs`, P > 0."""
        return self.network(PosePairs(*pairs))

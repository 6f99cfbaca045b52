"""Completes and lifts the 2D pose of one frame with a graph network over joints and bones.

Shapes: ``...`` any leading dimensions, K joints, L bones, N nodes (joints or bones), C channels. Rays as in
``pose_features``; camera frame, millimetres.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn

from mmp3d.geometry import SKELETONS, Skeleton
from mmp3d.models.lifters.adjacency import (
    ConfidenceAdjacency,
    bone_closeness,
    bone_confidences,
    incidence_matrix,
    joint_closeness,
)
from mmp3d.models.lifters.person_view import person_view
from mmp3d.models.lifters.pose_features import SMALLEST_SIZE, found_rays, pose_features

ADJACENCIES = ('confidence', 'uniform')
NORMALIZATIONS = ('spread', 'trunk')
# Network units are metres.
POSE_UNIT = 1000.0


def _incidence(skeleton: Skeleton, bones: Sequence[tuple[int, int]] | None) -> Tensor:
    """(L, K) of the joint set's bones or of those given."""
    if bones is None:
        return incidence_matrix(skeleton)
    tails, heads = torch.tensor(bones).T
    joints = torch.eye(skeleton.num_joints)
    return joints[heads] - joints[tails]


class NodeLinear(nn.Module):
    """A linear layer on every node, with weights of its own for each or the same for all.

    Args:
        num_nodes: N; 1 shares the weights.
        in_channels: C before.
        out_channels: C after.
    """

    def __init__(self, num_nodes: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_nodes, in_channels, out_channels))
        self.bias = nn.Parameter(torch.zeros(num_nodes, 1, out_channels))
        nn.init.normal_(self.weight, std=math.sqrt(2 / in_channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, B, C) to (N, B, C)."""
        return x @ self.weight + self.bias


class GraphLayer(nn.Module):
    """Gather from the other nodes, two linear layers, and the input beside the result.

    Args:
        num_nodes: N; 1 shares the weights.
        in_channels: C before.
        out_channels: C of the linear layers.
    """

    def __init__(self, num_nodes: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.first = NodeLinear(num_nodes, in_channels, out_channels)
        self.second = NodeLinear(num_nodes, out_channels, out_channels)

    def forward(self, x: Tensor, adjacency: Tensor | None = None) -> Tensor:
        """(N, B, C) to (N, B, out) or, with an ``adjacency`` (B, G, N, N), to (N, B, in + out)."""
        gathered = x
        if adjacency is not None:
            groups = x.unflatten(-1, (adjacency.shape[1], -1))
            gathered = torch.einsum('bgij,jbgc->ibgc', adjacency, groups).flatten(-2)
        result = self.second(self.first(gathered).relu()).relu()
        return result if adjacency is None else torch.cat([x, result], dim=-1)


@MODELS.register_module()
class PoseGCN(BaseModule):
    """Directed graph network of Cheng et al. (AAAI 2021), which the paper repairs occluded poses with (section 3.1).

    A joint stream and a bone stream of two graph layers each; bones take their features from the difference of
    their joints (incidence matrix) and give them back through its pseudo-inverse. How the adjacency follows from the
    confidences is not published; see :class:`~mmp3d.models.lifters.adjacency.ConfidenceAdjacency` for ours. The form
    that the authors released is ``hidden_channels=256, per_node_weights=True, adjacency='uniform',
    with_confidence=False``.

    Args:
        hidden_channels: C of every layer.
        per_node_weights: Every joint and bone has weights of its own; else all share them and joints are told apart by
            a learnt vector each.
        adjacency: ``'confidence'``: directed, from each frame's confidences; ``'uniform'``: all alike.
        num_groups: Groups of channels that gather by a closeness of their own each, with ``'confidence'``.
        with_confidence: The network sees the confidences, and where and how large the pose is, beside the joints.
        look_at: See each pose through a camera that looks at the person and answer there, as the temporal nets do
            (``person_view``); only with ``with_confidence``.
        joint_set: Name of the joint set of input and output.
        bones: Pairs of joints, of which a bone is the second minus the first, in place of the joint set's bones; for
            weights that were trained with another order or direction of them. Only with ``'uniform'``.
        normalization: ``'spread'``: a pose about its middle, in units of its size; ``'trunk'``: about the root, in
            units of the height of the neck over the root, as released. The latter only without ``with_confidence``.
        init_cfg: Initialisation.

    Raises:
        ValueError: ``bones`` are given with ``'confidence'``, ``adjacency``, ``joint_set`` or ``normalization`` is
            not known, the channels do not fall into the groups, or the joint set has no neck for ``'trunk'``.
    """

    def __init__(
        self,
        hidden_channels: int = 128,
        per_node_weights: bool = True,
        adjacency: str = 'confidence',
        num_groups: int = 8,
        with_confidence: bool = True,
        look_at: bool = False,
        joint_set: str = 'mupots17',
        bones: Sequence[tuple[int, int]] | None = None,
        normalization: str = 'spread',
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(init_cfg)
        if adjacency not in ADJACENCIES:
            raise ValueError(f'PoseGCN: adjacency must be one of {ADJACENCIES}, got {adjacency!r}')
        if joint_set not in SKELETONS:
            raise ValueError(f'PoseGCN: joint_set must be one of {sorted(SKELETONS)}, got {joint_set!r}')
        if hidden_channels % num_groups:
            raise ValueError(f'PoseGCN: num_groups must divide hidden_channels {hidden_channels}, got {num_groups}')
        if bones is not None and adjacency != 'uniform':
            raise ValueError(f"PoseGCN: bones need adjacency='uniform', got {adjacency!r}")
        if look_at and not with_confidence:
            raise ValueError('PoseGCN: look_at=True needs with_confidence=True')
        if normalization not in NORMALIZATIONS or (normalization == 'trunk' and with_confidence):
            raise ValueError(
                f"PoseGCN: normalization must be one of {NORMALIZATIONS}, 'trunk' with with_confidence=False; got "
                f'{normalization!r} with with_confidence={with_confidence}'
            )
        skeleton = SKELETONS[joint_set]
        if normalization == 'trunk' and 'neck' not in skeleton.joint_names:
            raise ValueError(f"PoseGCN: normalization 'trunk' needs a joint set with a neck, got {joint_set!r}")
        self.normalization, self.joint_names = normalization, skeleton.joint_names
        self.look_at = look_at
        self.adjacency, self.with_confidence, self.root_index = adjacency, with_confidence, skeleton.root_index
        self.register_buffer('incidence', _incidence(skeleton, bones), persistent=False)
        self.register_buffer('bones_to_joints', torch.linalg.pinv(self.incidence), persistent=False)
        joints, bones = (skeleton.num_joints, len(self.incidence)) if per_node_weights else (1, 1)
        identity = (
            None if per_node_weights else nn.Parameter(0.1 * torch.randn(skeleton.num_joints, 1, hidden_channels))
        )
        self.register_parameter('identity', identity)
        width = hidden_channels
        self.embedding = GraphLayer(joints, 6 if with_confidence else 2, width)
        self.joint_layers = nn.ModuleList(GraphLayer(joints, level * width, width) for level in (1, 2))
        self.bone_layers = nn.ModuleList(GraphLayer(bones, level * width, width) for level in (1, 2))
        self.fusion = GraphLayer(joints, 6 * width, width)
        self.output = NodeLinear(joints, width, 3 + look_at)
        if adjacency == 'confidence':
            self.joint_adjacencies, self.bone_adjacencies = (
                nn.ModuleList(ConfidenceAdjacency(closeness, num_groups) for _ in range(2))
                for closeness in (joint_closeness(skeleton), bone_closeness(skeleton))
            )

    def forward(self, rays: Tensor, scores: Tensor, adjacencies: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """A complete 3D pose of every frame.

        Args:
            rays: (..., K, 2); joints with a score of 0 may hold anything, NaN too.
            scores: (..., K) confidences in 0..1; 0 is a joint that was not found. All 0 is legal: the answer is
                then the same pose whatever the rays.
            adjacencies: (..., K, K) of joints and (..., L, L) of bones, rows adding up to 1, in place of those that
                follow from ``adjacency``.

        Returns:
            (..., K, 3) mm relative to the root.
        """
        leading = scores.shape[:-1]
        rays, scores = rays.reshape(-1, *rays.shape[-2:]), scores.reshape(-1, scores.shape[-1])
        view = person_view(rays, scores) if self.look_at else None
        joints, whole = pose_features(rays, scores) if view is None else view.features()
        of_joints, of_bones = self._adjacencies(joints[..., 2], adjacencies)
        if self.normalization == 'trunk':
            joints = self._about_the_root(rays, joints[..., 2])
        elif self.with_confidence:
            joints = torch.cat([joints, whole[:, None].expand(-1, joints.shape[1], -1)], dim=-1)
        else:
            joints = joints[..., :2]
        poses = self.lift(joints, of_joints, of_bones)
        if view is not None:
            poses = poses.float()
            poses = view.turned_back(view.placed(poses[..., :3] * POSE_UNIT, poses[..., 3].mean(dim=-1))) / POSE_UNIT
        poses = (poses - poses[:, self.root_index, None]) * POSE_UNIT
        return poses.reshape(*leading, *poses.shape[1:])

    def _about_the_root(self, rays: Tensor, scores: Tensor) -> Tensor:
        """(B, K, 2) relative to the root, in units of the trunk's extent down the image."""
        rays, _ = found_rays(rays, scores)
        trunk = rays[:, self.joint_names.index('neck'), 1] - rays[:, self.root_index, 1]
        trunk = torch.where(trunk.abs() < SMALLEST_SIZE, -SMALLEST_SIZE, trunk)
        return (rays - rays[:, self.root_index, None]) / trunk[:, None, None]

    def lift(self, joints: Tensor, of_joints: Sequence[Tensor], of_bones: Sequence[Tensor]) -> Tensor:
        """The network alone.

        Args:
            joints: (B, K, C) features.
            of_joints: Adjacency (B, G, K, K) of each of the two layers.
            of_bones: Adjacency (B, G, L, L) likewise.

        Returns:
            (B, K, 3) metres; with ``look_at`` (B, K, 4), metres and how far the pose extends.
        """
        x = self.embedding(joints.transpose(0, 1))
        if self.identity is not None:
            x = x + self.identity
        bones = torch.einsum('lk,kbc->lbc', self.incidence, x)
        for layer, adjacency in zip(self.joint_layers, of_joints, strict=True):
            x = layer(x, adjacency)
        for layer, adjacency in zip(self.bone_layers, of_bones, strict=True):
            bones = layer(bones, adjacency)
        x = torch.cat([x, torch.einsum('kl,lbc->kbc', self.bones_to_joints, bones)], dim=-1)
        return self.output(self.fusion(x)).transpose(0, 1)

    def _adjacencies(self, scores: Tensor, given: tuple[Tensor, Tensor] | None) -> Iterator[list[Tensor]]:
        """Adjacencies of the joint layers, and of the bone layers."""
        bones = bone_confidences(scores, self.incidence)
        if given is None and self.adjacency == 'confidence':
            yield [adjacency(scores) for adjacency in self.joint_adjacencies]
            yield [adjacency(bones) for adjacency in self.bone_adjacencies]
            return
        for index, nodes in enumerate((scores, bones)):
            size = nodes.shape[1]
            uniform = nodes.new_full((1, size, size), 1 / size)
            matrix = uniform.expand(len(nodes), size, size) if given is None else given[index].reshape(-1, size, size)
            yield [matrix[:, None]] * 2

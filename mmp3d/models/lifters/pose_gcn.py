"""Completes and lifts the 2D pose of one frame with a graph network over joints and bones.

Shapes: ``...`` any leading dimensions, K joints, L bones, N nodes (joints or bones), C channels. Rays as in
``pose_features``; camera frame, millimetres.
"""

from __future__ import annotations

import math

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn

from mmp3d.geometry import SKELETONS
from mmp3d.models.lifters.adjacency import (
    bone_closeness,
    bone_confidences,
    confidence_adjacency,
    incidence_matrix,
    joint_closeness,
)
from mmp3d.models.lifters.pose_features import pose_features

ADJACENCIES = ('confidence', 'uniform')
# Network units are metres.
POSE_UNIT = 1000.0


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
        """(N, B, C) to (N, B, out) or, with an ``adjacency`` (B, N, N), to (N, B, in + out)."""
        gathered = x if adjacency is None else torch.einsum('bij,jbc->ibc', adjacency, x)
        result = self.second(self.first(gathered).relu()).relu()
        return result if adjacency is None else torch.cat([x, result], dim=-1)


@MODELS.register_module()
class PoseGCN(BaseModule):
    """Directed graph network of Cheng et al. (AAAI 2021), which the paper repairs occluded poses with (section 3.1).

    A joint stream and a bone stream of two graph layers each; bones take their features from the difference of
    their joints (incidence matrix) and give them back through its pseudo-inverse. How the adjacency follows from the
    confidences is not published; see :func:`~mmp3d.models.lifters.adjacency.confidence_adjacency` for ours. The form
    that the authors released is ``hidden_channels=256, per_node_weights=True, adjacency='uniform',
    with_confidence=False``.

    Args:
        hidden_channels: C of every layer.
        per_node_weights: Every joint and bone has weights of its own; else all share them and joints are told apart by
            a learnt vector each.
        adjacency: ``'confidence'``: directed, from each frame's confidences; ``'uniform'``: all alike.
        with_confidence: The network sees the confidences, and where and how large the pose is, beside the joints.
        joint_set: Name of the joint set of input and output.
        init_cfg: Initialisation.

    Raises:
        ValueError: ``adjacency`` or ``joint_set`` is not known.
    """

    def __init__(
        self,
        hidden_channels: int = 128,
        per_node_weights: bool = True,
        adjacency: str = 'confidence',
        with_confidence: bool = True,
        joint_set: str = 'mupots17',
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(init_cfg)
        if adjacency not in ADJACENCIES:
            raise ValueError(f'PoseGCN: adjacency must be one of {ADJACENCIES}, got {adjacency!r}')
        if joint_set not in SKELETONS:
            raise ValueError(f'PoseGCN: joint_set must be one of {sorted(SKELETONS)}, got {joint_set!r}')
        skeleton = SKELETONS[joint_set]
        self.adjacency, self.with_confidence, self.root_index = adjacency, with_confidence, skeleton.root_index
        constants = dict(
            incidence=incidence_matrix(skeleton),
            bones_to_joints=torch.linalg.pinv(incidence_matrix(skeleton)),
            joint_closeness=joint_closeness(skeleton),
            bone_closeness=bone_closeness(skeleton),
        )
        for name, constant in constants.items():
            self.register_buffer(name, constant, persistent=False)
        joints, bones = (skeleton.num_joints, len(skeleton.bones)) if per_node_weights else (1, 1)
        identity = (
            None if per_node_weights else nn.Parameter(0.1 * torch.randn(skeleton.num_joints, 1, hidden_channels))
        )
        self.register_parameter('identity', identity)
        width = hidden_channels
        self.embedding = GraphLayer(joints, 6 if with_confidence else 2, width)
        self.joint_layers = nn.ModuleList(GraphLayer(joints, level * width, width) for level in (1, 2))
        self.bone_layers = nn.ModuleList(GraphLayer(bones, level * width, width) for level in (1, 2))
        self.fusion = GraphLayer(joints, 6 * width, width)
        self.output = NodeLinear(joints, width, 3)

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
        joints, whole = pose_features(rays.reshape(-1, *rays.shape[-2:]), scores.reshape(-1, scores.shape[-1]))
        of_joints, of_bones = self._adjacencies(joints[..., 2], adjacencies)
        if self.with_confidence:
            joints = torch.cat([joints, whole[:, None].expand(-1, joints.shape[1], -1)], dim=-1)
        else:
            joints = joints[..., :2]
        poses = self.lift(joints, of_joints, of_bones) * POSE_UNIT
        poses = poses - poses[:, self.root_index, None]
        return poses.reshape(*leading, *poses.shape[1:])

    def lift(self, joints: Tensor, of_joints: Tensor, of_bones: Tensor) -> Tensor:
        """The network alone: (B, K, C) features, (B, K, K) and (B, L, L) adjacencies to (B, K, 3) metres."""
        x = self.embedding(joints.transpose(0, 1))
        if self.identity is not None:
            x = x + self.identity
        bones = torch.einsum('lk,kbc->lbc', self.incidence, x)
        for layer in self.joint_layers:
            x = layer(x, of_joints)
        for layer in self.bone_layers:
            bones = layer(bones, of_bones)
        x = torch.cat([x, torch.einsum('kl,lbc->kbc', self.bones_to_joints, bones)], dim=-1)
        return self.output(self.fusion(x)).transpose(0, 1)

    def _adjacencies(self, scores: Tensor, given: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor]:
        if given is not None:
            return tuple(matrix.reshape(-1, *matrix.shape[-2:]) for matrix in given)
        if self.adjacency == 'confidence':
            bones = bone_confidences(scores, self.incidence)
            return (
                confidence_adjacency(scores, self.joint_closeness),
                confidence_adjacency(bones, self.bone_closeness),
            )
        sizes = (len(self.joint_closeness), len(self.bone_closeness))
        return tuple(scores.new_full((len(scores), size, size), 1 / size) for size in sizes)

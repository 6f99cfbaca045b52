"""Who learns from whom in a pose: adjacencies of joints and bones that follow the confidences of one frame.

Shapes: ``...`` any leading dimensions, K joints, L = K - 1 bones, N nodes (joints or bones), B poses, G groups
of channels.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse.csgraph import shortest_path
from torch import Tensor, nn

from mmp3d.geometry import Skeleton

# A neighbour one step further away counts so much less.
HOP_DECAY = 0.5
# Difference of confidences at which the flow is nearly one way.
SOFTNESS = 0.1
# What a node with no confidence at all still passes on, so that a pose without any is averaged over the skeleton.
LEAST_CONFIDENCE = 1e-3


def incidence_matrix(skeleton: Skeleton) -> Tensor:
    """(L, K) float32, one row a bone of ``skeleton.bones``: 1 at the child, -1 at the parent."""
    matrix = torch.zeros(len(skeleton.bones), skeleton.num_joints)
    for row, (child, parent) in enumerate(skeleton.bones):
        matrix[row, child], matrix[row, parent] = 1, -1
    return matrix


def joint_closeness(skeleton: Skeleton) -> Tensor:
    """(K, K) float32 ``HOP_DECAY`` to the power of the number of bones between two joints."""
    edges = incidence_matrix(skeleton).numpy()
    return _closeness(edges.T @ edges)


def bone_closeness(skeleton: Skeleton) -> Tensor:
    """(L, L) float32, likewise between bones; bones that share a joint are one step apart."""
    edges = np.abs(incidence_matrix(skeleton).numpy())
    return _closeness(edges @ edges.T)


def bone_confidences(scores: Tensor, incidence: Tensor) -> Tensor:
    """(..., L) the lesser confidence of each bone's two joints, of (..., K) scores; a bone is no surer than its ends.

    The authors take them from part affinity fields, which the paper's network does not have.
    """
    ends = incidence.abs().topk(2, dim=1).indices
    return scores[..., ends].amin(dim=-1)


def confidence_adjacency(confidences: Tensor, closeness: Tensor) -> Tensor:
    """Directed adjacency: information flows from confident nodes to doubtful ones, the more the closer they are.

    Args:
        confidences: (..., N) in 0..1.
        closeness: (..., N, N), positive.

    Returns:
        (..., N, N): row i holds the shares in which node i gathers from all nodes j, itself included. Rows add up to 1,
        also where all confidences are 0: then only closeness counts.
    """
    source, target = confidences[..., None, :], confidences[..., :, None]
    flow = closeness * ((source + LEAST_CONFIDENCE) * torch.sigmoid((source - target) / SOFTNESS))
    return flow / flow.sum(dim=-1, keepdim=True)


class ConfidenceAdjacency(nn.Module):
    """The directed adjacency with a learnt closeness, one for each group of channels.

    It starts from the distance along the skeleton; a group may come to look at the other side of the body, or at the
    node itself.

    Args:
        closeness: (N, N), positive.
        num_groups: G.
    """

    def __init__(self, closeness: Tensor, num_groups: int) -> None:
        super().__init__()
        start = closeness.log().expand(num_groups, *closeness.shape)
        self.log_closeness = nn.Parameter(start + 0.5 * torch.randn(start.shape))

    def forward(self, confidences: Tensor) -> Tensor:
        """(B, N) confidences to (B, G, N, N), rows adding up to 1."""
        return confidence_adjacency(confidences[:, None], self.log_closeness.exp())


def _closeness(shared: np.ndarray) -> Tensor:
    """HOP_DECAY ** hops, of a matrix that is not 0 where two nodes are neighbours."""
    hops = shortest_path(shared != 0, unweighted=True)
    return torch.from_numpy(HOP_DECAY**hops).float()

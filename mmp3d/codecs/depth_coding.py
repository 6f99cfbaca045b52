"""How depths become what a network learns, and back.

Shapes: N people, K joints; ``...`` any leading dimensions. Network units: numbers of about one. The root depth is
focal-normalised (Z / f, mm per input px); relative depths are millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmp3d.geometry import MUPOTS17, Camera, bones_up_to_root, normalize_depth

LABELS = ('relative_depths', 'relative_depth_weights', 'root_depths', 'root_depth_weights')


@dataclass(frozen=True)
class DepthCoding:
    """The depth part of :class:`AssociativeEmbeddingDepth`; its arguments are explained there.

    Raises:
        ValueError: An argument is outside of its set.
    """

    root_depth_from: str = 'root'
    root_depth_space: str = 'linear'
    root_depth_mean: float = 0.0
    root_depth_scale: float = 1.0
    relative_depth_to: str = 'root'
    relative_depth_scale: float = 1000.0
    root_index: int = MUPOTS17.root_index

    def __post_init__(self) -> None:
        choices = dict(
            root_depth_from=('root', 'joints'), root_depth_space=('linear', 'log'), relative_depth_to=('root', 'parent')
        )
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f'{name} must be {allowed[0]!r} or {allowed[1]!r}, got {getattr(self, name)!r}')

    def encode(
        self, labelled: np.ndarray, keypoints_cam: np.ndarray | None, valid: np.ndarray | None, camera: Camera | None
    ) -> dict:
        """Labels in network units.

        Args:
            labelled: (N, K) float32, 1 where the joint is in the map.
            keypoints_cam: (N, K, 3) mm; None without 3D.
            valid: (N, K); 0 where no depth exists.
            camera: Camera of the network's input; None without 3D.

        Returns:
            ``relative_depths``, ``relative_depth_weights``, ``root_depths``, ``root_depth_weights``: (N, K) float32,
            weight 0 where nothing is known.
        """
        if keypoints_cam is None or camera is None or not len(keypoints_cam):
            return {name: np.zeros(labelled.shape, np.float32) for name in LABELS}
        depth = keypoints_cam[..., 2]
        root_depth = depth[:, self.root_index]
        valid = (valid > 0) & np.isfinite(depth)
        has_root = valid[:, self.root_index] & (root_depth > 0)
        known = valid & (labelled > 0) & has_root[:, None]
        origin, comparable = root_depth[:, None], known.copy()
        if self.relative_depth_to == 'parent':
            parents = list(MUPOTS17.parents)
            origin, comparable = depth[:, parents], known & valid[:, parents]
        comparable[:, self.root_index] = False
        relative = np.where(comparable, (depth - origin) / self.relative_depth_scale, 0)
        root = self._root_to_network(normalize_depth(np.where(has_root, root_depth, 1.0), camera.focal))
        root_weights = np.zeros_like(labelled)
        where = slice(None) if self.root_depth_from == 'joints' else self.root_index
        root_weights[:, where] = known[:, where]
        labels = relative, comparable, np.repeat(root[:, None], known.shape[1], axis=1), root_weights
        return {name: values.astype(np.float32, copy=False) for name, values in zip(LABELS, labels, strict=True)}

    def root_from_network(self, values: Tensor) -> Tensor:
        """(...) network units to (...) Z / f in mm per input px; positive whatever an untrained network says."""
        values = values * self.root_depth_scale + self.root_depth_mean
        return values.clamp(-20, 20).exp() if self.root_depth_space == 'log' else values.clamp(min=1e-3)

    def relative_to_root(self, values: Tensor) -> Tensor:
        """(..., K) relative depths in network units to (..., K) mm relative to the root; the root's own is 0."""
        values = values.clone()
        values[..., self.root_index] = 0
        if self.relative_depth_to == 'parent':
            values = values @ _chains(values).T
        return values * self.relative_depth_scale

    def read(self, relative: Tensor, root: Tensor, scores: Tensor, found: Tensor) -> tuple[Tensor, Tensor]:
        """Depths of people from the maps' values at their joints (eq. 3-4).

        Args:
            relative: (..., K) network units.
            root: (..., K) root depth read at each joint, network units.
            scores: (..., K) how sure each joint is.
            found: (..., K) bool; a joint that was not found tells nothing.

        Returns:
            (..., K) relative depths in mm, and (...) root depths Z / f. With ``root_depth_from='joints'``, or where
            the root was not found, the root depth is the score-weighted mean over the joints.
        """
        weights = scores.clamp(min=1e-3) * found
        mean = (root * weights).sum(dim=-1) / weights.sum(dim=-1).clamp(min=1e-6)
        if self.root_depth_from == 'root':
            mean = torch.where(found[..., self.root_index], root[..., self.root_index], mean)
        return self.relative_to_root(torch.where(found, relative, 0)), self.root_from_network(mean)

    def _root_to_network(self, normalized: np.ndarray) -> np.ndarray:
        values = np.log(normalized) if self.root_depth_space == 'log' else normalized
        return (values - self.root_depth_mean) / self.root_depth_scale


def _chains(like: Tensor) -> Tensor:
    return torch.from_numpy(bones_up_to_root(MUPOTS17)).to(like)

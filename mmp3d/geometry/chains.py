"""The bones between a joint and the root.

Shapes: K joints.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mmp3d.geometry.skeleton import Skeleton


@lru_cache
def bones_up_to_root(skeleton: Skeleton) -> np.ndarray:
    """Which bones add up to a joint's position relative to the root.

    Returns:
        (K, K) float64: row k marks the joints on the way from joint k to the root, k included. Times the joints'
        offsets from their parents it gives their offsets from the root (the root's own is its position).
    """
    step = np.eye(skeleton.num_joints)[list(skeleton.parents)]
    chains = np.eye(skeleton.num_joints)
    for _ in range(skeleton.num_joints):
        # At most 1: the root is its own parent, and would count again at each step.
        chains = np.maximum(np.eye(skeleton.num_joints), np.minimum(chains @ step, 1))
    return chains

"""A predicted pose with its bones stretched or shrunk to the annotated lengths: the official MuPoTS-3D bone map.

Shapes: ``...`` any leading dimensions, K joints. Any one unit and frame for both poses.
"""

from __future__ import annotations

import numpy as np

from mmp3d.geometry import MUPOTS17, Skeleton, bones_up_to_root


def map_bone_lengths(
    pred: np.ndarray, gt: np.ndarray, gt_valid: np.ndarray | None = None, skeleton: Skeleton = MUPOTS17
) -> np.ndarray:
    """Keep the direction of every predicted bone and take its length from the annotation.

    The root stays where it is predicted; every other joint is its parent's mapped position plus the unmapped
    direction times the annotated length. Hence the map ignores the scale of the prediction about its root and changes
    nothing when applied again. A bone of zero length has no direction: it, and all that hangs on it, is NaN (a miss).
    A bone whose annotation is not valid at both ends keeps its predicted length. Source: evaluation script of
    MuPoTS-3D (tree "o1").

    Args:
        pred: (..., K, 3).
        gt: (..., K, 3).
        gt_valid: (..., K) truth values; None: all are valid.
        skeleton: Joint set with the parents that define the bones, one root.

    Returns:
        (..., K, 3) float64.
    """
    pred, gt = np.asarray(pred, np.float64), np.asarray(gt, np.float64)
    parents, root = np.array(skeleton.parents), skeleton.root_index
    bones = bones_of(pred, parents)
    with np.errstate(invalid='ignore', divide='ignore'):
        scale = vector_lengths(bones_of(gt, parents)) / vector_lengths(bones)
    if gt_valid is not None:
        valid = np.asarray(gt_valid) > 0
        scale = np.where(valid & valid[..., parents], scale, 1.0)
    scale[..., root] = 1.0
    with np.errstate(invalid='ignore'):
        mapped_bones = bones * scale[..., None]
    return pred[..., root, None, :] + sum_along_chains(mapped_bones, bones_up_to_root(skeleton))


def bones_of(poses: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """(..., K, 3) joints less those that (K,) ``parents`` names."""
    return poses - poses.take(parents, axis=-2)


def vector_lengths(vectors: np.ndarray) -> np.ndarray:
    """(..., 3) to (...); several times faster than np.linalg.norm along an axis of three."""
    return np.sqrt(np.einsum('...c,...c->...', vectors, vectors))


def sum_along_chains(bones: np.ndarray, chains: np.ndarray) -> np.ndarray:
    """Sums of the bones that each joint hangs on, in one product for all poses.

    Args:
        bones: (..., K, 3).
        chains: (K, K): row k marks the bones of joint k.

    Returns:
        (..., K, 3); NaN for a joint one of whose bones is not finite.
    """
    defined = np.isfinite(bones)
    whole = defined.all()
    rows = np.ascontiguousarray(np.swapaxes(bones if whole else np.where(defined, bones, 0.0), -1, -2))
    sums = np.swapaxes((rows.reshape(-1, rows.shape[-1]) @ chains.T).reshape(rows.shape), -1, -2)
    if not whole:
        sums[((~defined).any(axis=-1).astype(np.float64) @ chains.T) > 0] = np.nan
    return sums

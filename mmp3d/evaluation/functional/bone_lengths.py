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
    bones = pred - pred[..., parents, :]
    lengths = _lengths(bones)
    with np.errstate(invalid='ignore', divide='ignore'):
        scale = _lengths(gt - gt[..., parents, :]) / lengths
    if gt_valid is not None:
        valid = np.asarray(gt_valid) > 0
        scale = np.where(valid & valid[..., parents], scale, 1.0)
    scale[..., root] = 1.0
    with np.errstate(invalid='ignore'):
        mapped_bones = bones * scale[..., None]
    undefined = ~np.isfinite(mapped_bones).all(axis=-1)
    chains = bones_up_to_root(skeleton)
    offsets = _along_chains(np.where(undefined[..., None], 0.0, mapped_bones), chains)
    mapped = pred[..., root, None, :] + offsets
    if undefined.any():
        mapped[(undefined.astype(np.float64) @ chains.T) > 0] = np.nan
    return mapped


def _lengths(vectors: np.ndarray) -> np.ndarray:
    # Several times faster than np.linalg.norm along an axis of three.
    return np.sqrt(np.einsum('...c,...c->...', vectors, vectors))


def _along_chains(bones: np.ndarray, chains: np.ndarray) -> np.ndarray:
    """(..., K, 3) sums of the bones on the way to the root: one product, not a small one for each pose."""
    rows = np.ascontiguousarray(np.swapaxes(bones, -1, -2))
    sums = (rows.reshape(-1, rows.shape[-1]) @ chains.T).reshape(rows.shape)
    return np.swapaxes(sums, -1, -2)

"""Where the evaluation of the paper's release puts a root: predicted depths fitted to the annotated ones, on their ray.

Shapes: F frames, P predicted and G annotated people of a frame, M people of any frames, N pairs of a predicted and an
annotated root depth, S sequences, K joints. Camera frame, millimetres.
"""

from __future__ import annotations

import numpy as np


def fit_depths(pred: np.ndarray, gt: np.ndarray, sequence: np.ndarray, num_sequences: int) -> np.ndarray:
    """Scale and offset that bring the predicted depths of each sequence nearest to the annotated ones.

    Ordinary least squares, ``gt ~ scale * pred + offset``. The release runs its Procrustes routine on all depths of a
    sequence as points on a line, which is the same. Pairs that are not finite do not count. A sequence whose
    predictions are all equal gets scale 0 and the annotated mean; one without pairs gets scale 1 and offset 0.

    Args:
        pred: (N,) mm.
        gt: (N,) mm.
        sequence: (N,) index of the sequence of each pair.
        num_sequences: S.

    Returns:
        (S, 2) scale and offset in mm.
    """
    known = np.isfinite(pred) & np.isfinite(gt)
    pred, gt, sequence = np.asarray(pred, np.float64)[known], np.asarray(gt, np.float64)[known], sequence[known]
    count = np.maximum(np.bincount(sequence, minlength=num_sequences), 1)
    means = [np.bincount(sequence, depths, num_sequences) / count for depths in (pred, gt)]
    pred_rest, gt_rest = pred - means[0][sequence], gt - means[1][sequence]
    spread = np.bincount(sequence, pred_rest**2, num_sequences)
    together = np.bincount(sequence, pred_rest * gt_rest, num_sequences)
    scale = np.divide(together, spread, out=np.zeros(num_sequences), where=spread > 0)
    scale[np.bincount(sequence, minlength=num_sequences) == 0] = 1.0
    return np.stack([scale, means[1] - scale * means[0]], axis=-1)


def owners_by_track(pred_tracks: np.ndarray, gt_tracks: np.ndarray) -> np.ndarray:
    """(F, P) index of the annotated person whose track each prediction belongs to, -1 where there is none.

    Args:
        pred_tracks: (F, P) track ids; negative: unknown.
        gt_tracks: (F, G) track ids, unique within a frame; negative: unknown.
    """
    same = (pred_tracks[:, :, None] == gt_tracks[:, None]) & (pred_tracks >= 0)[:, :, None]
    if not same.size:
        return np.full(pred_tracks.shape, -1)
    return np.where(same.any(axis=-1), same.argmax(axis=-1), -1)


def owners_by_match(matches: np.ndarray, num_pred: int) -> np.ndarray:
    """(F, P) index of the annotated person that each prediction was given to, -1 where there is none.

    Args:
        matches: (F, G) index of the prediction that stands for each person, -1 for none; none twice in a frame.
        num_pred: P.
    """
    owners = np.full((len(matches), num_pred), -1)
    frames, people = np.nonzero(matches >= 0)
    owners[frames, matches[frames, people]] = people
    return owners


def rays(roots: np.ndarray, depths: np.ndarray) -> np.ndarray:
    """(M, 3) step along the line from the camera through a root for one mm of depth.

    With the annotated root and the depth of the same person this is the ray of the annotation. The release divides by
    the annotated depth of the person whose *track* the prediction belongs to, whomever it is matched to.

    Args:
        roots: (M, 3) mm.
        depths: (M,) mm; where it is 0 the ray is not finite.
    """
    with np.errstate(divide='ignore', invalid='ignore'):
        return np.asarray(roots, np.float64) / np.asarray(depths, np.float64)[:, None]


def errors_on_rays(offsets: np.ndarray, ray: np.ndarray, depths: np.ndarray, gt_roots: np.ndarray) -> np.ndarray:
    """Joint errors in camera space of poses whose root is set on a ray at a depth.

    Args:
        offsets: (M, K, 3) mm, pose minus annotation, both relative to their pelvises; see :func:`align_as_released`.
        ray: (M, 3), see :func:`rays`.
        depths: (M,) mm, depth of the root.
        gt_roots: (M, 3) mm.

    Returns:
        (M, K) mm; not finite where an argument is not.
    """
    with np.errstate(invalid='ignore'):
        shifts = ray * np.asarray(depths)[:, None] - gt_roots
        return np.linalg.norm(offsets + shifts[:, None], axis=-1)

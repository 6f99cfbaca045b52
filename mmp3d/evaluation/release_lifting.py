"""Lifted people beside those that the authors store for MuPoTS-3D: poses joint by joint, and root depths.

Shapes: T frames, N people, K = 17 MuPoTS joints, S sequences. Millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmp3d.datasets.release_package import ReleasedTracks
from mmp3d.evaluation.functional.similarity import align_similarity
from mmp3d.evaluation.release_predictions import DEPTH_COLUMNS, depth_scores
from mmp3d.evaluation.sanity import MM_PER_METRE
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.geometry import MUPOTS17

ROOT = MUPOTS17.root_index


def lifting_tables(
    lifted: Sequence[np.ndarray], tracks: Mapping[str, Sequence[ReleasedTracks]]
) -> tuple[ScoreTable, ScoreTable]:
    """Distances of joints from the stored ones after alignment, and errors of root depths.

    Args:
        lifted: S arrays (T, N, K, 3) mm, camera frame, of the package's people.
        tracks: S sequences of each branch; stored poses count as metres.
    """
    names = tuple(tracks)
    distances = np.stack([_joint_distances(lifted, sequences) for sequences in tracks.values()], axis=1)
    rows = [*zip(MUPOTS17.joint_names, distances, strict=True), ('mean', distances.mean(axis=0))]
    poses = ScoreTable('distance from the stored poses after alignment, mm', ('joint', *names), tuple(rows))
    pairs = [(points[:, :, ROOT, 2], each.true_depths) for points, each in zip(lifted, tracks[names[0]], strict=True)]
    adjusted = {
        'as lifted': pairs,
        'times one factor': [(_scaled(*pair), pair[1]) for pair in pairs],
        'fitted as released': [(_fitted(*pair), pair[1]) for pair in pairs],
    }
    scores = ((name, np.mean([depth_scores(*pair) for pair in each], axis=0)) for name, each in adjusted.items())
    return poses, ScoreTable('error of the lifted root depths', ('depths', *DEPTH_COLUMNS), tuple(scores))


def _joint_distances(lifted: Sequence[np.ndarray], sequences: Sequence[ReleasedTracks]) -> np.ndarray:
    """(K,) mean of the sequences of the mean over people and frames."""
    means = []
    for points, stored in zip(lifted, sequences, strict=True):
        poses = MM_PER_METRE * stored.poses
        means.append(np.linalg.norm(align_similarity(points, poses) - poses, axis=-1).mean(axis=(0, 1)))
    return np.mean(means, axis=0)


def _scaled(depths: np.ndarray, true_depths: np.ndarray) -> np.ndarray:
    """Times the factor that fits best, as if the focal length were known."""
    return depths * (depths * true_depths).sum() / np.square(depths).sum()


def _fitted(depths: np.ndarray, true_depths: np.ndarray) -> np.ndarray:
    """With the scale and offset that fit best."""
    offsets = depths - depths.mean()
    spread = np.square(offsets).sum()
    scale = (offsets * true_depths).sum() / spread if spread else 0.0
    return true_depths.mean() + scale * offsets

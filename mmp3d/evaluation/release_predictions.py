"""The authors' stored predictions for MuPoTS-3D: as images of a prediction file, and how wrong their root depths are.

Shapes: T frames, N people, K = 17 MuPoTS joints, S sequences. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mmp3d.datasets.release_package import BRANCHES, ReleasedTracks, read_released_poses_2d, read_released_tracks
from mmp3d.evaluation.sanity import MM_PER_METRE
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.geometry import H36M17, MUPOTS17, Camera

# The package keeps 2D poses of images at half their size.
IMAGE_SCALE = 2
RADII = (150, 250)
DEPTH_COLUMNS = ('mean, mm', *(f'< {radius} mm, %' for radius in RADII))
CONSTANT = 'annotated mean'


def released_sequences(root: str | Path) -> list[int]:
    """Numbers of the sequences in the package, from 1.

    Raises:
        FileNotFoundError: There is none.
    """
    folder = Path(root) / BRANCHES['both'][0]
    numbers = sorted(int(path.stem) for path in folder.glob('*.pkl') if path.stem.isdigit())
    if not numbers:
        raise FileNotFoundError(
            f"{folder}: no files such as 18.pkl; expected the folder with the package's pred, pred_inte and depths"
        )
    return numbers


def released_predictions(root: str | Path, sequence: int, camera: Camera, branch: str = 'both') -> list[dict]:
    """What the package predicts for a sequence, as :func:`~mmp3d.evaluation.write_predictions` takes it.

    The package has no place of the root in the image plane, as the release's evaluation takes the annotated one. Here
    the root lies on the ray of the stored 2D pelvis, at the stored depth.

    Args:
        root: The package's folder.
        sequence: Number of the sequence from 1.
        camera: The sequence's camera.
        branch: ``'td'``, ``'bu'`` or ``'both'``.

    Returns:
        One image per frame. Track ids are the columns of the annotation, to which the release has given its people.

    Raises:
        FileNotFoundError, ValueError: see :func:`~mmp3d.datasets.release_package.read_released_tracks`; or 2D poses and
            3D poses differ in their number of frames.
    """
    tracks = read_released_tracks(root, sequence, branch)
    frames, people = tracks.depths.shape
    keypoints = full_image_keypoints(root, sequence, frames, people)
    pelvis = MUPOTS17.root_index
    roots = camera.back_project(keypoints[:, :, pelvis], tracks.depths)
    poses = MM_PER_METRE * (tracks.poses - tracks.poses[:, :, pelvis : pelvis + 1])
    constant = dict(bbox_scores=np.ones(people), track_ids=np.arange(people), source=np.full(people, branch))
    return [
        dict(
            seq_name=f'TS{sequence}',
            frame_id=frame,
            camera=camera.to_dict(),
            instances=dict(
                keypoints=keypoints[frame],
                keypoints_cam=poses[frame] + roots[frame][:, None],
                root_cam=roots[frame],
                **constant,
            ),
        )
        for frame in range(frames)
    ]


def depth_table(tracks: Mapping[str, Sequence[ReleasedTracks]]) -> ScoreTable:
    """Errors of stored root depths, mean of the sequences; a last row has the annotated mean as everybody's depth.

    Args:
        tracks: S sequences of each branch.
    """
    rows = [(branch, [(each.depths, each.true_depths) for each in sequences]) for branch, sequences in tracks.items()]
    true = [each.true_depths for each in next(iter(tracks.values()))]
    rows.append((CONSTANT, [(np.full_like(depths, depths.mean()), depths) for depths in true]))
    columns = ('branch', *DEPTH_COLUMNS)
    scores = tuple((name, np.mean([depth_scores(*pair) for pair in pairs], axis=0)) for name, pairs in rows)
    return ScoreTable('error of the stored root depths', columns, scores)


def depth_scores(depths: np.ndarray, true_depths: np.ndarray) -> list[float]:
    """Numbers of ``DEPTH_COLUMNS`` of any depths and the annotated ones, mm."""
    errors = np.abs(depths - true_depths)
    return [errors.mean(), *(100 * (errors < radius).mean() for radius in RADII)]


def full_image_keypoints(root: str | Path, sequence: int, frames: int, people: int) -> np.ndarray:
    """(T, N, K, 2) px, the stored 2D poses of a sequence, T frames and N people of which have 3D poses.

    Raises:
        FileNotFoundError, ValueError: see :func:`released_predictions`.
    """
    stored = [read_released_poses_2d(root, sequence, person).keypoints for person in range(people)]
    for person, keypoints in enumerate(stored):
        if len(keypoints) != frames:
            raise ValueError(
                f'{root}: sequence {sequence} has 3D poses of {frames} frames, and 2D poses of person {person} in '
                f'{len(keypoints)}. Fetch its files again.'
            )
    pixels = IMAGE_SCALE * np.stack(stored, axis=1)
    return H36M17.convert(pixels, np.ones(pixels.shape[:-1], bool), MUPOTS17)[0]

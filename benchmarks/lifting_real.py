"""How well lifters do on a real video with a real detector's 2D poses, person by person.

python benchmarks/lifting_real.py FOLDER CONFIG CHECKPOINT

FOLDER holds ``cameras.json``, ``poses2d_monocular_VIEW.json`` (COCO-17, tracked) and ``poses3d_VIEW.npz`` (COCO-17,
mm in the camera frame). Measured on the 12 joints from shoulders to ankles, relative to the middle of the hips.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.config import Config
from mmpose.registry import MODELS

import mmp3d
from mmp3d.compat.checkpoint import load_weights
from mmp3d.evaluation.functional.pose_errors import mpjpe, pa_mpjpe
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.geometry import COCO17, MUPOTS17, Camera
from mmp3d.pipeline import Track, lift_tracks

LIMBS = [name for name in COCO17.joint_names if name.split('_')[-1] in (
    'shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')]  # fmt: skip
HIPS = [LIMBS.index(f'{side}_hip') for side in ('left', 'right')]
COLUMNS = ('MPJPE', 'PA-MPJPE', 'root depth', 'depth median', 'frames')


class View(NamedTuple):
    """Person of a view: identity, and the last frame in which the 2D poses are that person's (None: all)."""

    camera: str
    name: str
    track_id: int
    frames: int | None = None


# In cam03 the detector mixes the man up with the woman from frame 40 on.
VIEWS = (
    View('cam01', 'man', 0),
    View('cam01', 'woman', 1),
    View('cam01', 'operator', 2),
    View('cam03', 'man', 0, 40),
    View('cam03', 'woman', 1),
)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path)
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    args = parser.parse_args()
    mmp3d.register_all_modules()
    networks = MODELS.build(Config.fromfile(args.config).model)
    load_weights(networks, args.checkpoint)
    networks.eval()
    rows = [(f'{view.camera} {view.name}', measured(view, args.folder, networks)) for view in VIEWS]
    mean = tuple(np.mean([row for _, row in rows], axis=0))
    table = ScoreTable('12 limb joints; mm', ('person', *COLUMNS), (*rows, ('mean', mean)))
    print(table.to_text(1))


def measured(view: View, folder: Path, networks) -> tuple[float, ...]:
    """MPJPE, PA-MPJPE, mean and median error of the root depth, and the number of frames that count."""
    (lifted,) = lift_tracks([read_track(view, folder)], read_camera(view, folder), networks)
    truth = np.load(folder / f'poses3d_{view.camera}.npz')
    frames = lifted.frame_ids
    person = truth['track_ids'].tolist().index(view.track_id)
    limbs = [COCO17.joint_names.index(name) for name in LIMBS]
    target, valid = truth['X_cam'][frames, person][:, limbs], truth['valid'][frames, person][:, limbs]
    found = lifted.keypoints_cam[:, [MUPOTS17.joint_names.index(name) for name in LIMBS]]
    known = valid[:, HIPS].all(axis=1)
    found, target, valid = found[known], np.nan_to_num(target[known]), valid[known]
    roots = [points[:, HIPS].mean(axis=1, keepdims=True) for points in (found, target)]
    depth = np.abs(roots[0] - roots[1])[:, 0, 2]
    relative = mpjpe(found - roots[0], target - roots[1], valid)
    return (
        float(np.nanmean(relative)),
        float(np.nanmean(pa_mpjpe(found, target, valid))),
        float(depth.mean()),
        float(np.median(depth)),
        float(known.sum()),
    )


def read_track(view: View, folder: Path) -> Track:
    """The detector's track of a person, as MuPoTS joints."""
    content = json.loads((folder / f'poses2d_monocular_{view.camera}.json').read_text())
    seen = [
        (frame['frame'], person['keypoints'], person['scores'])
        for frame in content['frames'][: view.frames]
        for person in frame['persons']
        if person['track_id'] == view.track_id
    ]
    frames, keypoints, scores = (np.asarray(values) for values in zip(*seen, strict=True))
    joined = np.concatenate([keypoints, scores[..., None]], axis=-1)
    points, found = COCO17.convert(joined, scores > 0, MUPOTS17)
    return Track(view.track_id, frames, points[..., :2], points[..., 2] * found)


def read_camera(view: View, folder: Path) -> Camera:
    """The calibrated camera of a view."""
    fields = json.loads((folder / 'cameras.json').read_text())['cameras'][view.camera]
    return Camera(np.array(fields['K']), fields['image_size'], distortion=fields['dist'])


if __name__ == '__main__':
    main()

"""Writes ``poses2d.json``: simulated output of a 2D pose detector for every picture (not a real network's).

Shapes: M detected people, K = 17 MUPOTS17 joints. Pixels, scores 0..1.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmp3d.geometry.skeleton import MUPOTS17
from mmp3d.synthetic.detections import simulate_detections
from mmp3d.synthetic.files import write_json
from mmp3d.synthetic.picture import Annotation
from mmp3d.synthetic.recipe import Recipe

FILE_NAME = 'poses2d.json'


def detection_record(
    rng: np.random.Generator, file_name: str, annotation: Annotation, image_size: tuple[int, int]
) -> dict:
    """Simulated detections of one picture: ``{'file_name', 'people': [{'keypoints': 17 x [x, y, score]}]}``."""
    joints = slice(0, MUPOTS17.num_joints)
    keypoints, scores = simulate_detections(
        rng,
        annotation.keypoints[:, joints],
        annotation.inside[:, joints],
        annotation.occluded[:, joints],
        annotation.boxes,
        image_size=image_size,
    )
    triples = np.concatenate([keypoints, scores[..., None]], axis=-1).astype(np.float64).round(3)
    return dict(file_name=file_name, people=[dict(keypoints=person) for person in triples.tolist()])


def write_poses2d(folder: Path, recipe: Recipe, records: list[dict]) -> None:
    """Write the detections of all pictures."""
    content = dict(
        format='mmp3d-poses2d',
        version=1,
        joint_set=MUPOTS17.name,
        source=f'simulated detections from ground truth, seed {recipe.seed}',
        images=records,
    )
    write_json(folder / FILE_NAME, content)

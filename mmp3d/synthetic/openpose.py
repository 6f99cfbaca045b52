"""Simulated OpenPose detections as 3DPW ships them.

Shapes: N people, K = 18 joints in OpenPose's order of the COCO model. Pixels, scores 0..1.
"""

from __future__ import annotations

import numpy as np

from mmp3d.geometry.joint_sets import OPENPOSE18_NAMES, SIGMAS
from mmp3d.geometry.skeleton import MUCO21
from mmp3d.synthetic.detections import DetectionNoise
from mmp3d.synthetic.face import FACE_NAMES, face_points
from mmp3d.synthetic.picture import Drawing
from mmp3d.synthetic.visibility import find_sight

# A person with fewer joints is not detected at all.
LEAST_JOINTS = 6
_SIGMAS = np.array([SIGMAS[name.removeprefix('left_').removeprefix('right_')] for name in OPENPOSE18_NAMES])
_NOISE = DetectionNoise()


def openpose_detections(rng: np.random.Generator, drawing: Drawing) -> np.ndarray:
    """(N, 3, K) x, y and score of everybody in a drawing; zeros for a joint or a person that is not found."""
    body = find_sight(drawing.buffers, drawing.camera, drawing.joints, drawing.shapes)
    face = find_sight(drawing.buffers, drawing.camera, face_points(drawing.shapes), drawing.shapes)
    names = [*MUCO21.joint_names, *FACE_NAMES]
    order = [names.index(name) for name in OPENPOSE18_NAMES]
    pixels = np.concatenate([body.pixels, face.pixels], axis=1)[:, order]
    hidden = np.concatenate([body.occluded, face.occluded | face.self_occluded], axis=1)[:, order]
    inside = np.concatenate([body.inside, face.inside], axis=1)[:, order]
    size = np.nan_to_num(np.nanmax(pixels, axis=1, initial=0) - np.nanmin(pixels, axis=1, initial=1e4))
    spread = np.where(hidden, _NOISE.occluded_jitter, _NOISE.jitter) * _SIGMAS
    spread = spread * np.sqrt(np.maximum(size.prod(axis=1), 1))[:, None]
    points = pixels + rng.standard_normal(pixels.shape) * spread[..., None]
    score = np.where(hidden, _NOISE.occluded_score, _NOISE.score) + rng.standard_normal(hidden.shape) * 0.08
    found = inside & (rng.random(hidden.shape) >= np.where(hidden, _NOISE.occluded_miss, _NOISE.miss))
    found &= (found.sum(axis=1) >= LEAST_JOINTS)[:, None]
    values = np.concatenate([points, np.clip(score, 0.05, 1)[..., None]], axis=-1)
    return np.where(found[..., None], values, 0.0).swapaxes(1, 2)

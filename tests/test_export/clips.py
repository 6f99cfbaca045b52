"""A clip of people whose joints move as one body, with gaps."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from mmp3d.export import FORMATS, PeopleClip
from mmp3d.geometry import MUPOTS17, Camera

# Rerun's package is an extra of its own.
WRITABLE = tuple(name for name in FORMATS if name != 'rrd' or find_spec('rerun'))


def walking_clip(people=2, frames=30, fps=25.0, seed=0, gaps=True) -> PeopleClip:
    """Standing people who sway and walk along x; person 1 is away in frames 10 to 12."""
    random = np.random.default_rng(seed)
    heights = {'head_top': -750, 'head': -600, 'neck': -500, 'shoulder': -480, 'elbow': -200, 'wrist': 0, 'spine': -250,
               'hip': 0, 'pelvis': 0, 'knee': 430, 'ankle': 850}  # fmt: skip
    widths = {'shoulder': 180, 'elbow': 220, 'wrist': 230, 'hip': 100, 'knee': 110, 'ankle': 120}
    body = np.zeros((17, 3))
    for joint, name in enumerate(MUPOTS17.joint_names):
        part = name.removeprefix('left_').removeprefix('right_')
        side = 1 if name.startswith('left') else -1
        body[joint] = side * widths.get(part, 0), heights[part], 0
    time = np.arange(frames) / fps
    sway = 30 * np.sin(3 * time[:, None, None] + random.uniform(0, 6, (people, 1, 17, 1)) + [0, 1, 2])
    start = np.stack([np.arange(people) * 900.0, np.zeros(people), 3000 + 500.0 * np.arange(people)], axis=-1)
    path = start[:, None] + time[None, :, None] * np.array([500.0, 0, 100])
    positions = (body + sway + path[:, :, None]).astype(np.float32)
    if gaps and people > 1:
        positions[1, 10:13] = np.nan
    scores = random.uniform(0.3, 1, positions.shape[:3])
    camera = Camera.from_fov(60, (640, 480))
    return PeopleClip(positions, scores, np.arange(people) * 3 + 1, fps, camera=camera, seq_name='walk')

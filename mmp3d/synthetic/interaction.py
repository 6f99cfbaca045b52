"""Pairs of people who interact: their motions and where they go.

Shapes: floor coordinates (x, z) of the world frame in millimetres; headings in radians from +z towards +x.
"""

from __future__ import annotations

import numpy as np

from mmp3d.synthetic.motion import HarmonicMotion, sample_motion
from mmp3d.synthetic.path import Path, sample_single

INTERACTIONS = ('facing', 'hug', 'abreast', 'behind', 'back_to_back')
_INTERACTION_WEIGHTS = (0.3, 0.2, 0.2, 0.22, 0.08)


def sample_pair(
    rng: np.random.Generator, place: np.ndarray, camera_distance: float
) -> tuple[list[HarmonicMotion], list[Path]]:
    """Motions and paths of two people who interact around ``place``.

    Args:
        rng: Source of randomness.
        place: (2,) mm middle of the pair.
        camera_distance: mm; sets the lateral offset with which one person half hides the other.
    """
    kind = str(rng.choice(INTERACTIONS, p=_INTERACTION_WEIGHTS))
    if kind == 'abreast':
        return _abreast(rng, place)
    if kind == 'behind':
        return _behind(rng, place, camera_distance)
    distance = {'facing': rng.uniform(550, 1000), 'hug': rng.uniform(300, 420), 'back_to_back': rng.uniform(330, 600)}[
        kind
    ]
    angle = rng.uniform(0, 2 * np.pi)
    axis = np.array([np.sin(angle), np.cos(angle)])
    turn = np.pi if kind == 'back_to_back' else 0.0
    paths = [
        Path(place - axis * distance / 2, angle + turn + rng.normal(0, 0.15), swing=(0.08, 0.15)),
        Path(place + axis * distance / 2, angle + np.pi + turn + rng.normal(0, 0.15), swing=(0.08, 0.12)),
    ]
    if kind == 'hug':
        return [sample_motion(rng, 'stand', 'hug') for _ in paths], paths
    arms = ('gesture', 'reach', 'point', 'crossed', 'relaxed', 'wave', '')
    return [
        sample_motion(rng, str(rng.choice(['stand', 'stand', 'lunge', 'bend'])), str(rng.choice(arms))) for _ in paths
    ], paths


def _abreast(rng: np.random.Generator, place: np.ndarray) -> tuple[list[HarmonicMotion], list[Path]]:
    """Two people side by side, walking in step or standing."""
    heading = rng.uniform(-np.pi, np.pi)
    side = np.array([np.cos(heading), -np.sin(heading)]) * rng.uniform(430, 650) / 2
    paths = [Path(place - side, heading), Path(place + side, heading)]
    motion = sample_motion(rng, 'walk')
    if rng.random() < 0.35:
        return [sample_motion(rng, 'stand'), sample_motion(rng, 'stand')], paths
    return [motion, motion], paths


def _behind(
    rng: np.random.Generator, place: np.ndarray, camera_distance: float
) -> tuple[list[HarmonicMotion], list[Path]]:
    """One person behind another on nearly the same line of sight."""
    ray = place / max(camera_distance, 1.0)
    lateral = np.array([ray[1], -ray[0]]) * rng.normal(0, 170)
    gap = ray * rng.uniform(420, 900) + lateral
    paths = [sample_single(rng, place - gap / 2), sample_single(rng, place + gap / 2)]
    legs = ('stand', 'stand', 'squat', 'jump', 'dance', 'bend')
    return [sample_motion(rng, str(rng.choice(legs))) for _ in paths], paths

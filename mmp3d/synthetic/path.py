"""Where people go on the floor.

Shapes: T times. Floor coordinates (x, z) of the world frame in millimetres; headings in radians from +z towards +x.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TIGHT_ARCS = 500.0, 2500.0


@dataclass(frozen=True)
class Path:
    """An arc that is run through at constant speed, with a slow turn of the body.

    Args:
        start: (2,) mm at time 0.
        heading: rad at time 0.
        curvature: 1 / mm; positive turns right.
        swing: Amplitude in rad and frequency in Hz of the turn.
    """

    start: np.ndarray
    heading: float
    curvature: float = 0.0
    swing: tuple[float, float] = (0.0, 0.1)

    def at(self, times: np.ndarray, speed: float) -> tuple[np.ndarray, np.ndarray]:
        """(T,) s and a speed in mm/s to (T, 2) mm and (T,) rad."""
        length = np.asarray(times, float) * speed
        half = length * self.curvature / 2
        chord = length * np.sinc(half / np.pi)
        direction = self.heading + half
        ground = self.start + chord[:, None] * np.stack([np.sin(direction), np.cos(direction)], axis=-1)
        swing = self.swing[0] * np.sin(2 * np.pi * self.swing[1] * np.asarray(times, float))
        return ground, self.heading + 2 * half + swing


def sample_single(rng: np.random.Generator, place: np.ndarray, radius: tuple[float, float] = TIGHT_ARCS) -> Path:
    """A path through ``place`` in a random direction, more often than not roughly towards the camera.

    Args:
        rng: Source of randomness.
        place: (2,) mm.
        radius: Least and greatest radius of the arc, mm.
    """
    towards = np.arctan2(-place[0], -place[1])
    heading = towards + (rng.normal(0, 0.9) if rng.random() < 0.5 else rng.uniform(-np.pi, np.pi))
    curvature = rng.choice([-1, 1]) / rng.uniform(*radius)
    return Path(place, float(heading), float(curvature), (rng.uniform(0, 0.5), rng.uniform(0.05, 0.2)))

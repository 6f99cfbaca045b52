"""Motions played from recordings: any length, any body, with the recorded way over the floor.

Shapes: T times, L frames of a loop, J = 21 MuCo joints. Leg lengths, seconds, radians; see ``retarget.Recording``.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from mmp3d.synthetic.body import standard_body
from mmp3d.synthetic.path import Path
from mmp3d.synthetic.retarget import Recording

# Seconds over which the end of a recording goes over into its start.
_SEAM = 0.4


class RecordedMotion:
    """A recording in an endless loop, a :class:`motion.Motion`.

    The last ``_SEAM`` seconds (a third of a short recording) are cross-faded with the first ones: poses, walking
    velocity, turning and lift, so that people go on from where they are.

    Args:
        recording: What is played.
        start: Seconds into the loop at time 0.
        tempo: Speed of the playback, 1 as recorded.
        mirrored: Whether left and right are exchanged.
    """

    seated = False

    def __init__(self, recording: Recording, start: float = 0.0, tempo: float = 1.0, mirrored: bool = False) -> None:
        self.name = recording.name
        recording = recording.mirrored() if mirrored else recording
        self._start, self._rate = start / recording.frame_time, tempo / recording.frame_time
        seam = min(round(_SEAM / recording.frame_time), len(recording) // 3)
        weight = (np.arange(seam) + 1) / (seam + 1)
        self._rotations = _fade(recording.rotations, weight, interpolate_rotations)
        self._lift = _fade(recording.lift, weight, _mix) * standard_body().leg_length
        # Steps between frames; the last frame of the recording has no next one.
        turn, step = np.diff(recording.heading), np.diff(recording.ground, axis=0)
        sin, cos = np.sin(recording.heading[:-1]), np.cos(recording.heading[:-1])
        step = np.stack([step[:, 0] * cos - step[:, 1] * sin, step[:, 0] * sin + step[:, 1] * cos], axis=1)
        self._turn, self._step = (self._steps(values, weight) for values in (turn, step))

    def _steps(self, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Steps of the loop, as many as it has frames."""
        if not len(values):
            return np.zeros((1, *values.shape[1:]))
        return _fade(np.concatenate([values, values[-1:]]), weight, _mix)

    def rotations(self, times: np.ndarray) -> np.ndarray:
        """(T,) s to (T, J, 3, 3) local rotations, heading taken out of the pelvis."""
        first, share = self._frames(times)
        count = len(self._rotations)
        return interpolate_rotations(self._rotations[first % count], self._rotations[(first + 1) % count], share)

    def lift(self, times: np.ndarray) -> np.ndarray:
        """(T,) s to (T,) mm by which the lowest point of the body is above the floor."""
        first, share = self._frames(times)
        count = len(self._lift)
        return _mix(self._lift[first % count], self._lift[(first + 1) % count], share)

    def along(self, path: Path, leg_length: float, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The recorded way, laid so that it runs through the path's start in the path's heading at time 0.

        Args:
            path: Its curvature and its turns are left out: a recording has its own.
            leg_length: mm.
            times: (T,) s.

        Returns:
            (T, 2) mm on the floor (x, z) and (T,) rad heading.
        """
        first, share = self._frames(np.append(times, 0.0))
        low = first.min()
        frames = np.arange(low, first.max() + 1) % len(self._turn)
        heading = np.concatenate([[0.0], np.cumsum(self._turn[frames])])
        sin, cos = np.sin(heading[:-1]), np.cos(heading[:-1])
        right, ahead = self._step[frames].T * leg_length
        steps = np.stack([right * cos + ahead * sin, ahead * cos - right * sin], axis=1)
        ground = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
        at = first - low
        heading, ground = (_mix(values[at], values[at + 1], share) for values in (heading, ground))
        turn = path.heading - heading[-1]
        return _moved(ground[:-1] - ground[-1], turn, path.start), heading[:-1] + turn

    def _frames(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(T,) frame at or before each time, not wrapped, and (T,) share of the way to the next one."""
        at = self._start + np.asarray(times, float) * self._rate
        first = np.floor(at).astype(int)
        return first, at - first


def resample(recording: Recording, fps: float) -> Recording:
    """The recording at another frame rate; the last frame is at or before the recorded one."""
    length = (len(recording) - 1) * recording.frame_time
    at = np.arange(int(length * fps + 1e-6) + 1) / fps / recording.frame_time
    first = np.minimum(at.astype(int), max(len(recording) - 2, 0))
    after, share = np.minimum(first + 1, len(recording) - 1), at - first
    rotations = interpolate_rotations(recording.rotations[first], recording.rotations[after], share)
    ground, heading, lift = (
        _mix(values[first], values[after], share) for values in (recording.ground, recording.heading, recording.lift)
    )
    return Recording(rotations, ground, heading, lift, 1 / fps, recording.name)


def interpolate_rotations(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(T, J, 3, 3) rotations on the shortest way from the first to the second ones; ``share`` (T,) is 0..1."""
    start = Rotation.from_matrix(first.reshape(-1, 3, 3))
    turn = (start.inv() * Rotation.from_matrix(second.reshape(-1, 3, 3))).as_rotvec()
    turn *= np.repeat(share, first.shape[1])[:, None]
    return (start * Rotation.from_rotvec(turn)).as_matrix().reshape(first.shape)


def _fade(values: np.ndarray, weight: np.ndarray, mix) -> np.ndarray:
    """A loop of the values: its first frames go over from what follows its last frame to the recording's first ones."""
    length = len(values) - len(weight)
    head = mix(values[length:], values[: len(weight)], weight) if len(weight) else values[:0]
    return np.concatenate([head, values[len(weight) : length]])


def _mix(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    share = share.reshape(-1, *[1] * (first.ndim - 1))
    return first + (second - first) * share


def _moved(ground: np.ndarray, angle: float, place: np.ndarray) -> np.ndarray:
    """(T, 2) points turned by an angle from +z towards +x about the origin, then moved to ``place``."""
    sin, cos = np.sin(angle), np.cos(angle)
    return ground @ np.array([[cos, -sin], [sin, cos]]) + place

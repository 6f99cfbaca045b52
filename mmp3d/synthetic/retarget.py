"""Turns recorded motion of any skeleton into bone rotations of the MuCo-21 skeleton, for bodies of any size.

Bones keep their directions in space; the length of the legs sets the scale, so that the unit of the file does not
matter. Shapes: T frames, J = 21 MuCo joints. World frame y down, floor at y = 0; lengths in leg lengths (thigh and
shank), headings in radians from +z towards +x.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mmp3d.geometry.skeleton import MUCO21
from mmp3d.synthetic.body import standard_body
from mmp3d.synthetic.bvh import BvhClip
from mmp3d.synthetic.kinematics import JOINT, forward_kinematics, rotation_about_vertical
from mmp3d.synthetic.landmarks import find_landmarks

# How much a straight limb, whose hinge cannot be seen, takes its twist from the trunk.
_STRAIGHT = 0.15
# Share of the leg length by which soles may be off the floor without the body counting as in the air: people walk on
# soles of other shapes than ours.
_CONTACT = 0.04
# Along the back, where our spine joint lies between pelvis and neck.
_SPINE_SHARE = 0.46
_SIDES = ('left', 'right')
_TO_Y_DOWN = np.array([-1.0, -1.0, 1.0])
_X, _Y = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
_PARENTS = np.array(MUCO21.parents)
_MIRROR = np.outer((-1, 1, 1), (-1, 1, 1))


@dataclass(frozen=True)
class Recording:
    """A recorded motion, free of body size.

    Args:
        rotations: (T, J, 3, 3) local rotations for ``kinematics.forward_kinematics``, heading taken out of the pelvis.
        ground: (T, 2) leg lengths, pelvis on the floor (x, z).
        heading: (T,) rad, without jumps of a full turn.
        lift: (T,) leg lengths by which the lowest point of the body is above the floor, at least 0.
        frame_time: Seconds from frame to frame.
        name: Where it comes from.
    """

    rotations: np.ndarray
    ground: np.ndarray
    heading: np.ndarray
    lift: np.ndarray
    frame_time: float
    name: str

    def __len__(self) -> int:
        return len(self.rotations)

    def mirrored(self) -> Recording:
        """The same motion with left and right exchanged."""
        rotations = self.rotations[:, MUCO21.flip_indices] * _MIRROR
        return replace(self, rotations=rotations, ground=self.ground * (-1, 1), heading=-self.heading)


def retarget(clip: BvhClip, name: str) -> Recording:
    """Carry a clip with y up over to our skeleton.

    Args:
        clip: The clip.
        name: Its source, for errors; the name of the recording.

    Raises:
        ValueError: A joint is not found by name, or the legs have no length.
    """
    marks = find_landmarks(clip.names, name)
    positions, turns = clip.world()
    positions, turns = positions * _TO_Y_DOWN, _TO_Y_DOWN[:, None] * turns
    points = {mark: positions[:, joint] for mark, joint in marks.items()}
    leg = _leg_length(points)
    if not leg > 0:
        raise ValueError(f'{name}: thighs and shanks have no length, so that the scale of the motion is unknown')
    points['pelvis'] = (points['right_hip'] + points['left_hip']) / 2
    points['neck'] = (points['right_shoulder'] + points['left_shoulder']) / 2
    points['spine'] = _spine(points, positions[:, _back(clip.parents, marks)])
    world = _bone_frames(points, {mark: turns[:, joint] for mark, joint in marks.items()})
    heading = np.unwrap(_heading(_across(points, 'hip') + _across(points, 'shoulder')))
    local = world[:, _PARENTS].swapaxes(-1, -2) @ world
    local[:, JOINT['pelvis']] = rotation_about_vertical(-heading) @ world[:, JOINT['pelvis']]
    pelvis = points['pelvis'] / leg
    return Recording(local, pelvis[:, [0, 2]], heading, _lift(local, pelvis[:, 1]), clip.frame_time, name)


def _leg_length(points: dict[str, np.ndarray]) -> float:
    bones = [(f'{side}_{a}', f'{side}_{b}') for side in _SIDES for a, b in (('hip', 'knee'), ('knee', 'ankle'))]
    lengths = [np.linalg.norm(points[end] - points[start], axis=-1) for start, end in bones]
    return float(np.median(lengths, axis=1).sum() / 2)


def _back(parents: tuple[int, ...], marks: dict[str, int]) -> list[int]:
    """Joints between the one that carries the legs and the head."""

    def ancestors(joint: int) -> list[int]:
        chain = []
        while parents[joint] >= 0:
            joint = parents[joint]
            chain.append(joint)
        return chain

    legs = ancestors(marks['left_hip'])
    return [joint for joint in ancestors(marks['head']) if joint not in legs]


def _spine(points: dict[str, np.ndarray], back: np.ndarray) -> np.ndarray:
    """(T, 3) the joint of the back (T, B, 3) that lies most like our spine, or a point where it would lie."""
    trunk = points['neck'] - points['pelvis']
    away = np.linalg.norm(back - points['pelvis'][:, None], axis=-1) / np.linalg.norm(trunk, axis=-1)[:, None]
    error = np.abs(np.median(away, axis=0) - _SPINE_SHARE)
    if error.size and error.min() < 0.2:
        return back[:, error.argmin()]
    return points['pelvis'] + _SPINE_SHARE * trunk


def _bone_frames(points: dict[str, np.ndarray], turns: dict[str, np.ndarray]) -> np.ndarray:
    """(T, J, 3, 3) bone-to-world rotations from landmarks (T, 3) and recorded orientations (T, 3, 3)."""
    hips, shoulders = _across(points, 'hip'), _across(points, 'shoulder')
    frames = {
        'pelvis': _frame(points['pelvis'] - points['spine'], hips),
        'spine': _frame(points['spine'] - points['neck'], hips + shoulders),
        'neck': _frame(shoulders, points['spine'] - points['neck'], _X, _Y),
    }
    upright = rotation_about_vertical(_heading(shoulders))
    frames['head'] = frames['head_top'] = _calibrated(turns['head'], upright)
    for side in _SIDES:
        arm = [f'{side}_{part}' for part in ('shoulder', 'elbow', 'wrist')]
        frames[arm[0]], frames[arm[1]] = _limb_frames(frames['neck'], *(points[name] for name in arm), forward=True)
        frames[arm[2]] = frames[f'{side}_hand'] = _calibrated(turns[arm[2]], frames[arm[1]])
        leg = [f'{side}_{part}' for part in ('hip', 'knee', 'ankle')]
        frames[leg[0]], frames[leg[1]] = _limb_frames(frames['pelvis'], *(points[name] for name in leg), forward=False)
        frames[leg[2]] = frames[f'{side}_toe'] = _foot_frame(side, points, turns, frames[leg[1]])
    return np.stack([frames[name] for name in JOINT], axis=1)


def _across(points: dict[str, np.ndarray], part: str) -> np.ndarray:
    """(T, 3) unit vector from the left to the right one."""
    return _unit(points[f'right_{part}'] - points[f'left_{part}'])


def _limb_frames(trunk: np.ndarray, *joints: np.ndarray, forward: bool) -> tuple[np.ndarray, np.ndarray]:
    """Frames of the upper and the lower bone; a bent limb shows its hinge, a straight one takes the trunk's."""
    upper, lower = _unit(joints[1] - joints[0]), _unit(joints[2] - joints[1])
    hinge = np.cross(upper, lower) if forward else np.cross(lower, upper)
    across, down = trunk[..., 0], trunk[..., 1]
    cosine = _dot(down, upper)
    carried = across - _dot(upper, across) / np.maximum(1 + cosine, 1e-3) * (down + upper)
    hinge = hinge + _STRAIGHT * _unit(carried)
    return _frame(upper, hinge), _frame(lower, hinge)


def _foot_frame(side: str, points: dict, turns: dict, shank: np.ndarray) -> np.ndarray:
    """(T, 3, 3): along the toes, or, for a skeleton without toes, as the recorded foot turns."""
    if f'{side}_toe' not in points:
        return _calibrated(turns[f'{side}_ankle'], shank)
    toes = _unit(points[f'{side}_toe'] - points[f'{side}_ankle'])
    height = points[f'{side}_ankle'][:, 1]
    # The foot is flat where its ankle is lowest; recorded ankles and toes are not at the height of ours.
    drop = np.clip(np.median(toes[height >= np.percentile(height, 90), 1]), -0.9, 0.9)
    return _frame(toes, shank[..., 0], np.array([0, drop, np.sqrt(1 - drop**2)]), _X)


def _calibrated(turns: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Recorded orientations in axes of ours: those in which they follow ``reference`` best over the whole clip.

    The axes of a recorded joint say nothing about the body; that people look ahead on average does.
    """
    left, _, right = np.linalg.svd((turns.swapaxes(-1, -2) @ reference).mean(axis=0))
    left[:, -1] *= np.sign(np.linalg.det(left @ right))
    return turns @ (left @ right)


def _frame(main: np.ndarray, other: np.ndarray, rest_main: np.ndarray = _Y, rest_other: np.ndarray = _X) -> np.ndarray:
    """(..., 3, 3) the rotation that takes ``rest_main`` to ``main`` and ``rest_other`` near to ``other``."""
    return _basis(main, other) @ _basis(rest_main, rest_other).T


def _basis(main: np.ndarray, other: np.ndarray) -> np.ndarray:
    first = _unit(main)
    second = _unit(other - _dot(other, first) * first)
    return np.stack([first, second, np.cross(first, second)], axis=-1)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _dot(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (first * second).sum(axis=-1, keepdims=True)


def _heading(across: np.ndarray) -> np.ndarray:
    """(T,) rad of a body whose left-to-right vector is (T, 3)."""
    return np.arctan2(-across[:, 2], across[:, 0])


def _lift(local: np.ndarray, pelvis: np.ndarray) -> np.ndarray:
    """(T,) leg lengths between soles and floor; the floor is where the soles are in all but the deepest frames."""
    body = standard_body()
    positions, _ = forward_kinematics(body.offsets, local)
    below = (positions[..., 1] + body.clearance).max(axis=-1) / body.leg_length
    soles = pelvis + below
    return np.maximum(np.percentile(soles, 90) - soles - _CONTACT, 0)

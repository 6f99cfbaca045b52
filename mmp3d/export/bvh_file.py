"""One person as a BVH file, which Blender reads: metres, x right, y up, z backward.

Every joint has position and rotation channels. The rest pose has the person's median bone lengths; the rotations turn
its bones to where they point, and the positions place the joints where they were predicted, so that nothing is lost
where a bone is predicted longer or shorter than usual. Shapes: T frames, K joints.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
from scipy.spatial.transform import Rotation

from mmp3d.export.people_clip import PeopleClip, from_y_up
from mmp3d.export.trc_file import parents_of
from mmp3d.geometry import MUPOTS17
from mmp3d.synthetic.bvh import parse_bvh

MM = 1000.0
SHORTEST_BONE = 1e-3  # m
# Where the bone to a joint points in the rest pose, a person who looks along z with arms held out.
SIDEWAYS = ('shoulder', 'elbow', 'wrist', 'hip')
DOWNWARD = ('knee', 'ankle')
CHANNELS = 'CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation'


def bvh_bytes(clip: PeopleClip) -> bytes:
    """The file's content for a clip of one person.

    The file covers the whole clip. Joints are interpolated over frames where they are not there, held before the first
    and after the last; BVH has no way to leave them out.

    Raises:
        ValueError: The clip has no frames, or its joints are no tree.
    """
    if not clip.present.any():
        raise ValueError('BVH needs at least one frame with the person in it')
    points = _filled(clip.y_up()[0].astype(np.float64) / MM)
    order, parents = _tree(clip.parents)
    offsets = _rest_offsets(points, clip)
    rotations = _rotations(points, offsets, order, parents)
    places = _places(points, rotations, parents)
    angles = _euler(rotations, parents)
    tree = _hierarchy(clip.joint_names, parents, order, offsets)
    motion = np.concatenate([places, angles], axis=-1)[:, order].reshape(len(points), -1)
    rows = '\n'.join(' '.join(row) for row in np.char.mod('%.7f', motion))
    head = f'HIERARCHY\n{tree}MOTION\nFrames: {len(points)}\nFrame Time: {1 / clip.fps:.9f}\n'
    return f'{head}{rows}\n'.encode()


def clip_from_bvh(content: bytes, source: str) -> PeopleClip:
    """Clip of one person, track id 0, in the camera frame; every joint has the score 1.

    Raises:
        ValueError: It is no whole BVH file; names ``source`` and the line.
    """
    motion = parse_bvh(content.decode('utf-8-sig'), source)
    points = motion.world()[0] * MM
    names, parents = motion.names, tuple(max(parent, 0) for parent in motion.parents)
    if set(names) == set(MUPOTS17.joint_names):
        points = points[:, [names.index(name) for name in MUPOTS17.joint_names]]
        names = MUPOTS17.joint_names
        parents = parents_of(names)
    points = from_y_up(points[None], 'camera')
    fps = round(1 / motion.frame_time, 4)
    return PeopleClip(points, np.ones(points.shape[:3]), np.array([0]), fps, joint_names=names, parents=parents)


def _filled(points: np.ndarray) -> np.ndarray:
    """(T, K, 3) without NaN; a joint that is never there lies at the mean of the others."""
    times, filled = np.arange(len(points)), points.copy()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)  # frames without any joint
        middle = np.nanmean(points, axis=1)
    for joint in range(points.shape[1]):
        track = points[:, joint] if np.isfinite(points[:, joint]).any() else middle
        known = np.isfinite(track).all(axis=-1)
        for axis in range(3):
            filled[:, joint, axis] = np.interp(times, times[known], track[known, axis])
    return filled


def _tree(parents: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Joints with children right behind their parents, depth first, and the parents with -1 for the root."""
    tree = [-1 if parent == joint else parent for joint, parent in enumerate(parents)]
    order, stack = [], [joint for joint, parent in enumerate(tree) if parent < 0]
    if len(stack) != 1:
        raise ValueError(f'BVH needs joints that form one tree, these have {len(stack)} roots')
    while stack:
        joint = stack.pop()
        order.append(joint)
        stack += [child for child in range(len(tree) - 1, -1, -1) if tree[child] == joint]
    if len(order) != len(tree):
        raise ValueError('BVH needs joints that form one tree, these have a ring')
    return order, tree


def _rest_offsets(points: np.ndarray, clip: PeopleClip) -> np.ndarray:
    lengths = np.median(np.linalg.norm(points - points[:, list(clip.parents)], axis=-1), axis=0)
    return np.array([_direction(name) for name in clip.joint_names]) * np.maximum(lengths, SHORTEST_BONE)[:, None]


def _direction(name: str) -> tuple[float, float, float]:
    part = name.removeprefix('left_').removeprefix('right_')
    if part in DOWNWARD:
        return (0.0, -1.0, 0.0)
    if part in SIDEWAYS and part != name:
        return (1.0 if name.startswith('left') else -1.0, 0.0, 0.0)
    return (0.0, 1.0, 0.0)


def _rotations(points: np.ndarray, offsets: np.ndarray, order: list[int], parents: list[int]) -> np.ndarray:
    """(T, K, 3, 3) orientations that turn each joint's rest bones best to where they point; a leaf has its parent's."""
    turns = np.broadcast_to(np.eye(3), (*points.shape[:2], 3, 3)).copy()
    for joint in order:
        children = [child for child, parent in enumerate(parents) if parent == joint]
        base = turns[:, parents[joint]] if parents[joint] >= 0 else turns[:, joint]
        if not children:
            turns[:, joint] = base
            continue
        # In the parent's frame, and with its twist kept where the children leave it open.
        bones = np.einsum('tji,tcj->tci', base, points[:, children] - points[:, joint, None])
        turns[:, joint] = base @ _best_turn(offsets[children], bones)
    return turns


def _best_turn(rest: np.ndarray, bones: np.ndarray) -> np.ndarray:
    """(T, 3, 3) rotations of (C, 3) onto (T, C, 3); of all that do equally well, about the smallest."""
    # A faint wish to stay as it is: decides the twist about a single bone.
    covariance = np.einsum('tci,cj->tij', bones, rest) + 1e-6 * np.eye(3)
    left, _, right = np.linalg.svd(covariance)
    mirrored = np.linalg.det(left @ right) < 0
    left[mirrored, :, 2] *= -1
    return left @ right


def _places(points: np.ndarray, turns: np.ndarray, parents: list[int]) -> np.ndarray:
    """(T, K, 3) each joint seen from its parent; the root in space."""
    root = parents.index(-1)
    safe = np.where(np.array(parents) < 0, root, parents)
    places = np.einsum('tkji,tkj->tki', turns[:, safe], points - points[:, safe])
    places[:, root] = points[:, root]
    return places


def _euler(turns: np.ndarray, parents: list[int]) -> np.ndarray:
    """(T, K, 3) degrees about z, x, y of each joint relative to its parent, without jumps by whole turns."""
    root = parents.index(-1)
    safe = np.where(np.array(parents) < 0, root, parents)
    local = np.swapaxes(turns[:, safe], -1, -2) @ turns
    local[:, root] = turns[:, root]
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)  # gimbal lock: any of the equal angles will do
        angles = Rotation.from_matrix(local.reshape(-1, 3, 3)).as_euler('ZXY', degrees=True)
    return np.unwrap(angles.reshape(*turns.shape[:2], 3), period=360, axis=0)


def _hierarchy(names: tuple[str, ...], parents: list[int], order: list[int], offsets: np.ndarray) -> str:
    """The tree as text; ``order`` has children right behind their parents, depth first."""
    lines, path = [], []  # the joints whose braces are open
    for joint in order:
        while path and path[-1] != parents[joint]:
            path.pop()
            lines.append('\t' * len(path) + '}')
        tab, is_root, is_leaf = '\t' * len(path), parents[joint] < 0, joint not in parents
        lines += [f'{tab}{"ROOT" if is_root else "JOINT"} {names[joint]}', f'{tab}{{']
        lines += [f'{tab}\tOFFSET {_numbers((0, 0, 0) if is_root else offsets[joint])}', f'{tab}\t{CHANNELS}']
        if is_leaf:
            end = _numbers(offsets[joint] / 5)
            lines += [f'{tab}\tEnd Site', f'{tab}\t{{', f'{tab}\t\tOFFSET {end}', f'{tab}\t}}']
        path.append(joint)
    lines += ['\t' * depth + '}' for depth in reversed(range(len(path)))]
    return '\n'.join(lines) + '\n'


def _numbers(values: Iterable[float]) -> str:
    return ' '.join(f'{value:.7f}' for value in values)

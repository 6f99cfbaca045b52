"""Reads motion capture files in the BVH format: a tree of joints, and what every channel of it does in every frame.

Shapes: T frames, J joints (end sites left out), C channels. World frame of the file, most often y up; the file's own
unit of length (a BVH file names none), degrees, seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from mmp3d.memory_share import is_out_of_proportion

_POSITIONS = ('Xposition', 'Yposition', 'Zposition')
_ROTATIONS = ('Xrotation', 'Yrotation', 'Zrotation')
_CHANNELS = _POSITIONS + _ROTATIONS
# Translation and rotation matrix of a joint in a frame.
BYTES_A_JOINT = 12 * np.float64().itemsize


@dataclass(frozen=True)
class BvhClip:
    """One recorded motion.

    Args:
        names: J joint names, parents before their children.
        parents: J indices; -1 for a root.
        offsets: (J, 3) each joint seen from its parent in the rest pose.
        translations: (T, J, 3) each joint seen from its parent: position channels where the joint has them, its offset
            where not.
        rotations: (T, J, 3, 3) rotation of each joint relative to its parent.
        frame_time: Seconds from frame to frame.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    translations: np.ndarray
    rotations: np.ndarray
    frame_time: float

    def __len__(self) -> int:
        return len(self.rotations)

    def world(self) -> tuple[np.ndarray, np.ndarray]:
        """(T, J, 3) positions and (T, J, 3, 3) orientations of all joints in the file's world frame."""
        positions, frames = self.translations.copy(), self.rotations.copy()
        for joint, parent in enumerate(self.parents):
            if parent >= 0:
                turned = frames[:, parent] @ self.translations[:, joint, :, None]
                positions[:, joint] = positions[:, parent] + turned[..., 0]
                frames[:, joint] = frames[:, parent] @ self.rotations[:, joint]
        return positions, frames


def read_bvh(path: str | Path) -> BvhClip:
    """Read a BVH file.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no BVH file, is truncated, has no frames, a row with a wrong number of values, or values that
            are not finite numbers; names the file and the line or joint.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist or is no file; expected a motion in the BVH format')
    try:
        text = path.read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        raise ValueError(
            f'{path}: is no BVH file, which is plain text ({error.reason} at byte {error.start})'
        ) from None
    return parse_bvh(text, str(path))


def parse_bvh(text: str, source: str) -> BvhClip:
    """:func:`read_bvh` for the text of a file; ``source`` is named in errors."""
    lines = text.splitlines()
    if not lines or lines[0].strip().upper() != 'HIERARCHY':
        hint = ' (a Git-LFS pointer: run "git lfs pull")' if text.startswith('version https://git-lfs') else ''
        raise ValueError(f'{source}: is no BVH file: expected HIERARCHY in the first line, found {text[:40]!r}{hint}')
    motion = next((row for row, line in enumerate(lines) if line.strip().upper() == 'MOTION'), None)
    if motion is None:
        raise ValueError(f'{source}: truncated: a line MOTION is missing; copy or download the file again')
    tree = _Tree(source)
    for number, line in enumerate(lines[1:motion], 2):
        tree.read(number, line.split())
    tree.finish()
    frames, frame_time = _read_header(lines[motion + 1 : motion + 3], source)
    rows = [(number, line) for number, line in enumerate(lines[motion + 3 :], motion + 4) if line.strip()]
    values = _read_values(rows, frames, sum(map(len, tree.channels)), source)
    joints = len(tree.names)
    # Joints without channels cost memory in every frame, but no place in the file.
    if is_out_of_proportion(frames * joints * BYTES_A_JOINT, len(text)):
        raise ValueError(f'{source}: {frames} frames of {joints} joints are not in this file: give the joints CHANNELS')
    translations, rotations = _split_channels(tree, values)
    offsets = np.array(tree.offsets)
    return BvhClip(tuple(tree.names), tuple(tree.parents), offsets, translations, rotations, frame_time)


@dataclass
class _Tree:
    """The hierarchy, read line by line; ``end site`` blocks hang on the stack as None."""

    source: str
    names: dict[str, None] = field(default_factory=dict)
    parents: list[int] = field(default_factory=list)
    offsets: list[list[float] | None] = field(default_factory=list)
    channels: list[list[str]] = field(default_factory=list)
    stack: list[int | None] = field(default_factory=list)
    opening: bool = False

    def read(self, number: int, words: list[str]) -> None:
        """Read the words of line ``number``."""
        if not words:
            return
        readers = dict(
            root=self._joint, joint=self._joint, end=self._end, offset=self._offset, channels=self._channels,
            **{'{': self._open, '}': self._close})  # fmt: skip
        reader = readers.get(words[0].lower())
        if reader is None:
            raise self.error(number, f'expected ROOT, JOINT, End Site, OFFSET, CHANNELS or a brace, found {words[0]!r}')
        if self.opening != (words[0] == '{'):
            raise self.error(number, 'expected "{" after the name of a joint, and nowhere else')
        reader(number, words[1:])

    def finish(self) -> None:
        """Raise ValueError where the hierarchy is not complete."""
        lacking = [name for name, offset in zip(self.names, self.offsets, strict=True) if offset is None]
        if self.stack or lacking or not self.names:
            missing = f'no OFFSET for {lacking[0]}' if lacking else 'closing braces or joints are missing'
            raise ValueError(f'{self.source}: truncated or damaged hierarchy: {missing}; copy the file again')

    def error(self, number: int, message: str) -> ValueError:
        return ValueError(f'{self.source}: line {number}: {message}')

    def _joint(self, number: int, words: list[str]) -> None:
        name = ' '.join(words)
        if not name or name in self.names:
            raise self.error(number, f'expected a joint name that is not in use yet, found {name!r}')
        parent = self.stack[-1] if self.stack else -1
        if parent is None:
            raise self.error(number, f'joint {name!r} inside of an End Site')
        self.stack.append(len(self.names))
        self.names[name] = None
        self.parents.append(parent)
        self.offsets.append(None)
        self.channels.append([])
        self.opening = True

    def _end(self, number: int, words: list[str]) -> None:
        self._current(number)
        self.stack.append(None)
        self.opening = True

    def _open(self, number: int, words: list[str]) -> None:
        self.opening = False

    def _close(self, number: int, words: list[str]) -> None:
        if not self.stack:
            raise self.error(number, 'a closing brace without an opening one')
        self.stack.pop()

    def _current(self, number: int) -> int | None:
        if not self.stack:
            raise self.error(number, 'stands outside of every joint')
        return self.stack[-1]

    def _offset(self, number: int, words: list[str]) -> None:
        joint = self._current(number)
        offset = _numbers(words)
        if offset is None or len(offset) != 3 or not np.isfinite(offset).all():
            raise self.error(number, f'OFFSET: expected 3 numbers, found {" ".join(words)!r}')
        if joint is not None:
            self.offsets[joint] = offset.tolist()

    def _channels(self, number: int, words: list[str]) -> None:
        joint = self._current(number)
        known = {name.lower(): name for name in _CHANNELS}
        names = [known.get(word.lower()) for word in words[1:]]
        if joint is None or None in names or len(set(names)) != len(names) or words[:1] != [str(len(names))]:
            found = ' '.join(words)
            raise self.error(number, f'CHANNELS: expected a count and as many of {list(_CHANNELS)}, found {found!r}')
        self.channels[joint] = names


def _numbers(words: list[str]) -> np.ndarray | None:
    """(n,) float64, None where a word is no number."""
    try:
        return np.array(words, float)
    except ValueError:
        return None


def _read_header(lines: list[str], source: str) -> tuple[int, float]:
    """Number of frames and seconds from frame to frame."""
    found = []
    for key, line in zip(('Frames', 'Frame Time'), [*lines, '', ''], strict=False):
        name, _, value = line.partition(':')
        number = _numbers(value.split())
        if name.strip().lower() != key.lower() or number is None or len(number) != 1 or not np.isfinite(number[0]):
            raise ValueError(f'{source}: expected "{key}: NUMBER" after MOTION, found {line!r}')
        found.append(float(number[0]))
    frames, frame_time = found
    if frames < 1 or frames != int(frames):
        raise ValueError(f'{source}: Frames: expected a whole number of at least 1, found {frames:g}')
    if frame_time <= 0:
        raise ValueError(f'{source}: Frame Time: expected a positive number of seconds, found {frame_time:g}')
    return int(frames), frame_time


def _read_values(rows: list[tuple[int, str]], frames: int, channels: int, source: str) -> np.ndarray:
    """(T, C) values of all frames; ``rows`` are (line number, line)."""
    if channels == 0:
        raise ValueError(f'{source}: no joint has CHANNELS, so there is no motion in the file')
    if len(rows) != frames:
        kind = 'truncated' if len(rows) < frames else 'damaged'
        raise ValueError(f'{source}: {kind}: Frames says {frames}, found {len(rows)} rows; copy the file again')
    words = [line.split() for _, line in rows]
    for (number, _), row in zip(rows, words, strict=True):
        if len(row) != channels:
            raise ValueError(f'{source}: line {number}: expected {channels} values, one a channel, found {len(row)}')
    values = _numbers(words)
    bad = np.arange(frames) if values is None else np.flatnonzero(~np.isfinite(values).all(axis=1))
    for row in bad:
        numbers = _numbers(words[row])
        if numbers is None or not np.isfinite(numbers).all():
            raise ValueError(f'{source}: line {rows[row][0]}: expected finite numbers only, found something else')
    return values


def _split_channels(tree: _Tree, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T, J, 3) translations and (T, J, 3, 3) rotations; joints whose channels are alike are converted together."""
    count = len(tree.names)
    translations = np.broadcast_to(tree.offsets, (len(values), count, 3)).copy()
    rotations = np.broadcast_to(np.eye(3), (len(values), count, 3, 3)).copy()
    first = np.cumsum([0, *map(len, tree.channels)])[:-1]
    for kinds in set(map(tuple, tree.channels)):
        joints = np.array([joint for joint in range(count) if tuple(tree.channels[joint]) == kinds])
        columns = values[:, first[joints][:, None] + np.arange(len(kinds))]
        for column, kind in enumerate(kinds):
            if kind in _POSITIONS:
                translations[:, joints, _POSITIONS.index(kind)] = columns[..., column]
        turns = [column for column, kind in enumerate(kinds) if kind in _ROTATIONS]
        if turns:
            order = ''.join(kinds[column][0] for column in turns)
            angles = columns[..., turns].reshape(-1, len(turns))
            matrices = Rotation.from_euler(order, angles, degrees=True).as_matrix()
            rotations[:, joints] = matrices.reshape(len(values), len(joints), 3, 3)
    return translations, rotations

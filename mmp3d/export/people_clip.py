"""People of one clip by identity: what every output format holds.

Shapes: N people, T frames, K joints. Millimetres; camera frame (x right, y down, z forward) or world frame (x right,
y forward, z up, the floor at z = 0).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from mmp3d.export.empty_clip import empty_clip
from mmp3d.export.linking import linked
from mmp3d.frame_rate import checked_rate
from mmp3d.geometry import MUPOTS17, Camera

# What a clip takes of an image's people.
NEEDED = {'keypoints': np.float32, 'keypoint_scores': np.float32, 'keypoints_cam': np.float32, 'track_ids': np.int64}
# A spreadsheet would compute a cell of a CSV file that begins with one of these.
FORMULA_STARTS = '=+-@'
AXES = {'camera': 'x right, y down, z forward', 'world': 'x right, y forward, z up, floor at z = 0'}


@dataclass(frozen=True, eq=False)
class PeopleClip:
    """People of one clip.

    Args:
        positions: (N, T, K, 3) float32 mm; NaN where a joint or person is not there.
        scores: (N, T, K) float32 confidences from 0 to 1; 0 where the joint is not there.
        track_ids: (N,) whole numbers, each once.
        fps: Frames a second, at most a million; kept as a plain number.
        frame: ``'camera'`` or ``'world'``.
        camera: Camera of the clip; in the world frame its R and t lead from there to the camera. None if not known.
        joint_names: K different names, of printable characters; none begins as a formula of a spreadsheet does.
        parents: K indices of the joints' parents; a root is its own.
        seq_name: Name of the clip; bytes of a file name that are no text are kept as their escapes (``\\udcff``).
        processing: What was done to the predictions, in plain data: smoothing, known height.

    Raises:
        ValueError: An array has another shape, an id occurs twice, or a value cannot be; names the field.
    """

    positions: np.ndarray
    scores: np.ndarray
    track_ids: np.ndarray
    fps: float
    frame: str = 'camera'
    camera: Camera | None = None
    joint_names: tuple[str, ...] = MUPOTS17.joint_names
    parents: tuple[int, ...] = MUPOTS17.parents
    seq_name: str = ''
    processing: Mapping = field(default_factory=dict)

    def __post_init__(self) -> None:
        positions = np.asarray(self.positions, np.float32)
        joints = len(self.joint_names)
        if positions.ndim != 4 or positions.shape[2:] != (joints, 3):
            raise ValueError(f'positions must have shape (people, frames, {joints}, 3), got {positions.shape}')
        ids = np.asarray(self.track_ids)
        if ids.size == 0:
            ids = np.zeros(0, np.int64)
        if ids.shape != positions.shape[:1] or ids.dtype.kind not in 'iu' or len(np.unique(ids)) != len(ids):
            raise ValueError(f'track_ids must be {len(positions)} different whole numbers, got {ids.tolist()}')
        scores = np.asarray(self.scores, np.float32)
        if scores.shape != positions.shape[:3]:
            raise ValueError(f'scores must have shape {positions.shape[:3]}, got {scores.shape}')
        object.__setattr__(self, 'fps', checked_rate(self.fps))
        if self.frame not in AXES:
            raise ValueError(f'frame must be one of {list(AXES)}, got {self.frame!r}')
        if len(self.parents) != joints or not all(0 <= parent < joints for parent in self.parents):
            raise ValueError(f'parents must be {joints} indices of joints, got {list(self.parents)}')
        _check_names(self.joint_names)
        there = np.isfinite(positions).all(axis=-1)
        object.__setattr__(self, 'positions', np.where(there[..., None], positions, np.float32(np.nan)))
        object.__setattr__(self, 'scores', np.where(there, np.nan_to_num(scores), np.float32(0)))
        object.__setattr__(self, 'track_ids', ids.astype(np.int64))
        object.__setattr__(self, 'seq_name', str(self.seq_name).encode(errors='backslashreplace').decode())

    @property
    def num_frames(self) -> int:
        return self.positions.shape[1]

    @property
    def present(self) -> np.ndarray:
        """(N, T) bool: the person has a joint in the frame."""
        return np.isfinite(self.positions).all(axis=-1).any(axis=-1)

    def person(self, row: int) -> PeopleClip:
        """The clip with one person of it."""
        rows = slice(row, row + 1)
        return self.replaced(positions=self.positions[rows], scores=self.scores[rows], track_ids=self.track_ids[rows])

    def replaced(self, **changes) -> PeopleClip:
        """A copy with other fields."""
        return PeopleClip(**{spec.name: changes.get(spec.name, getattr(self, spec.name)) for spec in fields(self)})

    def y_up(self) -> np.ndarray:
        """(N, T, K, 3) mm with x right, y up and z backward, as TRC and BVH have it."""
        x, y, z = np.moveaxis(self.positions, -1, 0)
        return np.stack([x, -y, -z] if self.frame == 'camera' else [x, z, -y], axis=-1)


def _check_names(names: tuple[str, ...]) -> None:
    """Raise ValueError for names that would be something else in a file: a new line, a tab, a formula."""
    wrong = [name for name in names if not name.strip() or not name.isprintable() or name[0] in FORMULA_STARTS]
    wrong += [name for name, count in Counter(names).items() if count > 1]
    if wrong:
        raise ValueError(f'joint_names must differ and be plain names, got {wrong[0]!r:.60}')


def from_y_up(points: np.ndarray, frame: str) -> np.ndarray:
    """Inverse of :meth:`PeopleClip.y_up`."""
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([x, -y, -z] if frame == 'camera' else [x, -z, y], axis=-1)


def clip_from_images(images: Iterable[Mapping], fps: float, seq_name: str = '') -> PeopleClip:
    """The clip of the images of a prediction file, one a frame, in order.

    People without a track id (-1) are linked over the frames, see :mod:`mmp3d.export.linking`.

    Args:
        images: ``camera`` (dict, or None) and ``instances`` with ``keypoints``, ``keypoint_scores``,
            ``keypoints_cam``, ``track_ids``; see docs/predictions.md.
        fps: Frames a second.
        seq_name: Name of the clip.

    Raises:
        ValueError: ``fps`` cannot be, or the clip is more than the memory of this machine.
    """
    fps = checked_rate(fps)
    frames, camera = [], None
    for image in images:
        camera = camera or image.get('camera')
        frames.append({name: np.asarray(image['instances'][name], kind) for name, kind in NEEDED.items()})
    ids = list(linked(frames, fps))
    known = np.unique(np.concatenate([*ids, np.zeros(0, np.int64)]))
    known = known[known >= 0]
    clip_poses, clip_scores = empty_clip(len(known), len(frames), MUPOTS17.num_joints)
    for index, (frame_ids, people) in enumerate(zip(ids, frames, strict=True)):
        rows = np.searchsorted(known, frame_ids[frame_ids >= 0])
        clip_poses[rows, index] = people['keypoints_cam'][frame_ids >= 0]
        clip_scores[rows, index] = people['keypoint_scores'][frame_ids >= 0]
    if camera is not None and not isinstance(camera, Camera):
        camera = Camera.from_dict(dict(camera))
    return PeopleClip(clip_poses, clip_scores, known, fps, camera=camera, seq_name=seq_name)

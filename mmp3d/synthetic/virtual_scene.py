"""Places people in motion and things in front of virtual cameras, for many small scenes at once; nothing is drawn.

Shapes: B scenes, P people of all scenes (occluders too), S places for people in a scene, T frames, K = 17 MuPoTS-17
joints; coordinates come before joints while a scene is built. World frame of ``virtual_camera``, results in the camera
frame (x right, y down, z forward). Millimetres and pixels, float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmp3d.geometry.skeleton import MUPOTS17
from mmp3d.synthetic.counter_random import CounterRandom
from mmp3d.synthetic.kinematics import JOINT
from mmp3d.synthetic.motion_bank import MotionBank
from mmp3d.synthetic.motion_clips import Clips, MotionVariation, draw_clips
from mmp3d.synthetic.ranges import check_number, check_range
from mmp3d.synthetic.virtual_camera import CameraRanges, Cameras, draw_cameras

# Nothing comes nearer to a camera than this, mm along the optical axis.
NEAREST = 400.0
# People whose pelves keep this distance, in mm, do not run through each other.
LEAST_GAP = 420.0
# Further people stand around the first one: standard deviation in mm towards and away from the camera.
_DEPTH_SPREAD = 900.0
_TRIES = 4
# How far people face to face look past each other, standard deviation in rad.
_FACING_SPREAD = 0.15
_BOX_SIZE = 500.0, 0.5
_PERSON_TAG, _PLACE_TAG, _OCCLUDER_TAG, _BOX_TAG, _FACING_TAG = 1000, 2000, 3000, 4000, 5000
_PELVIS = JOINT['pelvis']
_LEFT, _RIGHT = ([JOINT[f'{side}_{joint}'] for joint in ('hip', 'shoulder')] for side in ('left', 'right'))


@dataclass(frozen=True)
class SceneVariation:
    """Who and what is in a scene.

    Args:
        num_people: Least and greatest number of people.
        pair_share: Share of further people who stand close to the one before.
        pair_distance: mm between the two.
        face_to_face: Share of every second person who stands before the one before them, both looking at each other
            in the middle frame, at a ``pair_distance``.
        occluding_person: Share of scenes with one more person in front of somebody, who is not part of the item.
        occluding_box: Share of scenes with a box in front of somebody.

    Raises:
        ValueError: A field is out of its range; names the field.
    """

    num_people: tuple[int, int] = (1, 1)
    pair_share: float = 0.5
    pair_distance: tuple[float, float] = (450.0, 1000.0)
    face_to_face: float = 0.0
    occluding_person: float = 0.25
    occluding_box: float = 0.2

    def __post_init__(self) -> None:
        check_range('num_people', self.num_people, 1, 20)
        check_range('pair_distance', self.pair_distance, 100, 5000)
        for name in ('pair_share', 'face_to_face', 'occluding_person', 'occluding_box'):
            check_number(name, getattr(self, name), 0, 1)


@dataclass(frozen=True, eq=False)
class Boxes:
    """One upright rectangle a scene, seen from the front; a scene without one has it infinitely far away.

    Args:
        corners: (B, 4) xyxy px.
        depth: (B,) Z in mm.
    """

    corners: np.ndarray
    depth: np.ndarray

    def hide(self, scenes: np.ndarray, keypoints: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """(P,) scenes, (P, T, K, 2) px and (P, T, K) mm to (P, T, K) bool: behind the scene's box."""
        corners = self.corners[scenes][:, None, None]
        inside = (keypoints > corners[..., :2]) & (keypoints < corners[..., 2:])
        return inside[..., 0] & inside[..., 1] & (depth > self.depth[scenes][:, None, None])


@dataclass(frozen=True, eq=False)
class Scenes:
    """B scenes with P people.

    Args:
        cameras: Of the B scenes.
        rows: (S + 1, B) int, row of each person; -1 where a place is empty. The last place is the occluder's.
        scenes: (P,) int, scene of each person.
        keypoints_cam: (P, T, K, 3) mm.
        keypoints: (P, T, K, 2) px, exact.
        frame_valid: (P, T) bool.
        boxes: Of the B scenes.
        motions: (P,) int motion in the bank.
    """

    cameras: Cameras
    rows: np.ndarray
    scenes: np.ndarray
    keypoints_cam: np.ndarray
    keypoints: np.ndarray
    frame_valid: np.ndarray
    boxes: Boxes
    motions: np.ndarray

    @property
    def focal(self) -> np.ndarray:
        """(P,) px."""
        return self.cameras.focal[self.scenes]


def draw_scenes(
    random: CounterRandom,
    bank: MotionBank,
    num_frames: int,
    fps: float,
    ranges: CameraRanges,
    variation: SceneVariation,
    motion: MotionVariation,
) -> Scenes:
    """Draw one scene for each stream of ``random``."""
    cameras = draw_cameras(random, ranges)
    low, high = variation.num_people
    count = low + random.below(high - low + 1)
    present = np.arange(high + 1)[:, None] < count
    present[high] = random.uniform() < variation.occluding_person
    rows = np.where(present, np.cumsum(present).reshape(present.shape) - 1, -1)
    places, scenes = np.nonzero(present)
    people = CounterRandom.joined(
        [random.fork(_PERSON_TAG + place, np.flatnonzero(here)) for place, here in enumerate(present)]
    )
    clips = draw_clips(people, bank, num_frames, fps, motion)
    bearings = _turn_to_each_other(random, clips.joints, rows, variation.face_to_face)
    ground = _place_people(random, cameras, clips, rows, bearings, variation)
    if present[high].any():
        _place_occluders(random, ground, rows, count)
    clips.joints[:, :, [0, 2]] += ground[:, None, :, None]
    points = _in_front(clips.joints[..., : MUPOTS17.num_joints], cameras.rows(scenes))
    pixels = cameras.rows(scenes).project(points)
    keypoints, keypoints_cam = (np.ascontiguousarray(np.swapaxes(each, -1, -2)) for each in (pixels, points))
    boxes = _draw_boxes(random, cameras, keypoints, keypoints_cam, rows, count, variation.occluding_box)
    return Scenes(cameras, rows, scenes, keypoints_cam, keypoints, clips.frame_valid, boxes, clips.motions)


def _turn_to_each_other(random, joints: np.ndarray, rows, share: float) -> np.ndarray:
    """Turn every second person to look at the one before.

    Returns:
        (P,) rad from +z towards +x in which to stand from the person before; NaN: anywhere.
    """
    bearings = np.full(len(joints), np.nan, np.float32)
    for place in range(1, len(rows) - 1, 2):
        scenes = np.flatnonzero(rows[place] >= 0)
        streams = random.fork(_FACING_TAG + place, scenes)
        chosen = streams.uniform() < share
        own, other = (rows[at, scenes[chosen]] for at in (place, place - 1))
        past = streams.normal(2)[chosen] * np.float32(_FACING_SPREAD)
        bearings[own] = _headings(joints[other]) + past[:, 0]
        turn = bearings[own] + np.pi + past[:, 1] - _headings(joints[own])
        cos, sin = np.cos(turn)[:, None, None], np.sin(turn)[:, None, None]
        x, z = joints[own, :, 0], joints[own, :, 2]
        joints[own, :, 0], joints[own, :, 2] = cos * x + sin * z, cos * z - sin * x
    return bearings


def _headings(joints: np.ndarray) -> np.ndarray:
    """(P,) rad of the way that hips and shoulders face in the middle frame, from +z towards +x."""
    middle = joints[:, joints.shape[1] // 2]
    across = middle[..., _RIGHT].sum(axis=-1) - middle[..., _LEFT].sum(axis=-1)
    return np.arctan2(-across[:, 2], across[:, 0])


def _place_people(random, cameras: Cameras, clips: Clips, rows, bearings, variation: SceneVariation) -> np.ndarray:
    """(P, 2) mm on the floor (x, z) of each person's middle frame; the occluder's is 0."""
    ground = np.zeros((len(clips.joints), 2), np.float32)
    tracks = clips.joints[:, :, [0, 2], _PELVIS]
    for place in range(len(rows) - 1):
        scenes = np.flatnonzero(rows[place] >= 0)
        streams = random.fork(_PLACE_TAG + place, scenes)
        tries = _tries(streams, cameras.rows(scenes), spread=_DEPTH_SPREAD if place else 0.0)
        own = rows[place, scenes]
        if place:
            _stand_close(streams, tries, ground[rows[place - 1, scenes]], bearings[own], variation)
            best = _roomiest(tries, tracks, ground, own, rows[:place, scenes])
        else:
            best = 0
        ground[own] = tries[np.arange(len(own)), best]
    return ground


def _tries(random, cameras: Cameras, spread: float) -> np.ndarray:
    """(B, tries, 2) mm on the floor: places that the camera sees, at about its distance."""
    depth = cameras.distance[:, None] + random.normal(_TRIES) * np.float32(spread)
    depth = np.maximum(depth, np.minimum(cameras.distance[:, None], 1500))
    u = random.uniform(_TRIES, low=0.1, high=0.9) * cameras.image_size[:, :1]
    return np.stack([(u - cameras.centre[:, :1]) / cameras.focal[:, None] * depth, depth], axis=-1)


def _stand_close(random, tries: np.ndarray, neighbour: np.ndarray, bearings, variation: SceneVariation) -> None:
    """Move the tries of some people to around the person before."""
    placed = ~np.isnan(bearings)
    close = (random.uniform() < variation.pair_share) | placed
    distance = random.uniform(_TRIES, low=variation.pair_distance[0], high=variation.pair_distance[1])
    angle = random.uniform(_TRIES, high=2 * np.pi)
    angle[placed] = bearings[placed, None]
    around = neighbour[:, None] + distance[..., None] * np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    tries[close] = around[close]


def _roomiest(tries, tracks, ground, own, others) -> np.ndarray:
    """(B,) the first try with room enough, or that with the most."""
    room = np.full(tries.shape[:2], LEAST_GAP, np.float32)
    for other in others:
        apart = (tracks[own] - tracks[other] - ground[other][:, None])[:, None] + tries[:, :, None]
        room = np.minimum(room, np.sqrt((apart * apart).sum(axis=-1)).min(axis=-1))
    return room.argmax(axis=1)


def _place_occluders(random, ground: np.ndarray, rows: np.ndarray, count: np.ndarray) -> None:
    """Put the occluding people between the camera and somebody."""
    scenes = np.flatnonzero(rows[-1] >= 0)
    streams = random.fork(_OCCLUDER_TAG, scenes)
    hidden = ground[rows[streams.below(count[scenes]), scenes]]
    ray = hidden / np.linalg.norm(hidden, axis=-1, keepdims=True)
    aside = np.stack([ray[:, 1], -ray[:, 0]], axis=-1) * (streams.normal(1) * np.float32(220))
    ground[rows[-1, scenes]] = hidden * streams.uniform(1, low=0.45, high=0.85) + aside


def _in_front(joints: np.ndarray, cameras: Cameras) -> np.ndarray:
    """(P, T, 3, K) mm in the camera frames; who comes too near is moved away along the floor."""
    points = cameras.to_camera(joints)
    missing = np.maximum(NEAREST - points[:, :, 2].min(axis=(1, 2)), 0)
    away = missing / np.maximum(cameras.R[:, 2, 2], 0.2)
    return points + (cameras.R[:, :, 2] * away[:, None])[:, None, :, None]


def _draw_boxes(random, cameras: Cameras, keypoints, keypoints_cam, rows, count, share: float) -> Boxes:
    """A box in front of one joint of somebody in his middle frame; every second one reaches the floor."""
    streams = random.fork(_BOX_TAG)
    scenes = np.arange(len(streams))
    owner = rows[streams.below(count), scenes]
    middle, joint = keypoints.shape[1] // 2, streams.below(MUPOTS17.num_joints)
    depth = keypoints_cam[owner, middle, joint, 2] * streams.uniform(low=0.4, high=0.9)
    median, spread = _BOX_SIZE
    half = median * np.exp(streams.normal(2) * np.float32(spread)) / 2 * (cameras.focal / depth)[:, None]
    centre = keypoints[owner, middle, joint] + streams.normal(2) * half * np.float32(0.5)
    corners = np.concatenate([centre - half, centre + half], axis=1)
    corners[streams.uniform() < 0.5, 3] = np.inf
    absent = streams.uniform() >= share
    return Boxes(corners, np.where(absent, np.float32(np.inf), depth))

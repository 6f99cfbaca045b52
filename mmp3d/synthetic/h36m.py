"""Writes takes in the community's layout of Human3.6M: JSON files a subject, four cameras, the release's metadata.xml.

Shapes: T frames, K = 17 H36M17 joints. World frame of the files: z up, floor at z = 0; millimetres, pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from mmp3d.geometry.camera import Camera
from mmp3d.geometry.skeleton import H36M17
from mmp3d.synthetic.body import sample_appearance, sample_body
from mmp3d.synthetic.camera_rig import studio_lenses, studio_poses
from mmp3d.synthetic.casting import Disc
from mmp3d.synthetic.clip import casting_of, clip_times, video_of
from mmp3d.synthetic.files import replacing, write_coco_json, write_jpeg, write_json
from mmp3d.synthetic.furniture import seats
from mmp3d.synthetic.joint_mix import mixed
from mmp3d.synthetic.motion import sample_motion
from mmp3d.synthetic.path import sample_single
from mmp3d.synthetic.person import Person
from mmp3d.synthetic.picture import PictureMaker
from mmp3d.synthetic.recipe import NUM_CAMERAS, Recipe
from mmp3d.synthetic.scene import Scene, sample_lamp
from mmp3d.synthetic.view import OpenView
from mmp3d.synthetic.visibility import owners

FRAMES_PER_SECOND = 50.0
# Takes are dealt out to subjects in this order, so that the first two already serve training and test.
SUBJECTS = (1, 9, 5, 11, 6, 7, 8)
METADATA = 'metadata.xml'
# Motion of the legs and of the arms, '' for any, of each action from number 2 on.
ACTIONS = {
    'Directions': ('stand', 'point'), 'Discussion': ('stand', 'gesture'), 'Eating': ('sit', 'phone'),
    'Greeting': ('stand', 'wave'), 'Phoning': ('', 'phone'), 'Posing': ('', ''), 'Purchases': ('bend', 'reach_down'),
    'Sitting': ('sit', ''), 'SittingDown': ('squat', ''), 'Smoking': ('stand', 'phone'), 'Photo': ('lunge', 'reach'),
    'Waiting': ('turn', 'crossed'), 'Walking': ('walk', ''), 'WalkDog': ('walk', 'point'),
    'WalkTogether': ('walk', 'swing')}  # fmt: skip
_FIRST_ACTION = 2
_STUDIO = Disc(2000.0)
_TRIES = 60
_STREAM = 5
_NUM_SUBJECTS = 11
_CAMERAS = NUM_CAMERAS['h36m']
# Our world (y down) to that of Human3.6M (z up).
_TO_Z_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


def take_of(index: int) -> tuple[int, int, int]:
    """Subject, action (from 2) and take (from 1) of unit ``index``."""
    rounds, place = divmod(index, len(SUBJECTS))
    takes, action = divmod(rounds, len(ACTIONS))
    return SUBJECTS[place], _FIRST_ACTION + action, 1 + takes


def annotation_files(recipe: Recipe) -> list[str]:
    """Paths of the annotation files below the data set's folder, the one that is written last first."""
    subjects = {take_of(index)[0]: None for index in range(recipe.units)}
    return [
        f'annotations/Human36M_subject{subject}_{kind}.json'
        for subject in subjects
        for kind in ('data', 'camera', 'joint_3d')
    ]


def write_unit(recipe: Recipe, folder: Path, index: int) -> dict:
    """Draw and write a take as its four cameras see it.

    Returns:
        Its records: lists ``images``, ``annotations`` (without ids), and ``poses`` T x 17 x 3 mm, z up.
    """
    rng = np.random.default_rng([recipe.seed, _STREAM, index])
    subject, action, _ = take_of(index)
    times = clip_times(recipe, FRAMES_PER_SECOND)
    person = _sample_person(rng, recipe, subject, action)
    cameras = studio_cameras(recipe, subject)
    scene = Scene(cameras[0], [person], seats(rng, [person]), sample_lamp(rng), int(rng.integers(2**31)))
    unit = dict(images=[], annotations=[])
    for number, camera in enumerate(cameras, 1):
        # All takes are in one studio, in the same light.
        maker = PictureMaker(scene, times, OpenView(scene, [camera], seed=recipe.seed))
        unit['images'] += [_image_record(recipe, index, number, frame, camera) for frame in range(recipe.frames)]
        boxes = _write_frames(recipe, folder, clip_name(index, number), maker)
        unit['annotations'] += [
            dict(id=-1, image_id=_image_id(recipe, index, number, frame), bbox=box, keypoints_vis=[1] * 17)
            for frame, box in enumerate(boxes)
        ]
    unit['poses'] = (mixed(maker.joints[0], H36M17) @ _TO_Z_UP.T).round(4).tolist()
    return unit


def write_annotations(recipe: Recipe, folder: Path, units: list[dict]) -> None:
    """Write ``metadata.xml`` and the three files of every subject, those of the first subject last."""
    _write_metadata(recipe, folder / METADATA)
    for subject in reversed(list({take_of(index)[0]: None for index in range(recipe.units)})):
        start = folder / 'annotations' / f'Human36M_subject{subject}'
        chosen = [(index, unit) for index, unit in enumerate(units) if take_of(index)[0] == subject]
        poses: dict = {}
        for index, unit in chosen:
            _, action, take = take_of(index)
            numbered = {str(frame): pose for frame, pose in enumerate(unit['poses'])}
            poses.setdefault(str(action), {})[str(take)] = numbered
        write_json(Path(f'{start}_joint_3d.json'), poses)
        cameras = {
            str(number): _camera_record(camera) for number, camera in enumerate(studio_cameras(recipe, subject), 1)
        }
        write_json(Path(f'{start}_camera.json'), cameras)
        write_coco_json(Path(f'{start}_data.json'), [unit for _, unit in chosen])


@lru_cache(maxsize=16)
def studio_cameras(recipe: Recipe, subject: int) -> list[Camera]:
    """The four cameras on the day of a subject, world frame y down: lenses stay, places change a little."""
    width, height = recipe.size
    sizes = [(width, height), (width, height - 2), (width, height - 2), (width, height)]
    lenses = studio_lenses(np.random.default_rng([recipe.seed, _STREAM, 0, 0]), sizes)
    poses = studio_poses(np.random.default_rng([recipe.seed, _STREAM, 0, subject]), len(lenses))
    return [replace(lens, R=R, t=-R @ place) for lens, (R, place) in zip(lenses, poses, strict=True)]


def clip_name(index: int, camera: int) -> str:
    """Name of the folder of a take by one camera (from 1)."""
    subject, action, take = take_of(index)
    return f's_{subject:02d}_act_{action:02d}_subact_{take:02d}_ca_{camera:02d}'


def _sample_person(rng: np.random.Generator, recipe: Recipe, subject: int, action: int) -> Person:
    """The subject, with the same body and clothes in all takes, in motion where it stays in the studio longest."""
    own = np.random.default_rng([recipe.seed, _STREAM, 1, subject])
    body, look = sample_body(own), sample_appearance(own)
    times = clip_times(recipe, FRAMES_PER_SECOND)
    legs, arms = list(ACTIONS.values())[action - _FIRST_ACTION]
    casting = casting_of(recipe)
    best, least = None, np.inf
    for _ in range(_TRIES):
        place = _STUDIO.place(rng)
        if casting.recordings:
            motion, path = casting.single(rng, place)
        else:
            motion, path = sample_motion(rng, legs, arms), sample_single(rng, place, (500.0, 1100.0))
        person = Person(body, look, motion, path)
        beyond = _STUDIO.beyond(person.ground(times)[0])
        if beyond < least:
            best, least = person, beyond
        if beyond == 0:
            break
    return best


def _write_frames(recipe: Recipe, folder: Path, name: str, maker: PictureMaker) -> Iterator[list[float]]:
    """Write the frames of one camera; gives the box (x, y, width, height px) around what is seen of the person."""
    recipe = replace(recipe, size=maker.view.cameras[0].image_size)
    with video_of(recipe, folder / f'images/{name}/clip.mp4', FRAMES_PER_SECOND) as record:
        for frame in range(recipe.frames):
            drawing = maker.render(frame)
            write_jpeg(folder / f'images/{name}/{name}_{frame + 1:06d}.jpg', drawing.picture)
            record(drawing.picture)
            mask = (owners(drawing.buffers.label, drawing.shapes) == 0).astype(np.uint8)
            yield [float(number) for number in cv2.boundingRect(mask)]


def _image_id(recipe: Recipe, index: int, camera: int, frame: int) -> int:
    return (index * _CAMERAS + camera - 1) * recipe.frames + frame


def _image_record(recipe: Recipe, index: int, camera: int, frame: int, lens: Camera) -> dict:
    subject, action, take = take_of(index)
    name = clip_name(index, camera)
    width, height = lens.image_size
    return dict(
        id=_image_id(recipe, index, camera, frame), file_name=f'{name}/{name}_{frame + 1:06d}.jpg', width=width,
        height=height, subject=subject, action_name=list(ACTIONS)[action - _FIRST_ACTION], action_idx=action,
        subaction_idx=take, cam_idx=camera, frame_idx=frame)  # fmt: skip


def _camera_record(camera: Camera) -> dict:
    """R, t, f, c for the world with z up; the lens is in ``metadata.xml``."""
    R = camera.R @ _TO_Z_UP.T
    return dict(R=R.tolist(), t=camera.t.tolist(), f=camera.K[[0, 1], [0, 1]].tolist(), c=camera.K[:2, 2].tolist())


def _write_metadata(recipe: Recipe, path: Path) -> None:
    """``w0`` as in the release: angles and places of 4 cameras x 11 subjects, then f, c, k, p of 4 cameras."""
    days = [studio_cameras(recipe, subject) for subject in range(1, _NUM_SUBJECTS + 1)]
    numbers: list[float] = []
    for camera in range(_CAMERAS):
        for day in days:
            R = day[camera].R @ _TO_Z_UP.T
            numbers += [*Rotation.from_matrix(R).as_euler('XYZ'), *(-R.T @ day[camera].t)]
    for lens in days[0]:
        k1, k2, p1, p2, k3 = lens.distortion
        numbers += [*lens.K[[0, 1], [0, 1]], *lens.K[:2, 2], k1, k2, k3, p1, p2]
    text = ' '.join(repr(float(number)) for number in numbers)
    with replacing(path) as part:
        part.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<a>\n   <w0>[{text}]</w0>\n</a>\n', encoding='utf-8')

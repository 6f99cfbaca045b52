"""Writes sequences in 3DPW's layout: frames of a camera in a hand, a pickle a sequence, and the community's JSON.

Shapes: T frames, C people of a sequence, K = 24 SMPL24 joints. Metres in the files; pixels.
"""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np

from mmp3d.geometry.camera import Camera
from mmp3d.geometry.dataset_cameras import MILLIMETRES_PER_METRE
from mmp3d.geometry.skeleton import SMPL24
from mmp3d.synthetic.camera_rig import handheld_cameras
from mmp3d.synthetic.casting import Area, cast_people
from mmp3d.synthetic.clip import casting_of, clip_times, video_of
from mmp3d.synthetic.files import replacing, write_coco_json, write_jpeg
from mmp3d.synthetic.furniture import furniture, seats
from mmp3d.synthetic.joint_mix import mixed
from mmp3d.synthetic.kinematics import JOINT
from mmp3d.synthetic.openpose import openpose_detections
from mmp3d.synthetic.person import pose_people
from mmp3d.synthetic.picture import Annotation, Drawing, PictureMaker, annotate
from mmp3d.synthetic.recipe import Recipe
from mmp3d.synthetic.scene import Scene, sample_lamp
from mmp3d.synthetic.view import OpenView

FRAMES_PER_SECOND = 30.0
NEAR, FAR = 2800.0, 7000.0
# Sequences are dealt out in this order: 24, 12 and 24 of 60 as in 3DPW.
SPLITS = ('train', 'test', 'validation', 'train', 'test')
# Every third sequence is held upright.
_PORTRAIT_PERIOD = 3
# A person with fewer joints than this inside of the picture has no valid camera pose in that frame.
LEAST_JOINTS_INSIDE = 8
_STREAM = 4
_SMPL_POSE, _SMPL_SHAPE = 72, 10


def sequence_of(index: int) -> tuple[str, str]:
    """Split and name of the sequence of unit ``index``."""
    return SPLITS[index % len(SPLITS)], f'synthetic_{index:04d}_00'


def annotation_files(recipe: Recipe) -> list[str]:
    """Paths of the community's files of the splits that have sequences, below the data set's folder."""
    splits = {sequence_of(index)[0]: None for index in range(recipe.units)}
    return [f'3DPW_{split}.json' for split in splits]


def write_unit(recipe: Recipe, folder: Path, index: int) -> dict:
    """Draw and write a sequence.

    Returns:
        Its records for the community's JSON: lists ``images`` and ``annotations`` (without ids).
    """
    rng = np.random.default_rng([recipe.seed, _STREAM, index])
    split, name = sequence_of(index)
    if index % _PORTRAIT_PERIOD == 2:
        recipe = replace(recipe, size=recipe.size[::-1])
    times = clip_times(recipe, FRAMES_PER_SECOND)
    scene, cameras = _sample_scene(rng, recipe, times)
    maker = PictureMaker(scene, times, OpenView(scene, cameras, scene.seed))
    unit, valid, detections = dict(images=[], annotations=[]), [], []
    with video_of(recipe, folder / f'imageFiles/{name}/clip.mp4', FRAMES_PER_SECOND) as record:
        for frame in range(recipe.frames):
            drawing = maker.render(frame)
            annotation = annotate(drawing)
            write_jpeg(folder / f'imageFiles/{name}/image_{frame:05d}.jpg', drawing.picture)
            record(drawing.picture)
            unit['images'].append(_image_record(index * recipe.frames + frame, frame, name, cameras[frame]))
            unit['annotations'] += _person_records(index * recipe.frames + frame, drawing, annotation)
            valid.append(annotation.inside[:, : JOINT['right_hand']].sum(axis=1) >= LEAST_JOINTS_INSIDE)
            detections.append(openpose_detections(rng, drawing))
    world = mixed(maker.joints, SMPL24) / MILLIMETRES_PER_METRE
    content = _pickle_content(name, world, cameras, np.array(valid).T, np.moveaxis(np.array(detections), 0, 1))
    _write_pickle(folder / f'sequenceFiles/{split}/{name}.pkl', content)
    return unit


def write_annotations(recipe: Recipe, folder: Path, units: list[dict]) -> None:
    """Write ``3DPW_{train,validation,test}.json``, the first one last: it marks the data set as complete."""
    for name in reversed(annotation_files(recipe)):
        split = name.removeprefix('3DPW_').removesuffix('.json')
        chosen = [unit for index, unit in enumerate(units) if sequence_of(index)[0] == split]
        write_coco_json(folder / name, chosen)


def _sample_scene(rng: np.random.Generator, recipe: Recipe, times: np.ndarray) -> tuple[Scene, list[Camera]]:
    count = int(rng.integers(recipe.people[0], recipe.people[1] + 1))
    horizon = recipe.frames / FRAMES_PER_SECOND
    middle = rng.uniform(NEAR + 600, FAR - 2000)
    # Of this camera only the field of view counts, for where people start.
    straight = Camera.from_intrinsics([max(recipe.size)] * 2, np.array(recipe.size) / 2, recipe.size)
    area = Area(straight, NEAR, FAR, middle)
    persons = cast_people(rng, count, area, horizon=horizon, casting=casting_of(recipe))
    joints, _ = pose_people(persons, times)
    ground = joints[:, :, JOINT['pelvis']][..., [0, 2]] if persons else np.full((1, len(times), 2), (0, middle))
    cameras = handheld_cameras(rng, recipe.size, ground.mean(axis=0), times)
    boxes = seats(rng, persons)
    for _ in range(int(rng.integers(4))):
        boxes += furniture(rng, area, persons, horizon)
    return Scene(cameras[0], persons, boxes, sample_lamp(rng), int(rng.integers(2**31))), cameras


def _image_record(image_id: int, frame: int, sequence: str, camera: Camera) -> dict:
    width, height = camera.image_size
    return dict(
        id=image_id, file_name=f'image_{frame:05d}.jpg', sequence=sequence, width=width, height=height,
        cam_param=dict(focal=camera.K[[0, 1], [0, 1]].tolist(), princpt=camera.K[:2, 2].tolist()))  # fmt: skip


def _person_records(image_id: int, drawing: Drawing, annotation: Annotation) -> list[dict]:
    joints = (mixed(drawing.joints, SMPL24) / MILLIMETRES_PER_METRE).round(7).tolist()
    return [
        dict(
            id=-1,
            image_id=image_id,
            person_id=person,
            bbox=[left, top, right - left, bottom - top],
            joint_cam=joints[person],
        )  # fmt: skip
        for person, (left, top, right, bottom) in enumerate(annotation.boxes.tolist())
    ]


def _pickle_content(
    name: str, world: np.ndarray, cameras: list[Camera], valid: np.ndarray, detections: np.ndarray
) -> dict:
    """The dict of a sequence. Puppets have no SMPL body: its parameters are NaN, of the right shapes.

    Args:
        name: Of the sequence.
        world: (C, T, K, 3) m.
        cameras: T cameras.
        valid: (C, T) bool.
        detections: (C, T, 3, 18) px and score.
    """
    people, frames = world.shape[:2]
    poses = np.tile(np.eye(4), (frames, 1, 1))
    poses[:, :3, :3] = [camera.R for camera in cameras]
    poses[:, :3, 3] = [camera.t / MILLIMETRES_PER_METRE for camera in cameras]

    def unknown(*shape: int) -> list[np.ndarray]:
        return [np.full(shape, np.nan) for _ in range(people)]

    return dict(
        sequence=name,
        jointPositions=list(world.reshape(people, frames, SMPL24.num_joints * 3)),
        cam_poses=poses,
        cam_intrinsics=np.array(cameras[0].K, float),
        campose_valid=list(valid.astype(int)),
        poses2d=list(detections),
        img_frame_ids=2 * np.arange(frames),
        genders=['m' if person % 2 else 'f' for person in range(people)],
        poses=unknown(frames, _SMPL_POSE),
        betas=unknown(_SMPL_SHAPE),
        trans=unknown(frames, 3),
        poses_60Hz=unknown(2 * frames, _SMPL_POSE),
        trans_60Hz=unknown(2 * frames, 3),
    )


def _write_pickle(path: Path, content: dict) -> None:
    with replacing(path) as part:
        part.write_bytes(pickle.dumps(content, protocol=2))

"""Writes sequences in MuPoTS-3D's layout: frames, annot.mat, occlusion.mat, and the community's MuPoTS-3D.json.

Shapes: T frames, N people, K = 17 MUPOTS17 joints (the joint axis is last in the .mat files). Camera frame,
millimetres; pixels; boxes xywh.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmp3d.geometry.skeleton import MUPOTS17
from mmp3d.synthetic.clip import casting_of, clip_times, video_of
from mmp3d.synthetic.files import write_coco_json, write_jpeg, write_mat
from mmp3d.synthetic.picture import Annotation, PictureMaker
from mmp3d.synthetic.poses2d import detection_record, write_poses2d
from mmp3d.synthetic.recipe import Recipe
from mmp3d.synthetic.scene import Scene, sample_scene

ANNOTATION_FILE = 'MuPoTS-3D.json'
IMAGE_FOLDER = 'MultiPersonTestSet'
FRAMES_PER_SECOND = 30.0
# A person with fewer joints than this inside of the picture is marked invalid in that frame.
LEAST_JOINTS_INSIDE = 9
_NUM_JOINTS = MUPOTS17.num_joints


def annotation_files(recipe: Recipe) -> list[str]:
    """Paths of the annotation files below the data set's folder, the one that is written last first."""
    return [ANNOTATION_FILE]


def write_unit(recipe: Recipe, folder: Path, index: int) -> dict:
    """Draw and write sequence ``TS{index + 1}``.

    Returns:
        The records of its frames: lists ``images``, ``annotations`` (without ids) and ``detections``.
    """
    rng = np.random.default_rng([recipe.seed, 1, index])
    horizon = recipe.frames / FRAMES_PER_SECOND
    scene = sample_scene(rng, recipe.size, recipe.people, horizon=horizon, casting=casting_of(recipe))
    maker = PictureMaker(scene, clip_times(recipe, FRAMES_PER_SECOND))
    target = folder / IMAGE_FOLDER / f'TS{index + 1}'
    target.mkdir(parents=True, exist_ok=True)
    frames, unit = [], dict(images=[], annotations=[], detections=[])
    with video_of(recipe, target / 'clip.mp4', FRAMES_PER_SECOND) as record:
        for frame in range(recipe.frames):
            picture, annotation = maker.draw(frame)
            image_id, name = index * recipe.frames + frame, f'{target.name}/img_{frame:06d}.jpg'
            write_jpeg(folder / IMAGE_FOLDER / name, picture)
            record(picture)
            frames.append(annotation)
            unit['images'].append(_image_record(image_id, name, scene))
            unit['annotations'] += _person_records(image_id, annotation)
            unit['detections'].append(detection_record(rng, name, annotation, recipe.size))
    write_mat(target / 'annot.mat', annotations=_cells(frames, _annotation_cell))
    write_mat(target / 'occlusion.mat', occlusion_labels=_cells(frames, _occlusion_cell))
    return unit


def write_annotations(recipe: Recipe, folder: Path, units: list[dict]) -> None:
    """Write ``MuPoTS-3D.json`` and ``poses2d.json`` from the records of all sequences."""
    write_poses2d(folder, recipe, [record for unit in units for record in unit['detections']])
    write_coco_json(folder / ANNOTATION_FILE, units)


def _image_record(image_id: int, file_name: str, scene: Scene) -> dict:
    width, height = scene.camera.image_size
    intrinsic = scene.camera.K[[0, 1, 0, 1], [0, 1, 2, 2]].tolist()
    return dict(id=image_id, file_name=file_name, width=width, height=height, intrinsic=intrinsic)


def _is_valid(annotation: Annotation, person: int) -> bool:
    return int(annotation.inside[person, :_NUM_JOINTS].sum()) >= LEAST_JOINTS_INSIDE


def _person_records(image_id: int, annotation: Annotation) -> list[dict]:
    hidden = annotation.occluded | ~annotation.inside
    return [
        dict(
            id=-1,
            image_id=image_id,
            bbox=[left, top, right - left, bottom - top],
            keypoints_img=annotation.keypoints[person, :_NUM_JOINTS].tolist(),
            keypoints_cam=annotation.keypoints_cam[person, :_NUM_JOINTS].tolist(),
            keypoints_vis=(~hidden[person, :_NUM_JOINTS]).astype(int).tolist(),
            is_valid=int(_is_valid(annotation, person)),
        )
        for person, (left, top, right, bottom) in enumerate(annotation.boxes.tolist())
    ]


def _cells(frames: list[Annotation], cell) -> np.ndarray:
    """(T, N) object array, MATLAB's cell array, of what ``cell(annotation, person)`` gives."""
    people = len(frames[0].keypoints) if frames else 0
    cells = np.empty((len(frames), people), object)
    for row, annotation in enumerate(frames):
        for person in range(people):
            cells[row, person] = cell(annotation, person)
    return cells


def _annotation_cell(annotation: Annotation, person: int) -> np.ndarray:
    """1x1 struct with the official fields; the joint axis is last."""
    pose = annotation.keypoints_cam[person, :_NUM_JOINTS]
    root = pose[MUPOTS17.root_index]
    struct = np.empty((1, 1), [(name, object) for name in ('annot2', 'annot3', 'univ_annot3', 'isValidFrame')])
    struct[0, 0] = (
        annotation.keypoints[person, :_NUM_JOINTS].T,
        pose.T,
        ((pose - root) * annotation.univ_scale[person] + root).T,
        np.array([[_is_valid(annotation, person)]], np.uint8),
    )
    return struct


def _occlusion_cell(annotation: Annotation, person: int) -> np.ndarray:
    hidden = annotation.occluded[person] | ~annotation.inside[person]
    return hidden[None, :_NUM_JOINTS].astype(np.uint8)

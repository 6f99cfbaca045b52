"""Writes pictures and annotations in the layout of the community's MuCo-3DHP JSON.

Shapes: N people, J = 21 MuCo joints. Camera frame, millimetres; pixels; boxes xywh.
"""

from __future__ import annotations

from pathlib import Path

from mmp3d.synthetic.files import write_coco_json, write_jpeg
from mmp3d.synthetic.picture import Annotation, annotate
from mmp3d.synthetic.poses2d import detection_record, write_poses2d
from mmp3d.synthetic.recipe import Recipe
from mmp3d.synthetic.scene import Scene
from mmp3d.synthetic.single import draw_single

ANNOTATION_FILE = 'MuCo-3DHP.json'
SUBSETS = ('augmented_set', 'unaugmented_set')
_STREAM = 0


def annotation_files(recipe: Recipe) -> list[str]:
    """Paths of the annotation files below the data set's folder, the one that is written last first."""
    return [ANNOTATION_FILE]


def write_unit(recipe: Recipe, folder: Path, index: int) -> dict:
    """Draw and write picture ``index``: cloth patterns in the augmented half, plain cloth in the other one.

    Returns:
        The records of the picture: ``image``, ``annotations`` (without ids) and ``detections``.
    """
    rng, drawing = draw_single(recipe, _STREAM, index)
    annotation = annotate(drawing)
    name = f'{SUBSETS[index % 2]}/{recipe.prefix}{index + 1:06d}.jpg'
    write_jpeg(folder / name, drawing.picture)
    return dict(
        image=_image_record(index, name, drawing.scene),
        annotations=[_person_record(index, annotation, person) for person in range(len(drawing.joints))],
        detections=detection_record(rng, name, annotation, recipe.size),
    )


def write_annotations(recipe: Recipe, folder: Path, units: list[dict]) -> None:
    """Write ``MuCo-3DHP.json`` and ``poses2d.json`` from the records of all pictures."""
    write_poses2d(folder, recipe, [unit['detections'] for unit in units])
    write_coco_json(folder / ANNOTATION_FILE, units)


def _image_record(index: int, name: str, scene: Scene) -> dict:
    camera = scene.camera
    width, height = camera.image_size
    return dict(
        id=index, file_name=name, width=width, height=height, f=camera.K[[0, 1], [0, 1]].tolist(),
        c=camera.K[:2, 2].tolist(), R=camera.R.tolist(), T=camera.t.tolist())  # fmt: skip


def _person_record(image_id: int, annotation: Annotation, person: int) -> dict:
    left, top, right, bottom = annotation.boxes[person].tolist()
    return dict(
        id=-1,
        image_id=image_id,
        bbox=[left, top, right - left, bottom - top],
        keypoints_img=annotation.keypoints[person].tolist(),
        keypoints_cam=annotation.keypoints_cam[person].tolist(),
        keypoints_vis=[1] * annotation.keypoints.shape[1],
    )

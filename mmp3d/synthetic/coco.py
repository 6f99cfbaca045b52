"""Writes pictures and annotations in the layout of COCO's person keypoints: 2D only, with masks.

Shapes: N people, K = 17 COCO17 joints, H x W image. Pixels; boxes xywh.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mmp3d.geometry.skeleton import COCO17, MUCO21
from mmp3d.synthetic.face import FACE_NAMES, face_points
from mmp3d.synthetic.files import write_coco_json, write_jpeg
from mmp3d.synthetic.picture import Drawing
from mmp3d.synthetic.recipe import Recipe
from mmp3d.synthetic.single import draw_single
from mmp3d.synthetic.visibility import find_sight, owners

TRAIN, VAL = 'train2017', 'val2017'
ANNOTATION_FILE = f'annotations/person_keypoints_{TRAIN}.json'
NOT_LABELLED, HIDDEN, VISIBLE = 0, 1, 2
# One picture in ten is for validation, from the second on.
_VAL_PERIOD = 10
# A person who shows less than these shares of the picture is not annotated at all, or has no joints annotated.
_LEAST_AREA, _SMALL_AREA = 2e-4, 4e-3
_UNLABELLED_SHARE = 0.1
# A crowd is the two people who show least of themselves, in this share of the pictures with three or more.
_CROWD_SHARE, _CROWD_SIZE, _LEAST_PEOPLE = 0.25, 2, 3
_STREAM = 2
_CATEGORY = dict(
    supercategory='person',
    id=1,
    name='person',
    keypoints=list(COCO17.joint_names),
    skeleton=[
        [16, 14], [14, 12], [17, 15], [15, 13], [12, 13], [6, 12], [7, 13], [6, 7], [6, 8], [7, 9], [8, 10], [9, 11],
        [2, 3], [1, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7]],
)  # fmt: skip


def annotation_files(recipe: Recipe) -> list[str]:
    """Paths of the annotation files below the data set's folder, the one that is written last first."""
    return [ANNOTATION_FILE]


def write_unit(recipe: Recipe, folder: Path, index: int) -> dict:
    """Draw and write picture ``index``.

    Returns:
        The records of the picture: ``split``, ``image`` and ``annotations`` (without ids).
    """
    rng, drawing = draw_single(recipe, _STREAM, index)
    split = VAL if index % _VAL_PERIOD == 1 else TRAIN
    image_id = index + 1
    name = f'{image_id:012d}.jpg'
    write_jpeg(folder / split / name, drawing.picture)
    width, height = recipe.size
    return dict(
        split=split,
        image=dict(id=image_id, file_name=name, width=width, height=height),
        annotations=_person_records(rng, image_id, drawing),
    )


def write_annotations(recipe: Recipe, folder: Path, units: list[dict]) -> None:
    """Write ``person_keypoints_{train,val}2017.json`` from the records of all pictures."""
    info = dict(description=f'Synthetic scenes in the layout of COCO, seed {recipe.seed}; no picture is from COCO')
    for split in (VAL, TRAIN):  # the file that marks the data set as complete comes last
        chosen = [unit for unit in units if unit['split'] == split]
        path = folder / 'annotations' / f'person_keypoints_{split}.json'
        # pycocotools takes the id 0 for "no match"
        write_coco_json(path, chosen, _CATEGORY, first_id=1, info=info, licenses=[])


def _person_records(rng: np.random.Generator, image_id: int, drawing: Drawing) -> list[dict]:
    """Annotations of one picture: people with joints, people without, and now and then a crowd."""
    owner = owners(drawing.buffers.label, drawing.shapes)
    masks = (owner == np.arange(len(drawing.joints))[:, None, None]).astype(np.uint8)
    shares = masks.mean(axis=(1, 2))
    keypoints = coco_keypoints(drawing)
    keypoints[(shares < _SMALL_AREA) | (rng.random(len(masks)) < _UNLABELLED_SHARE)] = 0
    shown = np.flatnonzero(shares >= _LEAST_AREA)
    crowd = shown[np.argsort(shares[shown])[:_CROWD_SIZE]]
    if rng.random() >= _CROWD_SHARE or len(shown) < _LEAST_PEOPLE:
        crowd = crowd[:0]
    records = [
        _record(image_id, keypoints[person], masks[person], _polygons(masks[person]))
        for person in np.setdiff1d(shown, crowd).tolist()
    ]
    if len(crowd):
        mask = masks[crowd].max(axis=0)
        nothing = np.zeros((COCO17.num_joints, 3))
        records.append(_record(image_id, nothing, mask, run_lengths(mask), iscrowd=1))
    return records


def coco_keypoints(drawing: Drawing) -> np.ndarray:
    """(N, K, 3) x, y in px and COCO's flag, all 0 outside of the picture and where the own head hides the face.

    A joint that another person or furniture hides is flagged 1; one inside of the person's own body counts as visible.
    """
    buffers, camera, shapes = drawing.buffers, drawing.camera, drawing.shapes
    body = find_sight(buffers, camera, drawing.joints, shapes)
    pixels, labelled = MUCO21.convert(body.pixels, body.inside, COCO17)
    hidden = MUCO21.convert(body.occluded[..., None], body.inside, COCO17)[0][..., 0] > 0
    face = find_sight(buffers, camera, face_points(shapes), shapes)
    rows = [COCO17.joint_names.index(name) for name in FACE_NAMES]
    pixels[:, rows], hidden[:, rows] = face.pixels, face.occluded
    labelled[:, rows] = face.inside & ~face.self_occluded
    flags = np.where(labelled, np.where(hidden, HIDDEN, VISIBLE), NOT_LABELLED)
    return np.concatenate([pixels * labelled[..., None], flags[..., None]], axis=-1).astype(np.float64).round(2)


def _record(image_id: int, keypoints: np.ndarray, mask: np.ndarray, segmentation: object, iscrowd: int = 0) -> dict:
    return dict(
        id=-1,
        image_id=image_id,
        category_id=_CATEGORY['id'],
        bbox=[float(number) for number in cv2.boundingRect(mask)],
        area=float(mask.sum()),
        iscrowd=iscrowd,
        num_keypoints=int((keypoints[:, 2] > 0).sum()),
        keypoints=keypoints.ravel().tolist(),
        segmentation=segmentation,
    )


def _polygons(mask: np.ndarray) -> list[list[int]]:
    """Outlines of what is seen of a person; the box where there are but slivers."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    polygons = [outline.ravel().tolist() for outline in outlines if len(outline) >= 3]
    left, top, width, height = cv2.boundingRect(mask)
    right, bottom = left + width, top + height
    return polygons or [[left, top, right, top, right, bottom, left, bottom]]


def run_lengths(mask: np.ndarray) -> dict:
    """COCO's uncompressed code of a (H, W) mask: lengths of alternating runs, zeros first, column by column."""
    flat = np.concatenate([[0], mask.ravel(order='F'), [2]])
    edges = np.flatnonzero(np.diff(flat.astype(np.int8)))
    return dict(size=list(mask.shape), counts=np.diff(edges, prepend=0).tolist())

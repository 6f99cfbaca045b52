"""Tiny data sets on disk with known content, in each layout that the data sets read."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import scipy.io

from mmp3d.geometry import Camera

WIDTH, HEIGHT = 64, 48
F, C = (60.0, 62.0), (31.0, 23.0)
ROOT = 14


def camera() -> Camera:
    return Camera.from_intrinsics(F, C, (WIDTH, HEIGHT))


def person(depth: float, joints: int = 17, seed: int = 0) -> np.ndarray:
    """(joints, 3) mm, all of it well inside the image."""
    generator = np.random.default_rng(seed)
    points = generator.uniform(-0.15, 0.15, (joints, 3)) * depth
    points[:, 2] = depth * generator.uniform(0.9, 1.1, joints)
    return points


def write_image(path: Path, size: tuple = (WIDTH, HEIGHT)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    assert cv2.imwrite(str(path), noise)


def muco_content(depths: list) -> dict:
    """Content of a MuCo JSON: one image per list of pelvis depths."""
    images, annotations = [], []
    for index, people in enumerate(depths):
        images.append(
            {'id': index, 'file_name': f'augmented_set/{index + 1:06d}.jpg', 'width': WIDTH, 'height': HEIGHT,
             'f': list(F), 'c': list(C), 'R': np.eye(3).ravel().tolist(), 'T': [1.0, 2.0, 3.0]}
        )  # fmt: skip
        for depth in people:
            points = person(depth, 21, len(annotations))
            annotations.append(
                {'id': len(annotations), 'image_id': index, 'bbox': [4, 5, 20, 30],
                 'keypoints_img': camera().project(points).tolist(), 'keypoints_cam': points.tolist(),
                 'keypoints_vis': [1] * 21}
            )  # fmt: skip
    return {'info': {'by': ['nobody']}, 'images': images, 'annotations': annotations, 'licences': []}


def write_muco(root: Path, content: dict, images: bool = True) -> Path:
    """Write the JSON and, unless told not to, an image for each entry."""
    root.mkdir(parents=True, exist_ok=True)
    (root / 'MuCo-3DHP.json').write_text(json.dumps(content))
    for image in content['images'] if images else ():
        write_image(root / image['file_name'])
    return root


def mupots_cell(points: np.ndarray, valid: int = 1) -> dict:
    """One person of one frame as a MATLAB struct."""
    root = points[ROOT]
    return {
        'annot2': camera().project(points).T,
        'annot3': points.T,
        'univ_annot3': ((points - root) / 1.1 + root).T,
        'isValidFrame': np.array([[valid]]),
    }


def write_mupots(root: Path, frames: dict, people: int = 2, images: bool = True) -> Path:
    """Write sequences; ``frames`` maps a sequence's name to its number of frames."""
    for name, count in frames.items():
        folder = root / 'MultiPersonTestSet' / name
        folder.mkdir(parents=True, exist_ok=True)
        cells, labels = np.empty((count, people), object), np.empty((count, people), object)
        for frame, column in np.ndindex(count, people):
            cells[frame, column] = mupots_cell(person(3000 + 500 * column, seed=frame), valid=int(frame != 1))
            labels[frame, column] = np.eye(17, dtype=np.uint8)[[column]]
            if images:
                write_image(folder / f'img_{frame:06d}.jpg')
        write_mat(folder / 'annot.mat', annotations=cells)
        write_mat(folder / 'occlusion.mat', occlusion_labels=labels)
    return root


def write_mat(path: Path, **variables: np.ndarray) -> None:
    scipy.io.savemat(path, variables)


def coco_person(image_id: int, joints: dict, **fields: object) -> dict:
    """A COCO annotation; ``joints`` maps joint index to (x, y, v)."""
    keypoints = np.zeros((17, 3))
    for joint, mark in joints.items():
        keypoints[joint] = mark
    return {
        'id': 1, 'image_id': image_id, 'category_id': 1, 'iscrowd': 0, 'bbox': [2, 2, 30, 30],
        'keypoints': keypoints.ravel().tolist(), 'num_keypoints': len(joints),
        'segmentation': [[2, 2, 30, 2, 30, 30]], **fields,
    }  # fmt: skip


def write_coco(root: Path, annotations: list, images: int = 2) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    entries = [{'id': 7 + each, 'file_name': f'{each}.jpg', 'width': WIDTH, 'height': HEIGHT} for each in range(images)]
    for entry in entries:
        write_image(root / entry['file_name'])
    (root / 'coco.json').write_text(json.dumps({'images': entries, 'annotations': annotations}))
    return root

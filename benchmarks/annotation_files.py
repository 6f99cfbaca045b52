"""Annotation files of the sizes of the real data sets, without images, for the benchmark of reading them.

Shapes: T frames, N people, K joints. Camera frame, millimetres; pixels.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy.io import savemat

from mmp3d.geometry import Camera, jta_camera

# Frames and annotated people of TS1 to TS20: 8370 frames, 20899 people.
MUPOTS_FRAMES = (201, 251, 401, 301, 261, 541, 431, 551, 501, 251, 701, 251, 341, 626, 801, 501, 401, 126, 431, 501)
MUPOTS_PEOPLE = (2, 2, 2, 2, 2, 2, 3, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3)
MUCO_CHUNK = 1000


def poses(rng: np.random.Generator, count: int, joints: int) -> np.ndarray:
    """(count, joints, 3) mm, people 2 to 8 m away."""
    roots = np.stack([rng.uniform(-900, 900, count), rng.uniform(-400, 400, count), rng.uniform(2500, 8000, count)], -1)
    return roots[:, None] + rng.normal(0, 300, (count, joints, 3))


def write_mupots(root: Path, frames: tuple = MUPOTS_FRAMES, people: tuple = MUPOTS_PEOPLE) -> Path:
    """``annot.mat`` and ``occlusion.mat`` of all sequences, as MATLAB writes them (compressed v5)."""
    rng = np.random.default_rng(0)
    camera = Camera.from_intrinsics((1500, 1500), (960, 540), (1920, 1080))
    kind = [(name, object) for name in ('annot2', 'annot3', 'univ_annot3', 'isValidFrame')]
    for number, (count, columns) in enumerate(zip(frames, people, strict=True), 1):
        folder = root / 'MultiPersonTestSet' / f'TS{number}'
        folder.mkdir(parents=True, exist_ok=True)
        cells, labels = np.empty((count, columns), object), np.empty((count, columns), object)
        for frame, column in np.ndindex(count, columns):
            points = poses(rng, 1, 17)[0]
            struct = np.empty((1, 1), kind)
            struct[0, 0] = (camera.project(points).T, points.T, (points * 1.1).T, np.ones((1, 1), np.uint8))
            cells[frame, column], labels[frame, column] = struct, (rng.random((1, 17)) < 0.3).astype(float)
        savemat(folder / 'annot.mat', {'annotations': cells}, do_compression=True)
        savemat(folder / 'occlusion.mat', {'occlusion_labels': labels}, do_compression=True)
    return root


def write_muco(root: Path, images: int = 100_000, people: int = 4) -> Path:
    """``MuCo-3DHP.json`` with ``people`` in each image, all numbers with their digits."""
    root.mkdir(parents=True, exist_ok=True)
    rng, camera = np.random.default_rng(0), Camera.from_intrinsics((1500, 1500), (1024, 1024), (2048, 2048))
    with open(root / 'MuCo-3DHP.json', 'w', encoding='utf-8') as file:
        file.write('{"images": [')
        for index in range(images):
            record = {
                'id': index, 'file_name': f'augmented_set/{index + 1:06d}.jpg', 'width': 2048, 'height': 2048,
                'f': [1500.123, 1500.456], 'c': [1024.5, 1023.5], 'R': np.eye(3).tolist(), 'T': [0.0, 0.0, 0.0],
            }  # fmt: skip
            file.write((', ' if index else '') + json.dumps(record))
        file.write('], "annotations": [')
        for start in range(0, images * people, MUCO_CHUNK):
            points = poses(rng, min(MUCO_CHUNK, images * people - start), 21)
            pixels = camera.project(points)
            records = [
                {'id': start + row, 'image_id': (start + row) // people, 'bbox': [10.5, 20.5, 300, 700.125],
                 'keypoints_img': pixels[row].tolist(), 'keypoints_cam': points[row].tolist(),
                 'keypoints_vis': [1] * 21}
                for row in range(len(points))
            ]  # fmt: skip
            file.write((', ' if start else '') + json.dumps(records)[1:-1])
        file.write(']}')
    return root


def write_jta(root: Path, people: int = 20, frames: int = 900) -> Path:
    """``annotations/test/seq_0.json`` with ``people`` in every frame."""
    folder = root / 'annotations' / 'test'
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    points = poses(rng, frames * people, 22) * [1, 1, 3]
    pixels = jta_camera().project(points)
    flags = rng.random((len(points), 22, 2)) < 0.2
    rows = [
        [row // people + 1, row % people, joint, *pixels[row, joint].tolist(), *(points[row, joint] / 1000).tolist(),
         *flags[row, joint].astype(int).tolist()]
        for row in range(len(points)) for joint in range(22)
    ]  # fmt: skip
    (folder / 'seq_0.json').write_text(json.dumps(rows))
    return root

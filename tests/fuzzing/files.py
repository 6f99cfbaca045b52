"""Checkpoints, cameras, files of people, archives and boxes, to be mutated."""

from __future__ import annotations

import gzip
import io
import json
import pickle
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn

from mmp3d.apis.camera_file import read_camera
from mmp3d.apis.recorded_config import recorded_config
from mmp3d.compat.checkpoint import load_weights
from mmp3d.datasets import MeasuredPeopleDataset
from mmp3d.datasets.box_file import read_box_file
from mmp3d.datasets.measured_people import COLUMNS as MEASURED_COLUMNS
from mmp3d.datasets.measured_people import write_measured_people
from mmp3d.datasets.pseudo_labels import COLUMNS as LABEL_COLUMNS
from mmp3d.datasets.pseudo_labels import PseudoLabelDataset, save_labels
from mmp3d.datasets.release_package import read_released_poses_2d
from mmp3d.evaluation.predictions import iterate_predictions, write_predictions
from mmp3d.export.bvh_file import bvh_bytes
from mmp3d.export.csv_file import csv_bytes
from mmp3d.export.formats import read_clip
from mmp3d.export.html_page import page_bytes
from mmp3d.export.json_file import json_bytes
from mmp3d.export.npz_file import npz_bytes as clip_npz_bytes
from mmp3d.export.trc_file import trc_bytes
from mmp3d.geometry import Camera
from mmp3d.synthetic.bvh import read_bvh
from mmp3d.synthetic.retarget import retarget
from tests.fuzzing.annotations import npz_bytes
from tests.fuzzing.mutations import ARRAYS, JUNK
from tests.fuzzing.target import Target, file_target
from tests.test_export.clips import walking_clip
from tests.test_synthetic.bvh_text import bvh_text

CAMERA = Camera.from_intrinsics((900, 910), (319.5, 239.5), (640, 480), distortion=[0.1, -0.2, 0.001, 0.002, 0.03])
COLMAP = b'# Camera list\n1 OPENCV 640 480 900 910 320 240 .1 .2 .3 .4\n'
TENSORS = (torch.zeros(0), torch.zeros(2, 3).half(), torch.full((3, 2), torch.nan), torch.eye(2).to_sparse())


def checkpoint_targets(folder: Path) -> dict[str, Target]:
    """Checkpoints in torch's present and its former format."""
    meta = dict(cfg='model = dict(type=\'ReLU\', sides=(1, -2.5))\nname = "a"\n', experiment_name='a_20260101_000000')
    content = dict(meta=dict(meta, epoch=3), state_dict=dict(nn.Linear(2, 3).state_dict()), optimizer=[0.1, None])
    built = {}
    for name, is_zip in (('checkpoint', True), ('checkpoint of torch 1.5', False)):

        def encode(value: Any, is_zip: bool = is_zip) -> bytes:
            buffer = io.BytesIO()
            torch.save(value, buffer, _use_new_zipfile_serialization=is_zip)
            return buffer.getvalue()

        built[name] = file_target(
            folder / name.replace(' ', '_'), 'a.pth', encode(content), _read_checkpoint, content=content,
            encode=encode, junk=JUNK + TENSORS,
        )  # fmt: skip
    return built


def _read_checkpoint(path: Path) -> None:
    model = nn.Linear(2, 3)
    load_weights(model, path)
    assert {tuple(tensor.shape) for tensor in model.state_dict().values()} == {(3, 2), (3,)}
    recorded_config(str(path), trust=False)


def camera_targets(folder: Path) -> dict[str, Target]:
    """Every format of :func:`read_camera`."""
    folder.mkdir(parents=True)
    built = {}
    for suffix in ('.yaml', '.json'):
        path = folder / f'opencv{suffix}'
        storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
        storage.write('image_width', 640)
        storage.write('image_height', 480)
        storage.write('camera_matrix', CAMERA.K)
        storage.write('distortion_coefficients', CAMERA.distortion)
        storage.release()
        built[f'OpenCV {suffix}'] = file_target(folder / suffix[1:], path.name, path.read_bytes(), _read_camera)
    own = CAMERA.to_dict()
    data = json.dumps(own).encode()
    built['camera JSON'] = file_target(folder / 'own', 'camera.json', data, _read_camera, content=own)
    built['COLMAP'] = file_target(folder / 'colmap', 'cameras.txt', COLMAP, _read_camera)
    return built


def _read_camera(path: Path) -> None:
    camera = read_camera(path)
    assert camera.project(np.array([[0.0, 0, 3000]])).shape == (1, 2) and camera.focal > 0
    assert camera.back_project(np.zeros((2, 2)), np.ones(2)).shape == (2, 3)


def clip_targets(folder: Path) -> dict[str, Target]:
    """Every format of :func:`read_clip`, prediction files, and motion."""
    clip = walking_clip(people=2, frames=4)
    one, read = clip.person(0), _read_people
    built = {
        'people .json': file_target(folder / 'people', 'a.json', json_bytes(clip), read,
                                    content=json.loads(json_bytes(clip))),
        'people .npz': file_target(folder / 'npz', 'a.npz', clip_npz_bytes(clip), read,
                                   content=_arrays(clip_npz_bytes(clip)), encode=npz_bytes, junk=ARRAYS),
        'people .csv': file_target(folder / 'csv', 'a.csv', csv_bytes(clip), read),
        'people .trc': file_target(folder / 'trc', 'a.trc', trc_bytes(one, 'a.trc'), read),
        'people .bvh': file_target(folder / 'bvh', 'a.bvh', bvh_bytes(one), read),
    }  # fmt: skip
    built['motion .bvh'] = file_target(folder / 'motion', 'a.bvh', bvh_text([{}] * 3).encode(), _read_motion)
    write_predictions(folder / 'a.json', _predictions())
    plain = (folder / 'a.json').read_bytes()
    for suffix, packed in (('.json', bytes), ('.json.gz', partial(gzip.compress, compresslevel=1))):
        built[f'predictions {suffix}'] = file_target(
            folder / suffix[1:], f'a{suffix}', packed(plain), lambda path: list(iterate_predictions(path)),
            content=json.loads(plain), encode=lambda value, packed=packed: packed(json.dumps(value).encode()),
        )  # fmt: skip
    return built


def _predictions() -> list[dict]:
    pose = np.zeros((1, 17, 3)) + [0, 0, 3000]
    people = dict(keypoints=pose[..., :2], keypoints_cam=pose, root_cam=pose[:, 14], bbox_scores=np.ones(1))
    return [dict(img_id=number, camera=CAMERA.to_dict(), instances=people) for number in range(2)]


def _read_people(path: Path) -> None:
    """What is read can also be written, or says why not."""
    clip = read_clip(path)
    assert clip.scores.shape == clip.positions.shape[:3] and np.isfinite(clip.scores).all()
    if clip.positions.size > 1 << 20:
        return
    for write in (json_bytes, csv_bytes, clip_npz_bytes, page_bytes):
        assert write(clip)
    for row in range(len(clip.track_ids)):
        assert trc_bytes(clip.person(row), 'a.trc') and bvh_bytes(clip.person(row))


def _read_motion(path: Path) -> None:
    motion = read_bvh(path)
    positions, _ = motion.world()
    assert positions.shape == (len(motion), len(motion.names), 3)
    retarget(motion, 'a')


def archive_targets(folder: Path) -> dict[str, Target]:
    """Numpy archives, boxes, and arrays of the authors' package."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    labels = {name: rng.normal(size=(3, 4, 17, *axes)).astype(np.float32) for name, axes in LABEL_COLUMNS.items()}
    save_labels(folder / 'labels.npz', {}, labels, np.array([0, 1, 3]))
    write_measured_people(folder / 'measured.npz', _measured(), (64, 48))
    poses = [rng.normal(size=shape) for shape in ((3, 17, 2), (3, 17, 17), (3, 16, 16), (3, 1, 1))]
    boxes = [dict(image_id=1, category_id=1, bbox=[0, 0, 10, 20], score=0.5)] * 2
    built = {
        name: file_target(folder / file, file, (folder / f'{file}.npz').read_bytes(), data_set,
                          content=_arrays((folder / f'{file}.npz').read_bytes()), encode=npz_bytes, junk=ARRAYS)
        for name, file, data_set in (('pseudo-labels', 'labels', _items_of(PseudoLabelDataset)),
                                     ('measured people', 'measured', _items_of(MeasuredPeopleDataset)))
    }  # fmt: skip
    built['boxes'] = file_target(
        folder / 'boxes', 'boxes.json', json.dumps(boxes).encode(), read_box_file, content=boxes
    )
    built['released 2D poses'] = file_target(
        folder / 'est_p2ds', '00_00.pkl', pickle.dumps(poses), lambda path: read_released_poses_2d(folder, 1, 0),
        content=poses, encode=pickle.dumps, junk=JUNK + ARRAYS,
    )  # fmt: skip
    return built


def _items_of(data_set: type) -> Any:
    def read(path: Path) -> None:
        items = data_set(str(path))
        for index in {0, len(items) - 1} if len(items) else ():
            assert items[index]

    return read


def _measured() -> list[dict]:
    return [{name: np.ones((2, *shape), kind) for name, (shape, kind) in MEASURED_COLUMNS.items()}] * 2


def _arrays(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content)) as arrays:
        return dict(arrays)

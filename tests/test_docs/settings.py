"""What the code blocks of each page take for given: names, and files in the working folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmp3d.apis import load_lifters, load_two_branch
from mmp3d.compat.released_weights import RELEASED_NETS
from mmp3d.evaluation import write_predictions
from mmp3d.geometry import Camera
from mmp3d.pipeline import CameraPeople
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import Recipe
from tests.test_apis import scenes

ROOT = Path(__file__).resolve().parents[2]
CAMERA = Camera.from_fov(60, scenes.IMAGE_SIZE)


def _nothing(folder: Path) -> dict[str, Any]:
    return {}


def _video(folder: Path) -> dict[str, Any]:
    scenes.write_video(folder / 'street.mp4', 2)
    scenes.write_poses(folder / 'poses.json', range(2))
    return {}


def _joints(folder: Path) -> dict[str, Any]:
    flat, deep = np.ones((2, 17, 2)), np.ones((2, 17, 3))
    return dict(keypoints=flat, keypoints_visible=deep[..., 0], keypoints_cam=deep, keypoints_valid=deep[..., 0])


def _branches(folder: Path) -> dict[str, Any]:
    poses = np.random.default_rng(0).normal(0, 300, (2, 17, 3)) + [[[0, 0, 3000]], [[900, 0, 5000]]]
    people = [CameraPeople(poses, np.ones((2, 17)))]
    return dict(bottom_up=people, top_down=people)


def _predictions(folder: Path) -> dict[str, Any]:
    pose = np.zeros((1, 17, 3))
    people = dict(keypoints=pose[..., :2], keypoints_cam=pose, root_cam=pose[:, 14], bbox_scores=np.ones(1))
    write_predictions(folder / 'predictions.json.gz', [dict(img_id=0, instances=people)])
    return {}


def _released_weights(folder: Path) -> dict[str, Any]:
    (folder / 'release_weights').mkdir()
    network = MODELS.build(RELEASED_NETS['gcn'].model)
    torch.save(dict(state_dict=network.state_dict()), folder / 'release_weights' / 'gcn.pth')
    return {}


def _top_down(folder: Path) -> dict[str, Any]:
    from tests.test_models.top_down_scenes import box_of, perfect_network, standing

    people = np.stack([standing(60, seed=1), standing(100, seed=2)])
    scenes.write_poses(folder / 'poses.json', range(8), track_ids=(4, 9))
    shutil.copy(folder / 'poses.json', folder / 'openpose_folder')  # the name says nothing: any format is read
    return dict(
        images=[np.zeros((120, 160, 3), np.uint8)],
        boxes=[np.stack([box_of(person) for person in people])],
        network=perfect_network(people),
        networks=load_lifters(),
        camera=CAMERA,
        track_id=1,
        frame_ids=np.arange(3),
        keypoints=np.repeat(scenes.poses(50)[..., :2], 3, axis=0),
        keypoint_scores=np.ones((3, 17)),
    )


def _checkout(folder: Path) -> dict[str, Any]:
    shutil.copytree(ROOT / 'configs', folder / 'configs')
    return {}


def _checkout_with_data(folder: Path) -> dict[str, Any]:
    generate(Recipe('muco', units=4, size=(96, 64), people=(2, 2)), folder / 'data' / 'MuCo')
    return _checkout(folder)


def _own_video(folder: Path) -> dict[str, Any]:
    image, poses = np.zeros((1080, 1920, 3), np.uint8), scenes.poses(50)
    return dict(my_video=[(number, image, poses[..., :2] * 5, poses[..., 2]) for number in range(2)])


def _graphs(folder: Path) -> dict[str, Any]:
    for package in ('onnx', 'onnxruntime'):
        pytest.importorskip(package, reason='runs exported graphs: pip install -r requirements/onnx.txt')
    from mmp3d.onnx.export import export_model

    export_model(load_two_branch(), folder / 'graphs', 'tdbu_tiny_mupots.py')
    return _own_video(folder)


RAY = """
from types import SimpleNamespace


class Rows(list):
    def map(self, function, **options):
        return Rows(map(function, self))

    def take_all(self):
        return self


data = SimpleNamespace(range=lambda count, override_num_blocks: Rows({'id': row} for row in (0, count - 1)))
"""


def _ray(folder: Path) -> dict[str, Any]:
    """A stand-in for Ray, the script that each share runs, and a list without videos."""
    (folder / 'ray.py').write_text(RAY, encoding='utf-8')
    (folder / 'tools').mkdir()
    shutil.copy(ROOT / 'tools' / 'slurm_infer.sh', folder / 'tools')
    (folder / 'videos.txt').touch()
    return {}


SETTINGS = {
    'README.md': _video,
    'docs/add_data_set.md': _checkout,
    'docs/add_head.md': _checkout_with_data,
    'docs/datasets.md': _nothing,
    'docs/faq.md': _joints,
    'docs/inference.md': _video,
    'docs/integration.md': _branches,
    'docs/joint_sets.md': _joints,
    'docs/onnx.md': _graphs,
    'docs/pipeline.md': _own_video,
    'docs/predictions.md': _predictions,
    'docs/quick_start.md': _video,
    'docs/release.md': _released_weights,
    'docs/scale.md': _ray,
    'docs/top_down.md': _top_down,
}

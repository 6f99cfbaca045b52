"""A tiny bottom-up model with random weights, and people for it to find.

Random heatmaps hold nobody, but the head adds the input heatmaps to its own: a model that is given 2D poses finds them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import MODELS
from torch import Tensor

import mmp3d
from mmp3d.compat.checkpoint import publish_checkpoint
from mmp3d.geometry import MUPOTS17
from mmp3d.models.estimators import BottomUpDepthEstimator
from mmp3d.models.heads.bottom_up_depth_head import BottomUpMaps

CONFIG = Path(__file__).resolve().parents[2] / 'configs' / 'bu_tiny_muco.py'
LIFTERS = dict(
    type='PoseLiftingEstimator',
    gcn=dict(type='PoseGCN', hidden_channels=8),
    depth_net=dict(type='TemporalDepthNet', backbone=dict(kernel_sizes=(3, 3), stem_channels=8)),
)
INPUT_SIZE = (96, 64)
IMAGE_SIZE = (192, 128)
BORDER = 85
# Fractions of a person's height, in the joints' order.
STICK_FIGURE = np.array([
    [0, 0], [0, 0.18], [-0.12, 0.2], [-0.2, 0.35], [-0.24, 0.48], [0.12, 0.2], [0.2, 0.35], [0.24, 0.48], [-0.08, 0.5],
    [-0.1, 0.74], [-0.11, 0.98], [0.08, 0.5], [0.1, 0.74], [0.11, 0.98], [0, 0.49], [0, 0.34], [0, 0.08]])  # fmt: skip


@MODELS.register_module(force=True)
class SteppedTagsEstimator(BottomUpDepthEstimator):
    """Has one tag for the left and one for the right of the image, so that two people are told apart untrained."""

    def _maps(self, inputs: Tensor, person_heatmaps: Tensor | None) -> BottomUpMaps:
        maps = super()._maps(inputs, person_heatmaps)
        columns = torch.linspace(0, IMAGE_SIZE[0], maps.tags.shape[-1])
        return maps._replace(tags=torch.zeros_like(maps.tags) + 10.0 * (columns > BORDER))


@MODELS.register_module(force=True)
class FixedPosesEstimator(SteppedTagsEstimator):
    """Is given the same two people for each image, as mmpose's inferencer has no way to hand over 2D poses."""

    def _person_heatmaps(self, inputs: Tensor, samples: list) -> Tensor:
        keypoints = poses(50, 120)[..., :2] * INPUT_SIZE[0] / IMAGE_SIZE[0]
        for sample in samples:
            sample.input_instances = InstanceData(
                keypoints=inputs.new_tensor(keypoints), keypoint_scores=inputs.new_ones(2, 17)
            )
        return super()._person_heatmaps(inputs, samples)


def tiny_config(model: str = 'SteppedTagsEstimator') -> Config:
    """The tiny config with the smallest input and no flip test."""
    cfg = Config.fromfile(CONFIG)
    cfg.model.type = model
    cfg.model.backbone.update(widths=(8, 8, 8, 8), encoder_blocks=(1, 1, 1, 1))
    cfg.model.head.in_channels = 8
    cfg.model.head.decoder.input_size = INPUT_SIZE
    cfg.model.head.decoder.reach_weight = 0.0  # the depths of random weights are no measure of limbs
    cfg.test_dataloader.dataset.pipeline[1].input_size = INPUT_SIZE
    cfg.model.test_cfg.flip_test = False
    return cfg


def write_model(folder: Path, cfg: Config | None = None) -> tuple[Path, Path]:
    """A config file and a published checkpoint of it, whose network adds nothing to its input heatmaps."""
    mmp3d.register_all_modules()
    cfg = cfg or tiny_config()
    config, raw, weights = folder / 'tiny.py', folder / 'raw.pth', folder / 'tiny.pth'
    cfg.dump(config)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    torch.nn.init.zeros_(model.head.output.weight)
    torch.nn.init.zeros_(model.head.output.bias)
    torch.save(dict(state_dict=model.state_dict(), meta={}), raw)
    meta = dict(dataset_meta=parse_pose_metainfo(MUPOTS17.metainfo('muco')), cfg=cfg.pretty_text)
    publish_checkpoint(raw, weights, meta)
    return config, weights


def write_system(folder: Path, **settings) -> Path:
    """A config file of both branches: random lifters of one seed, and the bottom-up model of :func:`write_model`."""
    config, weights = write_model(folder)
    torch.manual_seed(0)
    (folder / 'lifters.py').write_text(f'model = {LIFTERS!r}\n')
    torch.save({'state_dict': MODELS.build(LIFTERS).state_dict()}, folder / 'lifters.pth')
    system = dict(
        type='TwoBranchEstimator',
        lifter=dict(config=str(folder / 'lifters.py'), checkpoint=str(folder / 'lifters.pth')),
        bottom_up=dict(config=str(config), checkpoint=str(weights)),
        integration=dict(type='LinearIntegration'),
        # Random networks do not agree on how far away a person is.
        settings=dict(min_similarity=0.0, **settings),
    )
    path = folder / 'system.py'
    test = dict(dataset=dict(pipeline=[dict(type='PackMultiPersonInputs')]))
    path.write_text(f'model = {system!r}\ntest_dataloader = {test!r}\n')
    return path


def image(seed: int = 0) -> np.ndarray:
    """(128, 192, 3) uint8 BGR."""
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.integers(0, 255, (8, 12, 3), np.uint8), IMAGE_SIZE)


def poses(*lefts: float) -> np.ndarray:
    """(M, 17, 3) px and scores: people 90 px high, by the x of their spine."""
    figures = [STICK_FIGURE * 90 + [left, 18] for left in lefts]
    return np.concatenate([np.array(figures).reshape(-1, 17, 2), np.ones((len(lefts), 17, 1))], axis=-1)


def write_poses(
    path: Path,
    frames: Sequence[int],
    lefts: Sequence[float] = (50, 120),
    track_ids: Sequence[int] | None = None,
    key: str = 'frame_id',
) -> Path:
    """A file with the same 2D poses in each frame."""
    people = [dict(keypoints=pose) for pose in poses(*lefts).tolist()]
    for person, track_id in zip(people, track_ids or (), strict=False):
        person['track_id'] = track_id
    images = [{key: frame, 'people': people} for frame in frames]
    path.write_text(json.dumps(dict(format='mmp3d-poses2d', joint_set='mupots17', images=images)))
    return path


def write_video(path: Path, frames: int = 5) -> Path:
    """A clip of 25 frames a second."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 25, IMAGE_SIZE)
    for index in range(frames):
        writer.write(image(index))
    writer.release()
    return path

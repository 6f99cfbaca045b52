"""A short rendered sequence with its 2D poses, as the stages take it."""

from __future__ import annotations

import cv2
import numpy as np
from mmpose.registry import DATASETS

from mmp3d import register_all_modules
from mmp3d.geometry import Camera
from mmp3d.pipeline import ClipFrame
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import Recipe


def rendered_clip(folder, frames=8):
    """The frames of a sequence with two people, and their camera."""
    register_all_modules()
    generate(Recipe('mupots', units=1, frames=frames, people=(2, 2), size=(480, 270), seed=5), folder)
    data = dict(type='MuPoTSDataset', data_root=f'{folder}/', pose2d_file='poses2d.json', test_mode=True)
    pack = [dict(type='PackMultiPersonInputs', with_ground_truth=True)]
    samples = [item['data_samples'] for item in DATASETS.build(dict(data, pipeline=pack))]
    clip = []
    for number, sample in enumerate(samples):
        poses = tuple(np.asarray(sample.input_instances[name]) for name in ('keypoints', 'keypoint_scores'))
        clip.append(ClipFrame(number, cv2.imread(sample.metainfo['img_path']), poses))
    return clip, Camera.from_dict(samples[0].metainfo['camera'])

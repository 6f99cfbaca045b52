"""A clip whose people are known, and networks that say the truth about it, or the truth with a known error."""

from __future__ import annotations

import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from torch import nn

from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.pipeline import ClipFrame, TwoBranchNetworks, TwoBranchPipeline, TwoBranchSettings

CAMERA = Camera.from_fov(60, (320, 240))
ROOT = MUPOTS17.root_index
# Transforms that leave picture and poses as they are.
PLAIN = [dict(type='PackMultiPersonInputs')]


def walkers(frames=12, people=2, seed=0):
    """(T, N, 17, 3) mm: people side by side at 4 m who walk slowly to the right."""
    shape = np.random.default_rng(seed).normal(0, 200, (people, 17, 3))
    roots = np.stack([np.array([1600.0 * n - 800 * (people - 1), 0, 4000 + 300 * n]) for n in range(people)])
    steps = np.arange(frames)[:, None, None, None] * np.array([15.0, 0, 0])
    return (roots[:, None] + shape + steps).astype(np.float32)


class KnownLifter(nn.Module):
    """Lifts every 2D pose to the true one that projects onto it, moved along by a factor of the depth."""

    def __init__(self, truth, factor=1.0, camera=CAMERA):
        super().__init__()
        self.places = torch.from_numpy(camera.normalize(camera.project(truth)).reshape(-1, 17, 2)).float()
        self.truth, self.factor = torch.from_numpy(truth.reshape(-1, 17, 3)), factor
        self.anything = nn.Parameter(torch.zeros(1))
        self.calls = 0

    def lift_track(self, rays, scores):
        self.calls += 1
        distance = (rays[:, None] - self.places).abs().sum(dim=(2, 3))
        return self.truth[distance.argmin(dim=1)] * self.factor


class KnownBottomUp(nn.Module):
    """Says where the people of a frame are, from its picture, whose first pixel holds the frame's number."""

    def __init__(self, truth, factor=1.0, score=1.0, absent=()):
        super().__init__()
        self.truth, self.factor, self.score, self.absent = truth, factor, score, set(absent)
        self.anything = nn.Parameter(torch.zeros(1))
        self.seen = []

    def data_preprocessor(self, data, training):
        return data

    def start_test(self, data):
        samples = []
        for image, sample in zip(data['inputs'], data['data_samples'], strict=True):
            frame = int(image[0, 0, 0])
            self.seen.append((frame, sample.input_instances.keypoints.numpy() if 'input_instances' in sample else None))
            points = self.truth[frame] * self.factor
            points = points[[n for n in range(len(points)) if (frame, n) not in self.absent]]
            sample = PoseDataSample()
            sample.pred_instances = InstanceData(
                keypoints=CAMERA.project(points).astype(np.float32),
                keypoint_scores=np.full(points.shape[:2], self.score, np.float32),
                keypoints_cam=points.astype(np.float32),
                bbox_scores=np.full(len(points), self.score, np.float32),
            )
            samples.append(sample)
        return lambda: samples


def picture(number):
    image = np.zeros((240, 320, 3), np.uint8)
    image[0, 0] = number
    return image


def frames_of(truth, without=()):
    """The clip's frames with the exact 2D poses, but for those of ``(frame, person)`` in ``without``."""
    for number, people in enumerate(truth):
        kept = [person for person in range(len(people)) if (number, person) not in set(without)]
        keypoints = CAMERA.project(people[kept]).astype(np.float32).reshape(-1, 17, 2)
        yield ClipFrame(number, picture(number), (keypoints, np.ones(keypoints.shape[:2], np.float32)), f'{number}')


def system(truth, integration, lifter=None, bottom_up=None, **settings):
    """Both branches on known networks; without arguments they know the truth."""
    networks = TwoBranchNetworks(
        lifter=lifter or KnownLifter(truth),
        bottom_up=bottom_up or KnownBottomUp(truth),
        bottom_up_pipeline=PLAIN,
        integration=integration,
    )
    return TwoBranchPipeline(networks, TwoBranchSettings(**settings))

"""The whole system by name, with shipped weights."""

import numpy as np
import pytest

from mmp3d.apis import load_two_branch
from mmp3d.geometry import Camera
from mmp3d.pipeline import ClipFrame


def test_the_shipped_system_runs_on_frames_in_memory():
    system = load_two_branch(options={'model.settings.matching': 'track'})
    assert system.pipeline.settings.matching == 'track' and not system.training
    images = np.random.default_rng(0).integers(0, 255, (2, 120, 192, 3), np.uint8)
    pose = np.stack([np.linspace(80, 110, 17), np.linspace(20, 100, 17)], axis=-1)[None]
    frames = [ClipFrame(number, image, (pose, np.ones((1, 17)))) for number, image in enumerate(images)]
    found = dict(system.pipeline.run(frames, Camera.from_fov(60, (192, 120))))
    assert list(found) == [0, 1]
    assert all('td' in people.source or 'both' in people.source for people in found.values())


def test_other_models_are_named():
    with pytest.raises(ValueError, match='its model is a BottomUpDepthEstimator'):
        load_two_branch('bottomup')
    with pytest.raises(
        FileNotFoundError, match='model.lifter: no checkpoint at none.pth.*tools/train.py.*checkpoint=FILE'
    ):
        load_two_branch(options={'model.lifter.checkpoint': 'none.pth'})

"""Mutated files of every layout end in a documented error or in whole items; benchmarks/fuzz_parsers.py tries more."""

from __future__ import annotations

import logging

import pytest
from mmengine.logging import MMLogger

from tests.test_datasets.fuzzing import targets

INPUTS = 150


@pytest.fixture(scope='module')
def prepared(tmp_path_factory) -> dict:
    return targets(tmp_path_factory.mktemp('fuzz'))


NAMES = (
    'MuCo JSON', 'MuPoTS annot.mat', 'MuPoTS occlusion.mat', 'MuPoTS JSON', 'COCO JSON', 'JTA JSON', '3DPW pickle',
    '3DPW JSON', 'H36M data.json', 'H36M camera.json', 'H36M joint_3d.json', 'H36M npz', 'H36M cameras.pkl',
    '3DHP annot.mat', '3DHP camera.calibration', 'pose2d file', 'pose2d COCO results', 'pose2d frames',
    'pose2d AlphaPose', 'pose2d OpenPose',
)  # fmt: skip


def test_every_target_is_tried(prepared):
    assert set(NAMES) == set(prepared)


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('name', NAMES)
def test_mutated_files(prepared, name):
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        taken = [prepared[name].run(seed) for seed in range(INPUTS)]
    finally:
        logger.setLevel(level)
    assert not all(taken)

"""Mutated files of every kind end in a documented error or in something whole; more: benchmarks/fuzz_parsers.py."""

from __future__ import annotations

import logging

import pytest
from mmengine.logging import MMLogger

from tests.fuzzing.kinds import KINDS, targets_of

# Of each file: as many as take about two seconds a kind.
INPUTS = {'annotations': 100, 'poses2d': 150, 'cameras': 150, 'clips': 60, 'videos': 40}


def taken_by(name, target, seed):
    try:
        return target.run(seed)
    except Exception as error:
        raise AssertionError(f'{name}: input {seed} led to {error!r}') from error


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('kind', KINDS)
def test_mutated_files(kind, tmp_path):
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        for name, target in targets_of(kind, tmp_path / kind).items():
            taken = [taken_by(name, target, seed) for seed in range(INPUTS.get(kind, 100))]
            # Where nothing is refused nothing was damaged.
            assert not all(taken), name
    finally:
        logger.setLevel(level)

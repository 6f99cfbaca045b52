"""What holds for every test: two threads, no window, the same random numbers in every run."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from importlib import import_module

import numpy as np
import pytest
from hypothesis import settings

import mmp3d  # noqa: F401  (mmpose and mmdet import only after it has prepared the host)

# Read when torch and OpenCV are first imported: more threads than cores make small tensors many times slower.
os.environ.setdefault('OMP_NUM_THREADS', '2')
os.environ.setdefault('MPLBACKEND', 'Agg')

# No deadline: a test's first example pays for imports and for other work on the machine.
settings.register_profile('mmp3d', deadline=None, derandomize=True, print_blob=True)
settings.load_profile('mmp3d')


@pytest.fixture(autouse=True)
def mmpose_scope() -> Iterator[None]:
    """Names in configs mean mmpose's registries, whatever scope an earlier test left behind."""
    registry = import_module('mmengine.registry')  # not before the settings above: it imports torch
    with registry.DefaultScope.overwrite_default_scope('mmpose'):
        yield


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Every test starts from the same state of the global generators, whatever ran before it."""
    random.seed(0)
    np.random.seed(0)
    if 'torch' in sys.modules:
        sys.modules['torch'].manual_seed(0)

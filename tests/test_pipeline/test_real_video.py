"""A real video's real 2D poses give 3D with the shipped weights."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from mmp3d.apis import load_lifters
from mmp3d.apis.model_index import find_model
from tests.shared_data import shared_path

MODEL = find_model('lifting')
BENCHMARK = Path(__file__).resolve().parents[2] / 'benchmarks' / 'lifting_real.py'
pytestmark = pytest.mark.skipif(not MODEL.weights, reason='no weights of the lifters are published')


def test_people_of_a_real_video_are_lifted_to_about_where_they_are():
    spec = importlib.util.spec_from_file_location('lifting_real', BENCHMARK)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    folder, networks = shared_path('real/two_person'), load_lifters()
    rows = np.array([benchmark.measured(view, folder, networks) for view in benchmark.VIEWS])
    mpjpe, pa_mpjpe = rows[:, 0].mean(), rows[:, 1].mean()
    assert mpjpe < 140 and pa_mpjpe < 95

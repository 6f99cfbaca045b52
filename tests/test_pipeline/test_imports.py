"""The stages between the networks need neither PyTorch nor the OpenMMLab packages."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mmp3d.pipeline
from mmp3d.lazy_names import lazy_names

SCRIPT = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in ('torch', 'torchvision', 'mmcv', 'mmengine', 'mmdet', 'mmpose'):
            raise ModuleNotFoundError(f'{name} is refused')

sys.meta_path.insert(0, Refuse())
import mmp3d.apis, mmp3d.geometry.grouping, mmp3d.pipeline.two_branch
from mmp3d.pipeline import ClipFrame, PoseTracker, Track, match_people, track_people
"""


def test_they_are_imported_where_those_are_refused():
    done = subprocess.run([sys.executable, '-c', SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('package', ['pipeline', 'apis'])
def test_every_name_of_the_packages_is_there(package):
    module = __import__(f'mmp3d.{package}', fromlist=['x'])
    assert all(callable(getattr(module, name)) for name in module.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error():
    assert lazy_names('mmp3d.pipeline', {'Track': 'track'})('Track') is mmp3d.pipeline.Track
    with pytest.raises(AttributeError, match="module 'mmp3d.pipeline' has no attribute 'Tracks'"):
        _ = mmp3d.pipeline.Tracks

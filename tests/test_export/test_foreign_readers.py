"""TRC and BVH files mean to other people's readers what they mean to us."""

from __future__ import annotations

import numpy as np
import pytest

from mmp3d.export import write_clip
from mmp3d.geometry import MUPOTS17
from tests.test_export.clips import walking_clip

FRAMES = 40
WANTED = 'pip install bvhio trc-data-reader; of other readers, not needed otherwise'


@pytest.fixture
def clip():
    return walking_clip(people=1, frames=FRAMES, gaps=False)


def test_trc_data_reader_finds_every_joint(clip, tmp_path):
    trc = pytest.importorskip('trc', reason=WANTED)
    (file,) = write_clip(tmp_path / 'clip.trc', clip)
    data = trc.TRCData()
    data.load(str(file))
    assert (data['Units'], data['DataRate']) == ('mm', clip.fps)
    found = np.array([[data[name][frame] for name in MUPOTS17.joint_names] for frame in range(FRAMES)], float)
    np.testing.assert_allclose(found, clip.y_up()[0], atol=1e-3)


def test_bvhio_poses_the_skeleton_where_the_joints_are(clip, tmp_path):
    bvhio = pytest.importorskip('bvhio', reason=WANTED)
    (file,) = write_clip(tmp_path / 'clip.bvh', clip)
    root = bvhio.readAsHierarchy(str(file))
    for frame in range(FRAMES):
        root.loadPose(frame)
        places = {joint.Name: list(joint.PositionWorld) for joint, *_ in root.layout()}
        found = 1000 * np.array([places[name] for name in MUPOTS17.joint_names])
        np.testing.assert_allclose(found, clip.y_up()[0, frame], atol=0.05)

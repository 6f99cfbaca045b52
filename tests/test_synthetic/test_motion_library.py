from __future__ import annotations

import numpy as np
import pytest

from mmp3d.geometry import MUPOTS17
from mmp3d.synthetic.body import sample_body
from mmp3d.synthetic.motion_library import load_motion_library, sample_procedural_motions
from tests.shared_data import shared_path
from tests.test_synthetic.bvh_text import bvh_text


def _bone_lengths(joints: np.ndarray) -> np.ndarray:
    child, parent = np.array(MUPOTS17.bones).T
    return np.linalg.norm(joints[..., child, :] - joints[..., parent, :], axis=-1)


def test_clips_of_a_folder_by_file(tmp_path) -> None:
    (tmp_path / 'actor').mkdir()
    (tmp_path / 'actor' / 'b.bvh').write_text(bvh_text([{'at': (5, 2, 0)}, {'at': (5, 2, 1)}]))
    (tmp_path / 'a.bvh').write_text(bvh_text([{}] * 4))
    first, second = load_motion_library(tmp_path)
    assert (first.name, second.name) == ('a.bvh', 'actor/b.bvh')
    assert first.positions.shape == (4, 17, 3)
    assert first.positions.dtype == np.float32
    assert first.fps == 10
    assert -90 < first.positions[0, [10, 13], 1].min() < -60  # ankles of a person 1720 mm tall on the floor
    pelvis = second.positions[:, MUPOTS17.root_index]
    np.testing.assert_allclose(pelvis[0, [0, 2]], 0, atol=1e-3)
    assert 300 < pelvis[1, 2] < 500  # one unit ahead where legs are 2 units long
    assert len(load_motion_library(tmp_path, 'actor/*.bvh', fps=20)[0].positions) == 3
    child = sample_body(np.random.default_rng(0))
    assert not np.allclose(
        _bone_lengths(load_motion_library(tmp_path, body=child)[0].positions[0]), _bone_lengths(first.positions[0])
    )


def test_errors_name_the_folder_and_the_file(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match='nowhere is no folder'):
        load_motion_library(tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match='holds no file'):
        load_motion_library(tmp_path)
    (tmp_path / 'a.bvh').write_text('text')
    with pytest.raises(ValueError, match='a.bvh: is no BVH file'):
        load_motion_library(tmp_path)
    with pytest.raises(ValueError, match='fps'):
        load_motion_library(tmp_path, fps=0)


def test_real_recordings_move_like_people_on_the_floor() -> None:
    clips = load_motion_library(shared_path('mocap'), '**/*_normal_*.bvh', fps=25)
    assert {round(clip.fps, 3) for clip in clips} == {25.0}
    for clip in clips:
        lengths = _bone_lengths(clip.positions)
        np.testing.assert_allclose(lengths, np.broadcast_to(lengths[:1], lengths.shape), atol=0.1)
        assert np.linalg.norm(np.diff(clip.positions, axis=0), axis=-1).max() * 25 < 16000  # mm/s: a kicking foot
        assert clip.positions[..., 1].max() < 1
        assert clip.positions[..., 1].max() > -150
    walk = next(clip for clip in clips if 'walk_normal' in clip.name)
    assert 800 < np.linalg.norm(np.diff(walk.positions[:, 14], axis=0), axis=-1).mean() * 25 < 2000


def test_procedural_motions_of_any_number_and_length() -> None:
    motions = sample_procedural_motions(np.random.default_rng(0), 40, 27, 30.0)
    assert motions.shape == (40, 27, 17, 3)
    assert motions.dtype == np.float32
    lengths = _bone_lengths(motions)
    np.testing.assert_allclose(lengths, np.broadcast_to(lengths[:, :1], lengths.shape), atol=0.1)
    assert np.ptp(lengths[:, 0].sum(axis=-1)) > 200  # bodies differ
    again = sample_procedural_motions(np.random.default_rng(0), 40, 27, 30.0)
    np.testing.assert_array_equal(motions, again)
    assert sample_procedural_motions(np.random.default_rng(0), 0, 27, 30.0).shape == (0, 27, 17, 3)


def test_procedural_motions_by_name() -> None:
    run = sample_procedural_motions(np.random.default_rng(0), 5, 31, 30.0, names=['run'])
    sit = sample_procedural_motions(np.random.default_rng(0), 5, 31, 30.0, names=['sit'])
    way = np.linalg.norm(np.diff(run[:, :, 14], axis=1), axis=-1).sum(axis=1)
    assert (way > 1000).all()
    assert np.linalg.norm(sit[:, -1, 14] - sit[:, 0, 14], axis=-1).max() < 100

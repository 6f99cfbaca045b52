"""Lifted people beside stored ones whose distances are known."""

import numpy as np
import pytest

from mmp3d import register_all_modules
from mmp3d.datasets.release_package import ReleasedTracks
from mmp3d.evaluation.release_lifting import lifting_tables
from mmp3d.geometry import MUPOTS17
from tests.shared_data import shared_path
from tools.evaluate_release import main

register_all_modules()
ROOT = MUPOTS17.root_index


def lifted_people(depths):
    poses = np.random.default_rng(0).normal(0, 300, (*np.shape(depths), 17, 3))
    poses -= poses[:, :, ROOT, None]
    roots = np.stack([np.zeros_like(depths), np.zeros_like(depths), depths], axis=-1)
    return poses + roots[:, :, None]


def test_poses_that_are_alike_but_in_place_and_size_have_no_distance():
    true = np.array([[3000.0, 4000.0], [3500.0, 4400.0]])
    points = lifted_people(1.1 * true - 100)
    stored = ReleasedTracks(2e-3 * points, true, true)
    poses, depths = (dict(table.rows) for table in lifting_tables([points], {'td': [stored]}))
    np.testing.assert_allclose(list(poses.values()), 0, atol=1e-6)
    np.testing.assert_allclose(depths['as lifted'][0], np.abs(0.1 * true - 100).mean())
    assert 0 < depths['times one factor'][0] < depths['as lifted'][0]
    np.testing.assert_allclose(depths['fitted as released'], [0, 100, 100], atol=1e-6)


def test_one_wrong_joint_shows_in_its_row():
    true = np.full((2, 1), 3000.0)
    points = lifted_people(true)
    poses = points / 1000
    poses[:, :, 4, 0] += 0.5
    rows = dict(lifting_tables([points], {'td': [ReleasedTracks(poses, true, true)]})[0].rows)
    assert max(rows, key=lambda name: rows[name][0]) == MUPOTS17.joint_names[4]
    assert (
        dict(lifting_tables([points], {'td': [ReleasedTracks(poses, true, true)]})[1].rows)['fitted as released'][0]
        == 0
    )


def test_our_lifters_on_the_authors_own_2d_poses(capsys):
    main([str(shared_path('real/samples/mupots/3dmpp_artifacts')), '--sequences', '18', '--lifters'])
    text = capsys.readouterr().out
    assert 'right_wrist' in text and 'fitted as released' in text


def test_focal_length_alone_is_refused(tmp_path):
    with pytest.raises(ValueError, match='--focal is the camera of --lifters'):
        main([str(tmp_path), '--focal', '1500'])

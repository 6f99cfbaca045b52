import pickle

import numpy as np
import pytest

from mmp3d.datasets.release_package import read_released_poses_2d, read_released_tracks
from tests.shared_data import shared_path


def write(path, value):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(pickle.dumps(value))


@pytest.fixture
def package(tmp_path):
    write(tmp_path / 'pred_inte/3.pkl', np.arange(4 * 2 * 51, dtype=np.float32).reshape(4, 2, 3, 17))
    for person in range(2):
        write(tmp_path / f'pred_dep_inte/02_0{person}.pkl', np.full(4, 3000.0 + person))
        write(tmp_path / f'depths/02_0{person}.pkl', np.full(4, 3100.0 + person))
    return tmp_path


def test_people_are_columns_and_joints_rows(package):
    tracks = read_released_tracks(package, 3)
    assert tracks.poses.shape == (4, 2, 17, 3)
    np.testing.assert_array_equal(tracks.poses[0, 0, 1], [1, 18, 35])
    np.testing.assert_array_equal(tracks.depths[0], [3000, 3001])
    np.testing.assert_array_equal(tracks.true_depths[3], [3100, 3101])


def test_wrong_files_are_named(package):
    write(package / 'depths/02_01.pkl', np.zeros(5))
    with pytest.raises(ValueError, match=r'depths/02_01.pkl: array of shape \(5,\), expected 4'):
        read_released_tracks(package, 3)
    with pytest.raises(FileNotFoundError, match=r'4\.pkl'):
        read_released_tracks(package, 4)
    with pytest.raises(ValueError, match='branch must be one of'):
        read_released_tracks(package, 3, 'integrated')
    write(package / 'est_p2ds/02_00.pkl', [np.zeros((4, 17, 2))])
    with pytest.raises(ValueError, match='expected a list of 4 arrays'):
        read_released_poses_2d(package, 3, 0)


@pytest.mark.parametrize('branch', ['td', 'bu', 'both'])
def test_the_authors_own_files(branch):
    tracks = read_released_tracks(shared_path('real/samples/mupots/3dmpp_artifacts'), 18, branch)
    assert tracks.poses.shape == (126, 3, 17, 3) and np.isfinite(tracks.poses).all()
    if branch != 'both':
        # The release fits the depths of each branch to the annotated ones, so that their mean error is none.
        assert abs((tracks.depths - tracks.true_depths).mean()) < 1


def test_the_authors_own_2d_poses():
    poses = read_released_poses_2d(shared_path('real/samples/mupots/3dmpp_artifacts'), 18, 2)
    assert poses.keypoints.shape == (126, 17, 2)
    assert set(np.unique(poses.occlusion)) <= {0, 1}

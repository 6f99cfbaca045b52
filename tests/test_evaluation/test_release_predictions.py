"""The authors' stored predictions of a hand-written package, which are as annotated."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from mmp3d import register_all_modules
from mmp3d.datasets.release_package import ReleasedTracks
from mmp3d.engine.launch import load_config
from mmp3d.evaluation import iterate_predictions, select_evaluators
from mmp3d.evaluation.offline import evaluate_predictions
from mmp3d.evaluation.release_predictions import depth_table, released_predictions, released_sequences
from mmp3d.geometry import H36M17, MUPOTS17
from tests.shared_data import shared_path
from tests.test_datasets.scenes import ROOT, camera, person, write_mupots
from tools.evaluate_release import main

register_all_modules()
CONFIG = str(Path(__file__).parents[2] / 'configs/release_package_mupots.py')
FRAMES = 3


def people_of(people):
    """(T, N, 17, 3) mm, as `write_mupots` has them."""
    return np.array([[person(3000 + 500 * column, seed=frame) for column in range(people)] for frame in range(FRAMES)])


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(value))


def write_package(root, people):
    poses = people_of(people)
    relative = (poses - poses[:, :, ROOT : ROOT + 1]) / 1000
    half = MUPOTS17.convert(camera().project(poses), np.ones(poses.shape[:-1], bool), H36M17)[0] / 2
    for branch in ('', '_bu', '_inte'):
        write(root / f'pred{branch}/1.pkl', relative.swapaxes(-1, -2))
    for column in range(people):
        for folder in ('pred_dep', 'pred_dep_bu', 'pred_dep_inte', 'depths'):
            write(root / f'{folder}/00_{column:02d}.pkl', poses[:, column, ROOT, 2])
        others = [np.zeros((FRAMES, *shape)) for shape in ((17, 17), (16, 16), (1, 1))]
        write(root / f'est_p2ds/00_{column:02d}.pkl', [half[:, column], *others])
    return root


def test_people_stand_on_the_ray_of_their_2d_pelvis(tmp_path):
    images = released_predictions(write_package(tmp_path, 2), 1, camera(), 'td')
    assert [(image['seq_name'], image['frame_id']) for image in images] == [('TS1', 0), ('TS1', 1), ('TS1', 2)]
    for image, people in zip(images, people_of(2), strict=True):
        instances = image['instances']
        np.testing.assert_allclose(instances['keypoints_cam'], people, atol=0.05)
        np.testing.assert_allclose(instances['root_cam'], people[:, ROOT], atol=0.05)
        np.testing.assert_allclose(instances['keypoints'], camera().project(people), atol=1e-3)
        assert instances['track_ids'].tolist() == [0, 1]
        assert instances['source'].tolist() == ['td', 'td']


def test_a_prediction_file_is_scored_under_both_protocols(tmp_path, capsys):
    write_mupots(tmp_path / 'MuPoTS', {'TS1': FRAMES}, people=1)
    package, file = write_package(tmp_path / 'package', 1), tmp_path / 'release.json.gz'
    options = [f'test_dataloader.dataset.data_root={tmp_path / "MuPoTS"}']
    main([str(package), '--config', CONFIG, '--out', str(file), '--cfg-options', *options])
    assert '3 images' in capsys.readouterr().out
    cfg = load_config(CONFIG, {'test_dataloader.dataset.data_root': str(tmp_path / 'MuPoTS')})
    scores, reports = evaluate_predictions(cfg, iterate_predictions(file), select_evaluators(cfg))
    for metric in ('ReleasePCK', 'ReleasePCKabs', 'PCK', 'PCKabs'):
        assert scores[f'{metric}/all'] == 100
    assert 'as predicted' in str(reports['ReleasePCKabs'])
    with pytest.raises(ValueError, match='has no TS1, found TS2'):
        write_mupots(tmp_path / 'other', {'TS2': FRAMES}, people=1)
        options = [f'test_dataloader.dataset.data_root={tmp_path / "other"}']
        main([str(package), '--config', CONFIG, '--out', str(file), '--cfg-options', *options])


def test_depth_errors_are_means_of_sequences():
    def tracks(*errors):
        true = np.array([[3000.0, 4000.0]])
        return ReleasedTracks(np.zeros((1, 2, 17, 3)), true + np.array([errors]), true)

    rows = dict(depth_table({'td': [tracks(100, -200), tracks(0, 300)]}).rows)
    np.testing.assert_allclose(rows['td'], [150, 50, 75])
    np.testing.assert_allclose(rows['annotated mean'], [500, 0, 0])


def test_wrong_packages_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='pred_inte: no files such as'):
        released_sequences(tmp_path)
    write_package(tmp_path, 1)
    assert released_sequences(tmp_path) == [1]
    with pytest.raises(ValueError, match='--config and --out go together'):
        main([str(tmp_path), '--out', str(tmp_path / 'a.json')])
    others = [np.zeros((2, *shape)) for shape in ((17, 17), (16, 16), (1, 1))]
    write(tmp_path / 'est_p2ds/00_00.pkl', [np.zeros((2, 17, 2)), *others])
    with pytest.raises(ValueError, match='3D poses of 3 frames, and 2D poses of person 0 in 2'):
        released_predictions(tmp_path, 1, camera())


def test_depths_of_the_authors_own_files(capsys):
    main([str(shared_path('real/samples/mupots/3dmpp_artifacts')), '--sequences', '18'])
    assert 'annotated mean' in capsys.readouterr().out

"""The metrics find what they need in the items of JTA, 3DPW and Human3.6M: perfect predictions get perfect scores."""

from __future__ import annotations

import numpy as np
import pytest
from mmengine.config import Config
from mmpose.registry import DATASETS

import mmp3d
from mmp3d.evaluation.offline import evaluate_predictions
from mmp3d.evaluation.selection import select_evaluators
from mmp3d.geometry import MUPOTS17
from tests.test_datasets.layouts import h36m_content, jta_rows, pw3d_content, write_h36m, write_jta, write_pw3d

ROOT = MUPOTS17.root_index


def jta(root) -> dict:
    write_jta(root, {256: jta_rows(6, 3), 258: jta_rows(4, 1)}, split='test')
    return dict(type='JTADataset', split='test', data_root=str(root), needs_images=False, test_mode=True)


def pw3d(root) -> dict:
    write_pw3d(root, {'downtown_a_00': pw3d_content(), 'downtown_b_00': pw3d_content(3, 1)}, images=False)
    return dict(type='PW3DDataset', split='test', data_root=str(root), needs_images=False, test_mode=True)


def h36m(root) -> dict:
    write_h36m(root, {subject: h36m_content(subject) for subject in (9, 11)})
    return dict(type='H36MDataset', split='test', data_root=str(root), needs_images=False, test_mode=True)


def scores(config: dict, *metrics: str, shift: float = 0.0) -> tuple[dict, dict]:
    """Scores and reports of predictions that are the annotation, moved by ``shift`` mm in depth."""
    mmp3d.register_all_modules()
    predictions = []
    for item in DATASETS.build(config):
        points = item['keypoints_cam'] + [0, 0, shift]
        instances = {
            'keypoints': item['keypoints'], 'keypoint_scores': item['keypoints_3d_valid'], 'keypoints_cam': points,
            'root_cam': points[:, ROOT], 'keypoints_3d': points - points[:, [ROOT]], 'bboxes': item['bbox'],
            'bbox_scores': np.ones(len(points)), 'track_ids': item['track_ids'],
        }  # fmt: skip
        names = {key: item[key] for key in ('img_id', 'seq_name', 'frame_id')}
        predictions.append(dict(names, instances={name: np.asarray(value) for name, value in instances.items()}))
    cfg = Config(dict(test_dataloader=dict(dataset=config)))
    return evaluate_predictions(cfg, predictions, select_evaluators(cfg, list(metrics)))


def test_jta(tmp_path):
    found, _ = scores(jta(tmp_path), 'F1@0.4', 'Tracking3D', 'AP25root', 'PCKabs')
    for name in ('F1@0.4/F1', 'F1@0.4/precision', 'F1@0.4/recall', 'Tracking3D/IDF1', 'Tracking3D/MOTA', 'PCKabs/all'):
        assert found[name] == pytest.approx(100), name
    assert found['Tracking3D/switches'] == 0 and found['Tracking3D/MOTP'] == pytest.approx(0, abs=1e-3)


def test_jta_far_away(tmp_path):
    found, _ = scores(jta(tmp_path), 'F1@0.4', shift=3e5)
    assert found['F1@0.4/F1'] == 0


def test_pw3d(tmp_path):
    found, reports = scores(pw3d(tmp_path), 'PW3DMPJPE', 'AccelerationError')
    assert found['PW3DMPJPE/MPJPE'] == pytest.approx(0, abs=1e-3) and found['PW3DMPJPE/recall'] == 100
    assert found['PW3DMPJPE/PA-MPJPE'] == pytest.approx(0, abs=1e-2)
    assert found['AccelerationError/acceleration'] == pytest.approx(0, abs=1e-2)
    assert list(reports['PW3DMPJPE']['tables'][1]['rows']) == ['downtown_a_00', 'downtown_b_00']


@pytest.mark.parametrize('people', [1, 2])
def test_pw3d_overlap(tmp_path, people):
    write_pw3d(tmp_path, {'a': pw3d_content(3, people)}, images=False)
    found, _ = scores(dict(type='PW3DDataset', split='test', data_root=str(tmp_path), needs_images=False), 'PW3DMPJPE')
    assert np.isnan(found['PW3DMPJPE/MPJPE/overlap']) == (people == 1)


def test_h36m(tmp_path):
    found, reports = scores(h36m(tmp_path), 'H36MMPJPE')
    for error in ('MPJPE', 'N-MPJPE', 'MPJPE-abs', 'MRPE', 'velocity'):
        assert found[f'H36MMPJPE/{error}'] == pytest.approx(0, abs=1e-2), error
    assert found['H36MMPJPE/recall'] == 100
    assert list(reports['H36MMPJPE']['tables'][0]['rows']) == ['Directions', 'Sitting', 'mean of actions']


def test_h36m_shifted(tmp_path):
    found, _ = scores(h36m(tmp_path), 'H36MMPJPE', shift=50)
    assert found['H36MMPJPE/MPJPE-abs'] == pytest.approx(50, abs=1e-2)
    assert found['H36MMPJPE/MPJPE'] == pytest.approx(0, abs=1e-2)

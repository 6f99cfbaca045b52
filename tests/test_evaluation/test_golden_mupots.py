"""Agreement with the official MATLAB evaluation and with RootNet's AP, on their inputs and outputs."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmp3d.datasets import MuPoTSDataset
from mmp3d.evaluation import (
    PCK,
    AUCrel,
    PCKabs,
    ReleaseAUC,
    ReleaseAUCabs,
    RootAP,
    read_predictions,
    write_predictions,
)
from mmp3d.evaluation.functional import nearest_roots, pad_people, precision_recall, rank_true_positives
from mmp3d.evaluation.offline import evaluate_predictions
from tests.shared_data import shared_path
from tests.test_evaluation.scenes import PELVIS, evaluate, golden_samples

METRICS = {'PCK': (PCK, 'rel', 'pck_smap'), 'PCKabs': (PCKabs, 'abs', 'pck_smap'),
           'AUCrel': (AUCrel, 'rel', 'auc_smap_0to150')}  # fmt: skip


@pytest.fixture(scope='module')
def folder() -> Path:
    return shared_path('golden/mupots/A')


@pytest.fixture(scope='module')
def samples(folder) -> list[dict]:
    return golden_samples(folder)


@pytest.mark.parametrize('skeleton', ['univ_annot3', 'annot3'])
@pytest.mark.parametrize('name', METRICS)
def test_official_tables(name, skeleton, folder, samples):
    collector, position, table = METRICS[name]
    golden = json.loads((folder / 'expected_official_matlab.json').read_text())
    metric = collector(skeleton=skeleton)
    scores = evaluate(metric, samples)
    for mode, printed in zip(('all', 'matched'), metric.report['tables'], strict=True):
        expected = np.array(golden[f'{position}_{mode}_{skeleton}'][table])
        found = np.array(list(printed['rows'].values()))
        np.testing.assert_allclose(found[:-1], expected, rtol=1e-9)
        np.testing.assert_allclose(found[-1], expected.mean(axis=0), rtol=1e-9)
        assert scores[f'{name}/{mode}'] == pytest.approx(expected[:, -1].mean(), rel=1e-9)


@pytest.mark.parametrize('skeleton', ['univ_annot3', 'annot3'])
@pytest.mark.parametrize(('metric', 'position'), [(ReleaseAUC, 'rel'), (ReleaseAUCabs, 'abs')])
def test_official_errors_on_the_release_grid(metric, position, skeleton, folder, samples):
    golden = json.loads((folder / 'expected_official_matlab.json').read_text())
    options = {} if position == 'rel' else {'depth_fit': 'none', 'gt_ray': False}
    scores = evaluate(metric(match='2d', align='bone', skeleton=skeleton, prefix='AUC', **options), samples)
    for mode in ('all', 'matched'):
        expected = golden[f'{position}_{mode}_{skeleton}']['AUC_all_MEAN_over_seq_0to195']
        assert scores[f'AUC/{mode}'] == pytest.approx(100 * expected, rel=1e-9)


def test_recall_is_matched_over_annotated(folder, samples):
    golden = json.loads((folder / 'expected_official_matlab.json').read_text())['rel_all_univ_annot3']
    annotated, undetected = np.array(golden['annotated_per_seq']), np.array(golden['undetected_per_seq'])
    assert evaluate(PCK(), samples)['PCK/recall'] == pytest.approx(100 * (1 - undetected / annotated).mean())


@pytest.mark.parametrize('radius', [50, 100, 150, 200, 250, 500])
def test_rootnet_average_precision(radius, folder, samples):
    golden = json.loads((folder / 'expected.json').read_text())['rootnet'][f'AP_root_{radius}mm']
    metric = RootAP(radius=radius)
    scores = evaluate(metric, samples)
    assert scores[f'AP{radius // 10}root/AP'] == pytest.approx(100 * golden['AP_root'], rel=1e-9)
    counts = metric.report['tables'][0]['rows']['whole set'][1:]
    assert counts == [golden['tp'], golden['fp'], golden['gt_num']]


def test_rootnet_precision_and_recall_after_each_detection(folder, samples):
    golden = json.loads((folder / 'expected.json').read_text())['rootnet']
    samples = [sample for sample in samples if (sample['gt_instances']['person_valid'] > 0).any()]
    roots, present = pad_people([sample['pred_instances']['root_cam'] for sample in samples])
    people = [sample['gt_instances'] for sample in samples]
    gt, annotated = pad_people([of['keypoints_cam'][of['person_valid'] > 0, PELVIS] for of in people])
    nearest, distances = nearest_roots(roots, gt, annotated)
    nearest += np.arange(len(nearest))[:, None] * annotated.shape[1]
    scores = np.concatenate([sample['pred_instances']['bbox_scores'] for sample in samples])
    right, _ = rank_true_positives(scores, nearest[present], distances[present], 250.0)
    curve = precision_recall(right, int(annotated.sum()))
    for name, found in zip(('precision', 'recall'), curve, strict=True):
        np.testing.assert_allclose(found, golden['curve_250mm'][name], rtol=1e-9)


def test_rootnet_average_precision_of_each_sequence(folder, samples):
    golden = json.loads((folder / 'expected.json').read_text())['rootnet']['AP_root_250mm_per_seq']
    metric = RootAP()
    evaluate(metric, samples)
    rows = metric.report['tables'][0]['rows']
    found = [rows[f'TS{number}'][0] / 100 for number in range(1, 21)]
    np.testing.assert_allclose(found, golden, rtol=1e-9)


@pytest.fixture
def data_root(folder, tmp_path) -> Path:
    """The golden annotations as the official data set lies on disk, with one image a sequence for its size."""
    for annotations in (folder / 'MultiPersonTestSet').iterdir():
        sequence = tmp_path / 'MultiPersonTestSet' / annotations.name
        sequence.mkdir(parents=True)
        for name in ('annot.mat', 'occlusion.mat'):
            (sequence / name).symlink_to(annotations / name)
        square = int(annotations.name.removeprefix('TS')) <= 5
        cv2.imwrite(str(sequence / 'img_000000.jpg'), np.zeros((2048, 2048) if square else (1080, 1920), np.uint8))
    return tmp_path


def test_prediction_file_against_the_data_set_gives_the_official_figures(folder, samples, data_root):
    images = [{**sample, 'instances': sample['pred_instances']} for sample in samples]
    write_predictions(data_root / 'predictions.json', images)
    dataset = {'type': MuPoTSDataset.__name__, 'data_root': str(data_root)}
    names = (*METRICS, 'AP25root')
    scores, _ = evaluate_predictions(
        Config({'test_dataloader': {'dataset': dataset}}),
        read_predictions(data_root / 'predictions.json'),
        [{'type': name} for name in names],
    )
    golden = json.loads((folder / 'expected_official_matlab.json').read_text())
    for name, (_, position, table) in METRICS.items():
        for mode in ('all', 'matched'):
            expected = np.array(golden[f'{position}_{mode}_univ_annot3'][table])[:, -1].mean()
            assert scores[f'{name}/{mode}'] == pytest.approx(expected, rel=1e-9)
    golden = json.loads((folder / 'expected.json').read_text())['rootnet']['AP_root_250mm']
    assert scores['AP25root/AP'] == pytest.approx(100 * golden['AP_root'], rel=1e-9)

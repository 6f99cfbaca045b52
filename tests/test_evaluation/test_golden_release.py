"""Agreement with the evaluation code of the paper's release, on its inputs and outputs."""

import json
from pathlib import Path

import numpy as np
import pytest

from mmp3d.evaluation import PCK, PCKabs
from mmp3d.evaluation.functional import auc_credit, average_scores, pad_people, pck_credit, sequence_scores
from mmp3d.evaluation.functional.release_alignment import align_as_released
from mmp3d.evaluation.functional.release_depth import errors_on_rays, rays
from mmp3d.evaluation.functional.release_matching import match_people_by_shape
from mmp3d.evaluation.metrics.release import (
    RELEASE_AUC_THRESHOLDS,
    ReleaseAUC,
    ReleaseAUCabs,
    ReleasePCK,
    ReleasePCKabs,
)
from tests.shared_data import shared_path
from tests.test_evaluation.scenes import PELVIS, evaluate, golden_samples

GOLDEN_ALIGN = {'bone': 'bone_port', 'procrustes': 'procrustes', 'none': 'none'}


@pytest.fixture(scope='module')
def folder() -> Path:
    return shared_path('golden/mupots/A')


@pytest.fixture(scope='module')
def golden(folder) -> dict:
    return json.loads((folder / 'expected.json').read_text())


@pytest.fixture(scope='module')
def samples(folder) -> list[dict]:
    """The golden images; each prediction has the track of the person whose depth the release divides by."""
    predictions = np.load(folder / 'predictions.npz')
    samples = golden_samples(folder)
    for sample in samples:
        of_image = predictions['image_id'] == sample['img_id']
        depths = sample['gt_instances']['keypoints_cam'][:, PELVIS, 2]
        owners = np.abs(predictions['gt_depth_for_ratio'][of_image][:, None] - depths).argmin(axis=1)
        sample['pred_instances']['track_ids'] = owners
        sample['gt_instances']['track_ids'] = np.arange(len(depths))
    return samples


@pytest.fixture(scope='module')
def scored(samples, folder) -> dict[str, np.ndarray]:
    """People of the golden set as arrays: what the release's evaluation sees of each."""
    people = [sample['gt_instances'] for sample in samples]
    gt, present = pad_people([person['keypoints_cam'][person['person_valid'] == 1] for person in people])
    pred, pred_present = pad_people([sample['pred_instances']['keypoints_cam'] for sample in samples])
    first = np.cumsum([0, *(len(sample['pred_instances']['keypoints_cam']) for sample in samples)])
    matches = match_people_by_shape(pred, gt, pred_present, present)
    frames, _ = np.nonzero(present)
    found = matches[present] >= 0
    files = np.load(folder / 'predictions.npz')
    rows = (first[frames] + matches[present])[found]
    return {
        'matches': [own[there].tolist() for own, there in zip(matches, present, strict=True) if there.any()],
        'sequence': np.array([int(sample['seq_name'][2:]) - 1 for sample in samples])[frames],
        'found': found,
        'pred': files['pose'].transpose(0, 2, 1)[rows],
        'gt': gt[present][found],
        'depths': files['root_depth'][rows],
        'owned': files['gt_depth_for_ratio'][rows],
    }


def golden_errors(scored: dict, position: str, align: str) -> np.ndarray:
    """(N, 17) mm of all scored people, infinite where nobody matched."""
    offsets = align_as_released(scored['pred'], scored['gt'], align)
    roots = scored['gt'][:, PELVIS]
    errors = np.full((len(scored['found']), 17), np.inf)
    if position == 'rel':
        errors[scored['found']] = np.linalg.norm(offsets, axis=-1)
    else:
        errors[scored['found']] = errors_on_rays(offsets, rays(roots, scored['owned']), scored['depths'], roots)
    return errors


def test_golden_matches(golden, scored):
    assert scored['matches'] == [image['match'] for image in golden['matches']]


@pytest.mark.parametrize('align', GOLDEN_ALIGN)
@pytest.mark.parametrize('position', ['rel', 'abs'])
def test_golden_functions(position, align, golden, scored, folder):
    errors = golden_errors(scored, position, GOLDEN_ALIGN[align])
    expected = np.load(folder / 'per_joint_errors.npz')[f'{position}_{align}']
    np.testing.assert_allclose(errors[scored['found']], expected[scored['found']], atol=2e-3)
    auc = auc_credit(errors, RELEASE_AUC_THRESHOLDS)
    for mode, weight in (('all', np.ones(errors.shape)), ('matched', np.tile(scored['found'][:, None], 17))):
        table = golden['author'][f'{position}_{align}_{mode}']
        counted = weight, scored['sequence'], 20

        def curve(threshold, counted=counted):
            return sequence_scores(pck_credit(errors, threshold), *counted)[:, -1]

        found = {
            'pck_per_seq': sequence_scores(pck_credit(errors), *counted),
            'auc_per_seq': sequence_scores(auc, *counted)[:, :-1],
            'auc_all_joints_per_seq_derived_from_curve': sequence_scores(auc, *counted)[:, -1],
            'pck_all_curve_per_seq': np.stack(list(map(curve, RELEASE_AUC_THRESHOLDS)), axis=1),
            'PCK_MEAN': average_scores(pck_credit(errors), *counted)[-1],
        }
        for name, scores in found.items():
            np.testing.assert_allclose(scores / 100, table[name], rtol=1e-9, err_msg=f'{mode} {name}')
        pooled = [average_scores(credit, *counted, 'pooled') / 100 for credit in (pck_credit(errors), auc)]
        np.testing.assert_allclose(pooled[0], table['pooled']['pck'], rtol=1e-9)
        np.testing.assert_allclose(pooled[1][:-1], table['pooled']['auc'], rtol=1e-9)


def test_golden_with_the_parents_put_right(golden, scored):
    errors = golden_errors(scored, 'rel', 'bone')
    mean = average_scores(pck_credit(errors), np.ones(errors.shape), scored['sequence'], 20)[-1]
    assert mean / 100 == pytest.approx(golden['author']['rel_bone_fixedparent_all']['PCK_MEAN'], rel=1e-9)


def assert_golden_tables(pck, auc, position: str, align: str, golden: dict, samples: list[dict]) -> dict[str, float]:
    """See that scores and tables of both metrics are the release's; returns the scores."""
    scores = {**evaluate(pck, samples), **evaluate(auc, samples)}
    for mode, pck_table, auc_table in zip(('all', 'matched'), pck.report['tables'], auc.report['tables'], strict=True):
        table = golden['author'][f'{position}_{align}_{mode}']
        assert scores[f'{pck.prefix}/{mode}'] == pytest.approx(100 * table['PCK_MEAN'], rel=1e-9)
        found = np.array(list(pck_table['rows'].values()))[:-1] / 100
        np.testing.assert_allclose(found, table['pck_per_seq'], rtol=1e-9)
        found = np.array(list(auc_table['rows'].values()))[:-1] / 100
        np.testing.assert_allclose(found[:, :-1], table['auc_per_seq'], rtol=1e-9)
    return scores


@pytest.mark.parametrize('align', GOLDEN_ALIGN)
def test_golden_relative_metrics(align, golden, samples):
    metrics = ReleasePCK(align=GOLDEN_ALIGN[align]), ReleaseAUC(align=GOLDEN_ALIGN[align])
    scores = assert_golden_tables(*metrics, 'rel', align, golden, samples)
    table = golden['author'][f'rel_{align}_all']
    found = 1 - np.array(table['undetected_per_seq']) / table['annotated_per_seq']
    assert scores['ReleasePCK/recall'] == pytest.approx(100 * found.mean(), rel=1e-9)


@pytest.mark.parametrize('align', GOLDEN_ALIGN)
def test_golden_absolute_metrics(align, golden, samples):
    options = dict(align=GOLDEN_ALIGN[align], depth_fit='none', depth_of='track')
    assert_golden_tables(ReleasePCKabs(**options), ReleaseAUCabs(**options), 'abs', align, golden, samples)


@pytest.mark.parametrize(
    ('release', 'official', 'options'), [(ReleasePCK, PCK, {}), (ReleasePCKabs, PCKabs, {'gt_ray': False})]
)
def test_with_the_official_choices_it_is_the_official_metric(release, official, options, samples):
    if options:
        options = {**options, 'depth_fit': 'none'}
    ours = evaluate(release(match='2d', align='bone', skeleton='univ_annot3', **options), samples)
    theirs = evaluate(official(), samples)
    assert list(ours.values()) == pytest.approx(list(theirs.values()), rel=1e-12)

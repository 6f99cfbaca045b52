"""A data set is compared with what its release holds, and what is missing or wrong is named."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from mmp3d.datasets.inspection import RELEASES, check_dataset, findings_table, open_split, remedy_of
from mmp3d.datasets.inspection.catalogue import MUPOTS_WHOLE
from mmp3d.datasets.inspection.images import spread_rows
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import Recipe
from tests.test_datasets import layouts, scenes


def quiet(rows, **_):
    return rows


def check(name, root, **options):
    """Findings by name."""
    return {finding.name: finding for finding in check_dataset(name, root, bar=quiet, **options)}


def problems(findings):
    return {name for name, finding in findings.items() if finding.problem}


@pytest.fixture(scope='module')
def mupots(tmp_path_factory):
    root = tmp_path_factory.mktemp('mupots') / 'data'
    generate(Recipe('mupots', 2, frames=3, people=(2, 2), size=(160, 96), seed=1), root)
    return root


def muco(root, depths=((3000, 4000), (2500,), ())):
    content = scenes.muco_content([list(people) for people in depths])
    scenes.write_muco(root, content)
    return content


def test_the_numbers_of_mupots_are_those_of_its_release():
    assert (MUPOTS_WHOLE.sequences, MUPOTS_WHOLE.frames, MUPOTS_WHOLE.person_frames) == (20, 8370, 20899)


@pytest.mark.parametrize('name', RELEASES)
def test_every_split_has_its_expectation(name):
    release = RELEASES[name]
    assert release.splits.keys() == release.whole.keys()


def test_a_synthetic_data_set_is_whole_and_projects(mupots):
    findings = check('mupots', mupots)
    assert not problems(findings)
    assert findings['frames of the recipe'].found == findings['frames of the recipe'].expected == '6'
    assert findings['people, summed over frames'].found == '12'
    assert findings['people with identity'].found == '100.0%'
    assert findings['images read'].found == '6'


@pytest.mark.parametrize(
    'recipe',
    [
        Recipe('muco', 2, size=(96, 64), seed=2),
        Recipe('jta', 3, frames=1, people=(2, 3), size=(192, 108), seed=2, interactions='close'),
        Recipe('3dpw', 3, frames=2, people=(1, 2), size=(96, 64), seed=2, interactions='close'),
        Recipe('h36m', 2, frames=1, people=(1, 1), size=(100, 102), seed=2, interactions='close'),
    ],
    ids=lambda recipe: recipe.format,
)
def test_every_synthetic_data_set_is_whole_and_projects(recipe, tmp_path):
    generate(recipe, tmp_path / 'data')
    findings = check(recipe.format, tmp_path / 'data')
    assert not problems(findings)
    assert findings['frames of the recipe'].found == str(recipe.num_images)
    assert any(name.endswith('projection error, px') for name in findings)


@pytest.mark.parametrize('layout', ['muco', 'mupots', 'coco', 'jta', '3dpw'])
def test_a_synthetic_data_set_may_have_nobody_in_it(layout, tmp_path):
    generate(Recipe(layout, 5, people=(0, 0), size=(96, 64), seed=2), tmp_path / 'data')
    findings = check(layout, tmp_path / 'data')
    assert not problems(findings)
    assert findings['frames of the recipe'].found == '5'


def test_what_a_synthetic_data_set_lacks_is_named_where_frames_are_missing(tmp_path):
    root = tmp_path / 'data'
    generate(Recipe('muco', 2, size=(96, 64), seed=2), root)
    (root / 'MuCo-3DHP.json').unlink()
    findings = check('muco', root)
    assert problems(findings) == {'annotations', 'frames of the recipe'}
    assert 'MuCo-3DHP.json does not exist' in findings['annotations'].problem


def test_one_joint_that_does_not_project_is_too_many_in_synthetic_data(tmp_path):
    root = tmp_path / 'data'
    generate(Recipe('muco', 2, people=(2, 2), size=(96, 64), seed=2), root)
    content = json.loads((root / 'MuCo-3DHP.json').read_text())
    content['annotations'][0]['keypoints_img'][14][0] += 0.02
    (root / 'MuCo-3DHP.json').write_text(json.dumps(content))
    assert problems(check('muco', root)) == {'projection error, px'}


def test_a_part_of_a_real_release_is_named(mupots, tmp_path):
    real = tmp_path / 'real'
    real.mkdir()
    (real / 'MultiPersonTestSet').symlink_to(mupots / 'MultiPersonTestSet')
    findings = check('mupots', real, images=2)
    assert problems(findings) == {'sequences', 'frames', 'people, summed over frames'}
    assert findings['sequences'].problem == 'sequences missing: TS3, TS4, TS5, TS6, TS7 and 13 more'
    assert findings['frames'].problem == 'frames differ: TS1 has 3 of 201, TS2 has 3 of 251'
    assert findings['people, summed over frames'].problem == 'people, summed over frames: 20,887 missing'
    assert findings['images read'].found == '2'


def test_muco_counts_and_depths_by_hand(tmp_path):
    muco(tmp_path)
    findings = check('muco', tmp_path)
    assert not problems(findings)
    assert [findings[name].found for name in ('frames', 'people, summed over frames')] == ['3', '3']
    assert findings['frames with nobody annotated'].found == '1'
    pelvis = [scenes.person(depth, 21, seed)[scenes.ROOT, 2] / 1000 for seed, depth in enumerate((3000, 4000, 2500))]
    assert findings['depth of the pelvis, m'].found.startswith(f'{min(pelvis):.2f} to {max(pelvis):.2f}, median ')


def test_missing_and_damaged_images_are_told_apart(tmp_path):
    content = muco(tmp_path)
    paths = [tmp_path / image['file_name'] for image in content['images']]
    paths[0].unlink()
    paths[1].write_bytes(paths[1].read_bytes()[:200])
    findings = check('muco', tmp_path, images=None)
    assert problems(findings) == {'image files', 'images read'}
    assert findings['image files'].problem == f'1 image files are missing, for example {paths[0]}'
    assert findings['images read'].problem.startswith(f'1 images are damaged: cannot read image {paths[1]}')
    assert (findings['images read'].found, findings['images read'].expected) == ('1', '2')


def test_an_image_of_another_size_is_damaged(tmp_path):
    content = muco(tmp_path)
    scenes.write_image(tmp_path / content['images'][2]['file_name'], (30, 20))
    assert 'is 30x20, annotated as 64x48' in check('muco', tmp_path)['images read'].problem


def test_3d_that_does_not_project_onto_the_2d_and_metres_are_found(tmp_path):
    content = muco(tmp_path / 'shifted')
    for person in content['annotations']:
        person['keypoints_img'] = (np.array(person['keypoints_img']) + [3, 4]).tolist()
    (tmp_path / 'shifted' / 'MuCo-3DHP.json').write_text(json.dumps(content))
    findings = check('muco', tmp_path / 'shifted')
    assert problems(findings) == {'projection error, px'}
    assert findings['projection error, px'].found == 'median 5, max 5'
    content = muco(tmp_path / 'metres')
    for person in content['annotations']:
        person['keypoints_cam'] = (np.array(person['keypoints_cam']) / 1000).tolist()
    (tmp_path / 'metres' / 'MuCo-3DHP.json').write_text(json.dumps(content))
    assert problems(check('muco', tmp_path / 'metres')) == {'depth of the pelvis, m'}


def test_nobody_anywhere_lacks_the_fields(tmp_path):
    muco(tmp_path, [(), ()])
    assert problems(check('muco', tmp_path)) == {'people with 2D', 'people with 3D', 'people with camera'}


def test_annotations_that_cannot_be_read_are_a_finding(tmp_path):
    muco(tmp_path)
    (tmp_path / 'MuCo-3DHP.json').write_text('{"images": [')
    finding = check('muco', tmp_path)['annotations']
    assert finding.found == 'damaged'
    assert 'MuCo-3DHP.json' in finding.problem
    (tmp_path / 'MuCo-3DHP.json').unlink()
    assert check('muco', tmp_path)['annotations'].found == 'missing'


def test_each_split_is_checked_and_named(tmp_path):
    generate(Recipe('coco', 12, people=(1, 2), size=(96, 64), seed=2), tmp_path / 'coco')
    findings = check('coco', tmp_path / 'coco')
    assert not problems(findings)
    assert (findings['train: frames'].found, findings['val: frames'].found) == ('10', '2')
    assert findings['frames of the recipe'].found == '12'
    assert not any(name.startswith('val') for name in check('coco', tmp_path / 'coco', splits=['train']))
    (tmp_path / 'coco' / 'synthetic.json').unlink()
    findings = check('coco', tmp_path / 'coco')
    assert findings['train: frames'].problem == 'frames: 118,277 missing'
    (tmp_path / 'coco' / 'annotations' / 'person_keypoints_val2017.json').unlink()
    assert 'person_keypoints_val2017.json' in check('coco', tmp_path / 'coco')['val: annotations'].problem


def test_a_part_of_jta(tmp_path):
    layouts.write_jta(tmp_path, {3: layouts.jta_rows(2, 2)}, images=1)
    findings = check('jta', tmp_path)
    assert findings['train: sequences'].problem.startswith(
        'sequences missing: seq_0, seq_1, seq_2, seq_4, seq_5 and 250'
    )
    assert findings['train: frames'].problem == 'frames differ: seq_3 has 2 of 900'
    assert findings['train: image files'].problem.startswith('1 image files are missing, for example ')
    assert {findings[f'{split}: annotations'].found for split in ('val', 'test')} == {'missing'}
    assert not findings['train: projection error, px'].problem
    assert findings['train: people with identity'].found == '100.0%'


def test_a_part_of_3dpw(tmp_path):
    layouts.write_pw3d(tmp_path, {'a_00': layouts.pw3d_content(2, 2)})
    findings = check('3dpw', tmp_path, splits=['test'])
    assert problems(findings) == {'test: sequences'}
    assert (findings['test: sequences'].found, findings['test: sequences'].expected) == ('1', '24')
    assert findings['test: images read'].found == '2'


def test_a_part_of_human36m(tmp_path):
    layouts.write_h36m(tmp_path, {9: layouts.h36m_content(9, {(2, 1): 1})}, images=True)
    findings = check('h36m', tmp_path, splits=['test'])
    assert problems(findings) == {'test: sequences'}
    assert (findings['test: frames'].found, findings['test: images read'].found) == ('4', '4')


def test_a_synthetic_data_set_that_lacks_frames_is_found(mupots, tmp_path):
    note = json.loads((mupots / 'synthetic.json').read_text())
    (tmp_path / 'synthetic.json').write_text(json.dumps(dict(note, units=3)))
    (tmp_path / 'MultiPersonTestSet').symlink_to(mupots / 'MultiPersonTestSet')
    assert problems(check('mupots', tmp_path)) == {'frames of the recipe'}
    (tmp_path / 'synthetic.json').write_text('{')
    with pytest.raises(ValueError, match='synthetic.json: not the note of a synthetic data set'):
        check('mupots', tmp_path)


def test_mistakes_are_named(mupots, tmp_path):
    with pytest.raises(FileNotFoundError, match='no folder .*nowhere'):
        check('muco', tmp_path / 'nowhere')
    with pytest.raises(ValueError, match="holds synthetic data in the format 'mupots', not 'muco'"):
        check('muco', mupots)
    with pytest.raises(ValueError, match=r"split must be one of \('test',\), which is what mupots has; got 'train'"):
        open_split('mupots', mupots, 'train')
    with pytest.raises(ValueError, match="data set must be one of .*'muco'.*got 'imagenet'"):
        check('imagenet', mupots)
    assert 'vcai.mpi-inf.mpg.de' in remedy_of('mupots')


def test_the_table_lists_all_and_then_the_problems(tmp_path):
    muco(tmp_path)
    cv2.imwrite(str(tmp_path / 'augmented_set' / '000001.jpg'), np.zeros((5, 6, 3), np.uint8))
    text = findings_table(check_dataset('muco', tmp_path, bar=quiet))
    lines = text.splitlines()
    assert lines[0].split() == ['check', 'found', 'expected']
    assert [line for line in lines if line.endswith('WRONG')][0].split()[:2] == ['images', 'read']
    assert lines[-1].startswith('- 1 images are damaged: image ')


@pytest.mark.parametrize('wanted', [1, 2, 3, 7, None, 20])
def test_sampled_rows_are_different_and_reach_the_ends(wanted):
    rows = list(range(10, 20))
    picked = spread_rows(rows, wanted)
    assert len(set(picked)) == len(picked) == min(wanted or 10, 10)
    assert picked[0] == 10
    assert wanted == 1 or picked[-1] == 19
    assert spread_rows([], wanted) == []

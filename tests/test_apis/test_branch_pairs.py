"""Both branches' people beside the true ones, written once, whole or not at all, gone on with after an interruption."""

import shutil

import numpy as np
import pytest

from mmp3d import register_all_modules
from mmp3d.apis import branch_pairs
from mmp3d.apis.branch_pairs import write_branch_pairs
from mmp3d.datasets.branch_pairs import BRANCH_PAIRS
from mmp3d.engine.launch import load_config
from mmp3d.geometry import MUPOTS17
from mmp3d.models.sub_models import shipped_file
from mmp3d.pipeline.bottom_up import BottomUpBranch
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import CLOSE, Recipe

register_all_modules()
ROOT = MUPOTS17.root_index


@pytest.fixture(scope='module')
def roots(tmp_path_factory):
    """Two folders of one sequence of four frames."""
    folder = tmp_path_factory.mktemp('data')
    for seed in (5, 6):
        recipe = Recipe('mupots', 1, frames=4, people=(2, 3), size=(384, 256), seed=seed, interactions=CLOSE)
        generate(recipe, folder / str(seed))
    return [folder / '5', folder / '6']


def config(**options):
    return load_config(str(shipped_file('configs/tdbu_tiny_mupots.py')), options)


@pytest.fixture(scope='module')
def written(roots, tmp_path_factory):
    out = tmp_path_factory.mktemp('pairs') / 'pairs.npz'
    write_branch_pairs(config(), roots, out)
    return out


def test_pairs_are_of_people_who_are_annotated(written, roots):
    header, columns, offsets = BRANCH_PAIRS.load(written)
    assert set(header['networks']) == {'people_2d', 'bottom_up', 'lifter'}
    assert len(header['data']) == 2
    assert 4 <= len(offsets) - 1 <= 8
    assert not written.with_name('pairs.npz.stages').exists()
    truth = columns['keypoints_cam'][:, 0, ROOT]
    for name in ('top_down', 'bottom_up'):
        seen = (columns[f'{name}_scores'] > 0).any(axis=(1, 2))
        assert seen.any()
        rays = [points[seen, :2] / points[seen, 2:] for points in (columns[name][:, 0, ROOT], truth)]
        assert np.abs(rays[0] - rays[1]).max() < 0.3


def test_a_run_that_was_ended_goes_on(written, roots, tmp_path, monkeypatch):
    calls, find = [], BottomUpBranch.start

    def dies(self, chunk, *rest):
        if len(calls) == 1:
            raise KeyboardInterrupt
        calls.append(chunk)
        return find(self, chunk, *rest)

    out = tmp_path / 'pairs.npz'
    monkeypatch.setattr(BottomUpBranch, 'start', dies)
    with pytest.raises(KeyboardInterrupt):
        write_branch_pairs(config(), roots, out)
    assert not out.exists()
    monkeypatch.setattr(BottomUpBranch, 'start', lambda self, *rest: (calls.append(rest), find(self, *rest))[1])
    write_branch_pairs(config(), roots, out)
    assert len(calls) == 2
    for name, values in BRANCH_PAIRS.load(written)[1].items():
        np.testing.assert_array_equal(BRANCH_PAIRS.load(out)[1][name], values)
    write_branch_pairs(config(), roots, out)
    assert len(calls) == 2


def test_pairs_of_other_data_or_settings_are_kept_unless_asked(written, roots, tmp_path):
    out = shutil.copy(written, tmp_path / 'pairs.npz')
    with pytest.raises(ValueError, match='another data; give another --out'):
        write_branch_pairs(config(), roots[:1], out)
    with pytest.raises(ValueError, match='another settings'):
        write_branch_pairs(config(), roots, out, every=2)
    write_branch_pairs(config(), roots[:1], out, every=2, overwrite=True)
    assert len(BRANCH_PAIRS.load(out)[2]) - 1 <= 2


def test_frames_between_are_not_looked_at(written, roots, tmp_path, monkeypatch):
    shown, find = [], BottomUpBranch.start
    monkeypatch.setattr(
        BottomUpBranch, 'start', lambda self, chunk, *rest: (shown.append(chunk.images), find(self, chunk, *rest))[1]
    )
    write_branch_pairs(config(), roots[:1], tmp_path / 'pairs.npz', every=3)
    (images,) = shown
    assert [image is not None for image in images] == [True, False, False, True]
    first, all_of_them = (BRANCH_PAIRS.load(path) for path in (tmp_path / 'pairs.npz', written))
    count = int(first[2][1])
    assert count == int(all_of_them[2][1])
    np.testing.assert_array_equal(first[1]['bottom_up'][:count], all_of_them[1]['bottom_up'][:count])


def test_nobody_found_is_an_error_and_leaves_no_file(roots, tmp_path, monkeypatch):
    nobody = (np.zeros(0, int), np.zeros(0, int))
    monkeypatch.setattr(branch_pairs, 'same_people', lambda people, truth: nobody)
    with pytest.raises(ValueError, match='no branch found anybody who is annotated in the 4 pictures'):
        write_branch_pairs(config(), roots[:1], tmp_path / 'pairs.npz')
    assert not (tmp_path / 'pairs.npz').exists()


def test_what_cannot_be_used_is_named(roots, tmp_path):
    out = tmp_path / 'pairs.npz'
    with pytest.raises(FileNotFoundError, match=r'no data at .*missing; python tools/make_synthetic\.py'):
        write_branch_pairs(config(), [tmp_path / 'missing'], out)
    with pytest.raises(ValueError, match='both branches'):
        write_branch_pairs(config(**{'model.settings.branches': 'top_down'}), roots, out)
    for path, every in ((tmp_path / 'pairs.json', 1), (out, 0)):
        with pytest.raises(ValueError, match=r'\*\.npz and every >= 1'):
            write_branch_pairs(config(), roots, path, every=every)


def test_a_top_down_network_must_see_every_frame(roots, tmp_path):
    top_down = dict(config='configs/td_tiny_coco.py', checkpoint='weights/td_tiny_coco.pth')
    with pytest.raises(ValueError, match='leave out --every'):
        write_branch_pairs(config(**{'model.top_down': top_down}), roots, tmp_path / 'pairs.npz', every=2)

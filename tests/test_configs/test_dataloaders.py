"""Every config's dataloaders give a batch from synthetic files, and from real ones, in the folders that they name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement

from mmp3d import register_all_modules
from mmp3d.datasets.branch_pairs import BRANCH_PAIRS
from mmp3d.datasets.measured_people import COLUMNS, write_measured_people
from mmp3d.datasets.pseudo_labels import LABELS
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import CLOSE, Recipe
from tests.shared_data import shared_path
from tests.test_datasets import layouts

register_all_modules()
CONFIGS = sorted((Path(__file__).resolve().parents[2] / 'configs').glob('*.py'))
RECIPES = {
    'MuCo': Recipe('muco', 4, people=(1, 3), size=(160, 100), seed=1, interactions=CLOSE),
    'MuPoTS': Recipe('mupots', 1, frames=3, people=(1, 3), size=(160, 96), seed=1, interactions=CLOSE),
    'JTA': Recipe('jta', 3, frames=2, people=(2, 3), size=(160, 96), seed=1, interactions=CLOSE),
    '3DPW': Recipe('3dpw', 5, frames=2, people=(1, 2), size=(160, 96), seed=1, interactions=CLOSE),
    'coco': Recipe('coco', 12, people=(1, 3), size=(160, 120), seed=1, interactions=CLOSE),
}
# The receptive field of the lifters, and one more.
H36M_FRAMES = 244


def dataloaders(*folders: str) -> list[tuple[str, str]]:
    """(config, key) of all that the configs define and that read one of some folders of ``data/``; without, of all."""
    names = []
    for path in CONFIGS:
        config = Config.fromfile(path)
        parts = {key: value for key, value in config.items() if key.endswith('_dataloader') and value is not None}
        if parts.get('test_dataloader') == parts.get('val_dataloader'):
            parts.pop('test_dataloader', None)
        names += [
            (path.name, key)
            for key, value in parts.items()
            if not folders or any(f"'data/{folder}/" in str(value) for folder in folders)
        ]
    return names


@pytest.fixture(scope='module')
def synthetic(tmp_path_factory) -> Path:
    """A working folder with ``data/`` as the configs expect it."""
    root = tmp_path_factory.mktemp('work')
    for name, recipe in RECIPES.items():
        generate(recipe, root / 'data' / name)
    for subject in (1, 9):
        content = layouts.h36m_content(subject, {(2, 1): H36M_FRAMES})
        layouts.write_h36m(root / 'data/h36m', {subject: content})
        # One picture tells a data set that needs them where they are.
        layouts.write_image(root / 'data/h36m/images' / content['data']['images'][0]['file_name'], layouts.H36M_SIZE)
    generator = np.random.default_rng(0)
    people = {name: generator.uniform(0.5, 1, (2, *shape)).astype(kind) for name, (shape, kind) in COLUMNS.items()}
    write_measured_people(root / 'data/measured_people.npz', [people, people], (160, 96))
    write_labels(root)
    return root


def write_labels(root: Path) -> None:
    """Files of pseudo-labels and of branch pairs with three people in two clips."""
    generator = np.random.default_rng(0)
    files = ((LABELS, ('ssl/virtual', 'ssl/coco')), (BRANCH_PAIRS, ('branch_pairs/train', 'branch_pairs/val')))
    for archive, names in files:
        for name in names:
            columns = {key: generator.uniform(0.5, 1, (3, 1, 17, *axes)) for key, axes in archive.columns.items()}
            archive.save(root / f'data/{name}.npz', {}, columns, np.array([0, 1, 3]))


def numbers_of(batch) -> list[np.ndarray]:
    """All arrays of a batch, whatever holds them."""
    if isinstance(batch, BaseDataElement):
        batch = list(batch.values())
    if isinstance(batch, dict):
        batch = list(batch.values())
    if isinstance(batch, (list, tuple)):
        return [array for each in batch for array in numbers_of(each)]
    return [np.asarray(batch)] if hasattr(batch, '__array__') else []


@pytest.fixture(scope='module')
def real(tmp_path_factory) -> Path:
    """The same of pieces of real data: two people on video in the layouts of MuCo and MuPoTS, and images of COCO."""
    video, coco = shared_path('real/two_person'), shared_path('real/samples/coco')
    root = tmp_path_factory.mktemp('work') / 'data'
    (root / 'coco/annotations').mkdir(parents=True)
    (root / 'MuCo').symlink_to(video / 'muco_layout')
    (root / 'MuPoTS').symlink_to(video / 'mupots_layout')
    for split in ('train2017', 'val2017'):
        (root / 'coco/annotations' / f'person_keypoints_{split}.json').symlink_to(coco / 'test_coco.json')
        (root / 'coco' / split).symlink_to(coco)
    write_labels(root.parent)
    return root.parent


def numbers_in_batch(config: str, key: str) -> list[np.ndarray]:
    """The arrays of numbers in the first batch, which is made small."""
    options = Config.fromfile(CONFIGS[0].parent / config)[key]
    options.update(batch_size=2, num_workers=0, persistent_workers=False)
    for dataset in (options.dataset, options.dataset.get('labelled', {})):
        if dataset.get('type') == 'VirtualPoseDataset':
            dataset.num_procedural = 40
    batch = next(iter(Runner.build_dataloader(options, seed=0)))
    return [array for array in numbers_of(batch) if array.dtype.kind == 'f']


@pytest.mark.parametrize(('config', 'key'), dataloaders())
def test_a_batch_comes_from_synthetic_files(synthetic, monkeypatch, config, key):
    monkeypatch.chdir(synthetic)
    arrays = numbers_in_batch(config, key)
    assert all(np.isfinite(array).all() for array in arrays)
    assert any(array.any() for array in arrays)


@pytest.mark.parametrize(('config', 'key'), dataloaders('MuCo', 'MuPoTS', 'coco'))
def test_a_batch_comes_from_real_files(real, monkeypatch, config, key):
    monkeypatch.chdir(real)
    arrays = numbers_in_batch(config, key)
    assert all(np.isfinite(array).all() for array in arrays)
    assert any(array.any() for array in arrays)

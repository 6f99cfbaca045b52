"""tools/data.py as a user runs it: what it prints, what it writes, and its exit status."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from tests.test_datasets import scenes

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'data.py'


class Ended(NamedTuple):
    status: int | str
    out: str
    err: str


@pytest.fixture
def run(capsys):
    """Run the tool's `main` in this process."""
    spec = importlib.util.spec_from_file_location('tool_data', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(*arguments):
        status = 0
        try:
            module.main([str(each) for each in arguments])
        except SystemExit as left:
            status = left.code
        except (ValueError, OSError) as error:
            status = f'{error}'
        captured = capsys.readouterr()
        return Ended(status, captured.out, captured.err)

    return call


@pytest.fixture
def muco(tmp_path):
    root = tmp_path / 'muco'
    scenes.write_muco(root, scenes.muco_content([[3000, 4000], [2500]]))
    return root


def test_check_of_a_whole_data_set_ends_in_0(run, muco):
    ended = run('check', 'muco', '--root', muco, '--images', 'all', '--workers', '2')
    assert ended.status == 0
    assert 'WRONG' not in ended.out
    assert 'images read' in ended.out
    assert '2/2' in ended.err


def test_check_of_a_damaged_one_ends_in_3_and_says_where_to_get_it(run, muco):
    (muco / 'augmented_set' / '000001.jpg').unlink()
    ended = run('check', 'muco', '--root', muco)
    assert ended.status == 3
    assert '1 image files are missing, for example' in ended.out
    assert '3DMPPE_POSENET_RELEASE' in ended.out


def test_show_writes_the_sample(run, muco, tmp_path, monkeypatch):
    out = tmp_path / 'new' / 'sample.png'
    ended = run('show', 'muco', '--root', muco, '--index', '1', '--out', out)
    assert (ended.status, ended.out.strip()) == (0, str(out))
    picture = cv2.imread(str(out))
    # 48 px high images are enlarged to 360 px, and the space stands at their right.
    assert picture.shape[0] > 360
    assert picture.shape[1] == 480 + 396
    monkeypatch.chdir(tmp_path)
    assert run('show', 'muco', '--root', muco).out.strip() == 'muco_train_0.jpg'
    assert (tmp_path / 'muco_train_0.jpg').is_file()


def test_convert_writes_the_frames_of_videos(run, tmp_path):
    path = tmp_path / 'videos' / 'val' / 'seq_257.mp4'
    path.parent.mkdir(parents=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 30, (64, 48))
    for frame in range(3):
        writer.write(np.full((48, 64, 3), 50 * frame, np.uint8))
    writer.release()
    assert run('convert', 'jta', '--root', tmp_path, '--frames', '--workers', 2).status == 0
    assert len(list((tmp_path / 'frames' / 'val' / 'seq_257').glob('*.jpg'))) == 3


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['check', 'muco', '--root', 'nowhere'], 'no folder nowhere'),
        (
            ['check', 'muco', '--root', '.', '--split', 'val'],
            "split must be one of ('train',)",
        ),
        (['show', 'muco', '--root', 'nowhere'], "data_root 'nowhere' is not an existing folder"),
        (['show', 'muco', '--root', 'muco', '--index', '2'], '--index must be 0 to 1, got 2'),
        (['show', 'muco', '--root', 'muco', '--out', 'a.txt'], 'cannot write a.txt: name a file that ends'),
        (['convert', 'muco', '--root', 'muco', '--frames'], 'only jta comes as videos'),
        (['convert', 'jta', '--root', 'muco', '--frames'], 'holds no <split>/*.mp4'),
        (['shrink', 'muco', '--root', 'muco', '--out', 'a', '--least-side', '0'], '--least-side must be a positive'),
    ],
)
def test_mistakes_are_named(run, muco, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert message in run(*arguments).status


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['check', 'imagenet', '--root', '.'], "invalid choice: 'imagenet'"),
        (['check', 'muco', '--root', '.', '--images', 'many'], 'expected a number or "all"'),
    ],
)
def test_unknown_options_end_in_2(run, arguments, message):
    ended = run(*arguments)
    assert ended.status == 2
    assert message in ended.err


def test_convert_parses_annotations_once(run, muco, tmp_path, monkeypatch):
    monkeypatch.setattr('mmp3d.datasets.cache.LEAST_BYTES', 0)
    ended = run('convert', 'muco', '--root', muco, '--out', tmp_path / 'kept')
    assert (ended.status, ended.out.strip()) == (0, 'train: 2 images')
    assert list((tmp_path / 'kept').glob('*.columns'))


def test_shrink_writes_smaller_copies(run, muco, tmp_path):
    arguments = ['shrink', 'muco', '--root', muco, '--out', tmp_path / 'small', '--least-side', 20, '--workers', 1]
    ended = run(*arguments)
    assert (ended.status, ended.out.strip()) == (0, '2 shrunk')
    assert len(list((tmp_path / 'small').rglob('*.jpg'))) == 2
    assert run(*arguments).out.strip() == '2 there already'

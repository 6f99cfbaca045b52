"""tools/convert.py from the command line to the files."""

from __future__ import annotations

import pytest

from mmp3d.apis.command import main
from mmp3d.export import read_clip, write_clip
from tests.test_export.clips import walking_clip


def convert(*given):
    """Exit status."""
    return main(['convert', *map(str, given)])


def test_one_person_of_several_is_not_written_over_all_of_them(tmp_path, capsys):
    paths = write_clip(tmp_path / 'walk.bvh', walking_clip(people=3))
    before = [path.read_bytes() for path in paths]
    assert convert(paths[0], tmp_path / 'walk.bvh', '--smooth', 'zero-phase', '--overwrite') == 1
    said = 'walk_person1.bvh is the input itself; the other 2 of '
    assert said in capsys.readouterr().err
    assert [path.read_bytes() for path in paths] == before
    for path in paths[1:]:
        path.unlink()
    assert convert(paths[0], tmp_path / 'walk.bvh', '--smooth', 'zero-phase', '--overwrite') == 0
    assert [path.name for path in tmp_path.iterdir()] == ['walk_person1.bvh']


def test_a_folder_in_place_of_a_file_is_named_before_any_is_written(tmp_path, capsys):
    (given,) = write_clip(tmp_path / 'walk.json', walking_clip())
    (tmp_path / 'walk_person9.bvh').mkdir()
    assert convert(given, tmp_path / 'walk.bvh', '--overwrite') == 0
    (tmp_path / 'walk_person4.trc').mkdir()
    assert convert(given, tmp_path / 'walk.trc', '--overwrite') == 1
    assert 'walk_person4.trc is a folder; rename it' in capsys.readouterr().err
    assert not (tmp_path / 'walk_person1.trc').exists()


@pytest.mark.parametrize('suffix', ['bvh', 'trc'])
def test_an_id_that_no_tracker_gave_comes_back_and_is_replaced(tmp_path, suffix):
    clip = walking_clip(people=1)
    (path,) = write_clip(tmp_path / f'walk.{suffix}', clip.replaced(track_ids=clip.track_ids * 0 - 1))
    assert read_clip(path).track_ids.tolist() == [-1]
    (given,) = write_clip(tmp_path / 'walk.json', clip)
    assert convert(given, tmp_path / f'walk.{suffix}', '--overwrite') == 0
    assert not path.exists() and (tmp_path / f'walk_person1.{suffix}').exists()

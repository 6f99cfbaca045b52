"""Annotations are parsed once; the next run reads what was kept."""

import pytest

from mmp3d.datasets import cache
from mmp3d.datasets.inspection import convert_annotations, open_split
from tests.test_datasets import layouts, scenes


@pytest.fixture(autouse=True)
def small_files_are_kept(monkeypatch):
    monkeypatch.setattr(cache, 'LEAST_BYTES', 0)


def quiet(rows, **_):
    return rows


def test_the_cache_is_filled_and_used(tmp_path):
    scenes.write_muco(tmp_path, scenes.muco_content([[3000], [2500, 4000]]))
    assert convert_annotations('muco', tmp_path, bar=quiet) == {'train': 2}
    kept = [path for path in (tmp_path / '.mmp3d_cache').iterdir() if path.suffix == '.columns']
    assert len(kept) == 1
    written = kept[0].stat().st_mtime_ns
    assert convert_annotations('muco', tmp_path, bar=quiet) == {'train': 2}
    assert kept[0].stat().st_mtime_ns == written


def test_another_folder_and_only_the_splits_that_are_there(tmp_path):
    layouts.write_jta(tmp_path / 'jta', {0: layouts.jta_rows(2, 2)}, images=2)
    out = tmp_path / 'kept'
    assert convert_annotations('jta', tmp_path / 'jta', out=out, bar=quiet) == {'train': 2}
    assert list(out.glob('*.columns'))
    assert not (tmp_path / 'jta' / '.mmp3d_cache').exists()
    assert len(open_split('jta', tmp_path / 'jta', 'train', annotation_cache=str(out))) == 2
    with pytest.raises(FileNotFoundError):
        convert_annotations('jta', tmp_path / 'jta', ['val'], bar=quiet)
    with pytest.raises(FileNotFoundError, match='nowhere'):
        convert_annotations('jta', tmp_path / 'nowhere', bar=quiet)

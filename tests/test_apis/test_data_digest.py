"""What tells data from other data."""

import pytest

from mmp3d.apis.data_digest import data_digest


def test_names_and_sizes_count_and_hidden_files_do_not(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'x.json').write_text('{}')
    before = data_digest(tmp_path)
    (tmp_path / '.hidden').write_text('anything')
    (tmp_path / 'a' / '.cache').mkdir()
    (tmp_path / 'a' / '.cache' / 'parsed.npz').write_text('anything')
    assert data_digest(tmp_path) == before
    (tmp_path / 'a' / 'x.json').write_text('[1]')
    assert data_digest(tmp_path) != before


def test_a_file_alone_and_one_that_is_not_there(tmp_path):
    file = tmp_path / 'x.json'
    file.write_text('{}')
    assert data_digest(file) == data_digest(file)
    with pytest.raises(FileNotFoundError, match='no data at'):
        data_digest(tmp_path / 'y.json')

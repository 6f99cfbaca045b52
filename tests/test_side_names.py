"""Long names get shorter, and stay apart."""

from __future__ import annotations

import os

import pytest

from mmp3d.side_names import check_name_fits, side_name


def test_short_names_stay_and_long_ones_keep_their_ends():
    assert side_name('a' * 100) == 'a' * 100
    for name in ('a' * 101, 'a' * 250 + '.json', '名' * 79 + '_person-12.bvh', '😀' * 60):
        short = side_name(name)
        assert len(os.fsencode(short)) <= 100
        assert short[:10] == name[:10] and short[-10:] == name[-10:]
        short.encode()


def test_names_that_differ_in_the_middle_alone_stay_apart():
    names = [f'{"a" * 100}{number}{"b" * 100}' for number in range(20)]
    assert len(set(map(side_name, names))) == 20


def test_names_that_do_not_fit_are_named(tmp_path):
    check_name_fits(tmp_path / 'new' / 'folder' / ('名' * 85))
    with pytest.raises(ValueError, match='its name has 256 bytes, and the file system takes 255; give the input a sho'):
        check_name_fits(tmp_path / 'new' / ('名' * 85 + 'a'))

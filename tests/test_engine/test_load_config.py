"""Configs that cannot be read, and what is said about them."""

from __future__ import annotations

import pytest

from mmp3d.engine.launch import load_config


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('deep.json', '[' * 100_000),
        ('deep.py', 'a = ' + '(' * 100_000),
        ('half.json', '{"model": '),
        ('half.yaml', 'model: ["'),
        ('zero.py', 'width = 1 / 0'),
        ('name.py', 'width = height'),
        ('picture.py', '\x00'),
        ('config.txt', 'model = 1'),
    ],
)
def test_a_config_that_cannot_be_read_is_named(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=f'{name}: not a readable config: '):
        load_config(str(tmp_path / name))


def test_a_base_that_is_not_there_is_named(tmp_path):
    (tmp_path / 'mine.py').write_text("_base_ = ['./nowhere.py']")
    with pytest.raises(OSError, match='nowhere.py'):
        load_config(str(tmp_path / 'mine.py'))


@pytest.mark.parametrize('options', [{'model.0.width': 1}, {'steps.7': 1}, {'steps.first': 1}])
def test_options_that_do_not_fit_the_config_are_named_with_it(tmp_path, options):
    (tmp_path / 'mine.py').write_text('model = 3\nsteps = [1, 2]\n')
    with pytest.raises(ValueError, match=r'mine\.py: not a readable config: '):
        load_config(str(tmp_path / 'mine.py'), options)

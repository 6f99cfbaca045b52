"""A recorded config is read as data, the same as mmengine reads it, or refused; no line of it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.config import Config

from mmp3d.compat.plain_config import read_plain_config

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


@pytest.mark.parametrize('name', ['bu_tiny_muco', 'td_tiny_coco', 'lifting_tiny_virtual', 'tdbu_tiny_mupots'])
def test_what_mmengine_writes_is_read_as_it_was(name):
    config = Config.fromfile(CONFIGS / f'{name}.py')
    found = read_plain_config(config.pretty_text)
    expected = config.to_dict()
    expected.pop('custom_imports', None)
    assert found == expected


def test_plain_values():
    found = read_plain_config("a = dict(b=[1, -2.5], c=('x', None))\nd = {'e': {1, 2}, 3: True}\n")
    assert found == {'a': {'b': [1, -2.5], 'c': ('x', None)}, 'd': {'e': {1, 2}, 3: True}}
    assert read_plain_config('') == {}


@pytest.mark.parametrize(
    'text',
    [
        'import os',
        '__import__("os").system("true")',
        'a = __import__("os")',
        'a = dict(b=open("x", "w"))',
        'a = [each for each in ()]',
        'a = dict(**b)',
        'a = dict([1])',
        'a = {**b}',
        'a = f"{1}"',
        'a.b = 1',
        'a, b = 1, 2',
        'a = b = 1',
        'a = lambda: 1',
        'a = dict',
        'if True:\n    a = 1',
        'a = ',
        'a = {[]: 1}',
        'a = ' + '[' * 1000,
        'a = ' + '-' * 100_000 + '1',
        '\0',
        'a = "\ud800"',
    ],
)
def test_code_is_refused(text):
    with pytest.raises(ValueError, match='line 1 |it cannot be read'):
        read_plain_config(text)


def test_imports_are_left_out():
    text = "custom_imports = dict(imports=['antigravity'])\nmodel = dict(type='mmpose.TopdownPoseEstimator')\n"
    assert read_plain_config(text) == {'model': {'type': 'mmpose.TopdownPoseEstimator'}}

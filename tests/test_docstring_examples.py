"""The examples in docstrings give what they show."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import mmp3d

ROOT = Path(__file__).resolve().parents[1]
# Looked for in the text, so that a module without examples is not imported for nothing.
WITH_EXAMPLES = sorted(
    '.'.join(path.relative_to(ROOT).with_suffix('').parts)
    for path in (ROOT / 'mmp3d').rglob('*.py')
    if '>>> ' in path.read_text(encoding='utf-8') and '.mim' not in path.parts
)
ENTRY_POINTS = (
    'mmp3d.apis.inferencer', 'mmp3d.apis.lifters', 'mmp3d.evaluation.functional.pck', 'mmp3d.export.formats',
    'mmp3d.evaluation.functional.pose_errors', 'mmp3d.geometry.camera', 'mmp3d.pipeline.matching')  # fmt: skip


@pytest.mark.parametrize('name', WITH_EXAMPLES)
def test_examples(name: str, capsys: pytest.CaptureFixture) -> None:
    mmp3d.register_all_modules()
    failed, tried = doctest.testmod(import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried and not failed, capsys.readouterr().out


def test_the_entry_points_have_some() -> None:
    assert set(ENTRY_POINTS) <= set(WITH_EXAMPLES)

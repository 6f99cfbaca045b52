"""Fixtures of the tests of tools/infer.py."""

from __future__ import annotations

import pytest

from tests.test_tools.infer_scenes import write_scenes


@pytest.fixture(scope='session')
def folder(tmp_path_factory):
    """Models, a video and 2D poses."""
    return write_scenes(tmp_path_factory.mktemp('infer'))

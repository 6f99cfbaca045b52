"""Finds the reference data that lies beside a checkout and is no part of it: golden results, real images, motion."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


def shared_path(name: str) -> Path:
    """Path of a file or folder of the reference data; skips the calling test, with the reason, where it is missing.

    Args:
        name: relative path, e.g. 'golden/mupots'. Looked up in the folder that the environment variable `MMP3D_SHARED`
            names, else in `shared` beside the checkout.
    """
    folder = Path(os.environ.get('MMP3D_SHARED') or CHECKOUT.parent / 'shared')
    path = folder / name
    if not path.exists():
        pytest.skip(f'no reference data {name} (looked in MMP3D_SHARED, else in `shared` beside the checkout)')
    return path

"""`import mmp3d` is light and leaves an installed mmcv extension alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ('torch', 'torchvision', 'numpy', 'cv2', 'mmengine', 'mmcv', 'mmdet', 'mmpose')


def run(code: str, cwd: Path = ROOT) -> str:
    done = subprocess.run([sys.executable, '-c', code], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_is_light() -> None:
    assert run(f'import sys, mmp3d; print([name for name in {HEAVY} if name in sys.modules])') == '[]'


def test_finder_is_appended_last_and_once() -> None:
    code = (
        'import sys, mmp3d; from mmp3d.compat import prepare_host; prepare_host(); '
        'print([type(f).__name__ for f in sys.meta_path].count("MmcvExtFinder"), type(sys.meta_path[-1]).__name__)'
    )
    assert run(code) == '1 MmcvExtFinder'


@pytest.mark.parametrize('compiled', [True, False])
def test_compiled_extension_wins(tmp_path: Path, compiled: bool) -> None:
    package = tmp_path / 'mmcv'
    package.mkdir()
    (package / '__init__.py').touch()
    if compiled:
        (package / '_ext.py').write_text('origin = "compiled"')
    paths = [str(tmp_path), str(ROOT)]
    code = f'import sys; sys.path[:0] = {paths}; import mmp3d, mmcv._ext as e; print(e.__file__)'
    served_by_us = run(code, tmp_path).endswith('mmcv_ext.py')
    assert served_by_us is not compiled


def test_finder_serves_nothing_else() -> None:
    from mmp3d.compat.mmcv_finder import MmcvExtFinder

    assert MmcvExtFinder().find_spec('mmcv._other') is None
    assert MmcvExtFinder().find_spec('torch') is None

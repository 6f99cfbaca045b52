"""Build step that puts what mmengine looks up beside an installed package into `mmp3d/.mim`."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SHIPPED = ('model-index.yml', 'configs', 'tools', 'weights')


class BuildWithMim(build_py):
    """Copies configs, tools, weights and the model index to `mmp3d/.mim`: without a checkout, aliases are found there.

    An editable install needs none of it: mmengine takes the folder `configs` beside the package first.
    """

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            mim = Path(self.build_lib) / 'mmp3d' / '.mim'
            shutil.rmtree(mim, ignore_errors=True)  # a kept build folder may hold files that have since been removed
            mim.mkdir(parents=True)
            for name in SHIPPED:
                self._ship(ROOT / name, mim / name)

    def _ship(self, source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__', '*.pyc'))
        elif source.is_file():
            shutil.copy2(source, target)


setup(cmdclass={'build_py': BuildWithMim})

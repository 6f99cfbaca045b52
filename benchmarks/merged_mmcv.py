"""The source of a full mmcv in a form that compiles sooner: the 77 files of its operators for processors as ten.

python benchmarks/merged_mmcv.py mmcv==2.1.0 FOLDER

PyTorch's headers take longer to compile than what most files hold. Each file is still compiled once: FOLDER, which must
not exist, gets the release's source with new files that include them, for ``pip install --no-build-isolation FOLDER``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

# Files that may not stand in one with the others of their folder: they define the same names, or are long enough alone.
APART = {
    '.': (('pybind',), ('spconv_ops', 'contour_expand', 'pixel_group')),
    'cpu': (
        ('roi_align',),
        # psamask last: it defines min and max as macros.
        ('roi_align_rotated', 'modulated_deform_conv', 'psamask'),
        ('sparse_indice',),
        ('sparse_maxpool',),
        ('sparse_reordering', 'rotated_feature_align'),
        ('deform_conv',),
    ),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Download, unpack and merge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('requirement', help='mmcv==2.1.0')
    parser.add_argument('folder', type=Path)
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=args.folder.parent) as temporary:
        alone = ['--no-deps', '--no-build-isolation', '--no-binary', ':all:']
        pip = [sys.executable, '-m', 'pip', 'download', *alone, '-d', temporary, args.requirement]
        subprocess.run(pip, check=True)
        (archive,) = Path(temporary).glob('*.tar.gz')
        with tarfile.open(archive) as file:
            file.extractall(temporary, filter='data')
        (source,) = (path for path in Path(temporary).iterdir() if path.is_dir())
        merge(source / 'mmcv' / 'ops' / 'csrc' / 'pytorch')
        source.rename(args.folder)


def merge(folder: Path) -> None:
    """Put the operators' files of a folder, and of ``cpu`` in it, together; the files get another ending."""
    for name, apart in APART.items():
        taken = {file for group in apart for file in group}
        rest = sorted(path.stem for path in (folder / name).glob('*.cpp') if path.stem not in taken)
        for number, group in enumerate((rest, *apart)):
            lines = [f'#include "{_renamed(folder / name / f"{file}.cpp")}"\n' for file in group]
            (folder / name / f'merged_{number}.cpp').write_text(''.join(lines), encoding='utf-8')


def _renamed(file: Path) -> str:
    return file.rename(file.with_suffix('.cpp.inc')).name


if __name__ == '__main__':
    main()

"""mmcv's operators in fewer files: each is in exactly one of them."""

import re

from benchmarks import merged_mmcv


def test_every_file_is_included_once_and_nothing_else_is_compiled(tmp_path):
    names = {'.': ['nms', 'tin_shift'], 'cpu': ['nms', 'pixel_group']}
    for folder, apart in merged_mmcv.APART.items():
        (tmp_path / folder).mkdir(exist_ok=True)
        names[folder] += [name for group in apart for name in group]
        for name in names[folder]:
            (tmp_path / folder / f'{name}.cpp').write_text(f'// {name}\n')
    merged_mmcv.merge(tmp_path)
    for folder, expected in names.items():
        merged = sorted((tmp_path / folder).glob('*.cpp'))
        included = [name for file in merged for name in re.findall(r'#include "(.+)\.cpp\.inc"', file.read_text())]
        assert sorted(included) == sorted(expected)
        assert len(merged) == 1 + len(merged_mmcv.APART[folder])
        assert all((tmp_path / folder / f'{name}.cpp.inc').read_text() == f'// {name}\n' for name in included)

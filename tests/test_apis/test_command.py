"""The console command: what it prints and its exit status."""

from __future__ import annotations

import io
import sys

import pytest

from mmp3d.apis import command
from mmp3d.apis.command import TOOLS, main
from mmp3d.compat.versions import HostVersionError
from mmp3d.export import read_clip, write_clip
from tests.test_export.clips import walking_clip


@pytest.mark.parametrize(
    ('arguments', 'status', 'said'),
    [
        ([], 2, 'usage'),
        (['--help'], 0, 'infer'),
        (['dance'], 2, "unknown command 'dance'"),
        (['convrt'], 2, "did you mean 'convert'?"),
        (['env', '--all'], 2, 'takes no options'),
        (['env'], 0, 'all fit'),
        (['models'], 0, 'bu-tiny, bottomup'),
        (['infer', '--help'], 0, '--camera'),
        *((([tool, '--help'], 0, f'usage: mmp3d {tool} ')) for tool in TOOLS),
        (['infer', '--help'], 0, '\nmmp3d infer [INPUT] --lift'),
        (['data', 'check', '--help'], 0, 'usage: mmp3d data check'),
        (['convert', 'nothing.json', 'out.csv'], 1, 'nothing.json'),
        (['convert', '--dance'], 2, 'usage'),
        (['infer', 'nothing.mp4'], 1, 'nothing.mp4'),
    ],
)
def test_status_and_message(capsys, arguments, status, said):
    assert main(arguments) == status
    assert said in ''.join(capsys.readouterr())


@pytest.mark.skipif(sys.platform != 'linux', reason='names that are no text are a matter of its file systems')
def test_a_name_that_is_no_text_is_printed_with_its_escapes(tmp_path, monkeypatch):
    write_clip(tmp_path / 'walk.json', walking_clip(1, 3))
    printed = io.TextIOWrapper(io.BytesIO(), encoding='utf-8')
    monkeypatch.setattr('sys.stdout', printed)
    assert main(['convert', str(tmp_path / 'walk.json'), str(tmp_path / 'a\udcff.csv')]) == 0
    printed.flush()
    assert rb'a\udcff.csv' in printed.buffer.getvalue()
    assert (tmp_path / 'a\udcff.csv').is_file()


def test_env_says_what_does_not_fit(capsys, monkeypatch):
    def misfit() -> None:
        raise HostVersionError('numpy 9: expected <2.4')

    monkeypatch.setattr(command, 'check_versions', misfit)
    assert main(['env']) == 0
    printed = capsys.readouterr().out
    assert 'numpy 9: expected <2.4' in printed and 'all fit' not in printed
    lines = dict(line.split(maxsplit=1) for line in printed.splitlines()[:10])
    assert lines['mmcv'].startswith(('mmcv-lite 2', '2.')) and lines['torch'][0] == '2'


def test_convert_smooths_scales_and_does_not_overwrite(tmp_path, capsys):
    source, target = tmp_path / 'walk.json', tmp_path / 'walk.csv'
    write_clip(source, walking_clip())
    arguments = ['convert', str(source), str(target), '--smooth', 'zero-phase', '--height', '1800']
    assert main(arguments) == 0
    assert 'mean acceleration' in capsys.readouterr().out
    clip = read_clip(target)
    assert clip.processing['scale']['height_mm'] == 1800 and clip.processing['smoothing']['method'] == 'zero-phase'
    assert main(arguments) == 1
    assert '--overwrite' in capsys.readouterr().err

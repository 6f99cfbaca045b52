"""The benchmark of the whole pipeline on a short clip: what it runs again and what it prints."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

FILE = Path(__file__).resolve().parents[2] / 'benchmarks' / 'end_to_end.py'
SPEC = importlib.util.spec_from_file_location('end_to_end', FILE)
end_to_end = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = end_to_end
SPEC.loader.exec_module(end_to_end)
FRAMES = 10


@pytest.fixture
def threads():
    """The number of threads is the test's."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize('options', [(), ('--top-down',)])
def test_the_networks_run_again_on_what_they_got(tmp_path, capsys, monkeypatch, threads, options):
    size = ['--frames', str(FRAMES), '--people', '2', '--size', '160', '100', '--rounds', '1']
    looked, image_network = [], end_to_end._image_network
    monkeypatch.setattr(
        end_to_end, '_image_network', lambda *given: looked.append(len(given[1]['inputs'])) or image_network(*given)
    )
    monkeypatch.setattr(sys, 'argv', ['end_to_end', *size, *options, '--out', str(tmp_path)])
    end_to_end.main()
    crops = sum(looked) - FRAMES
    assert crops > 0 if options else crops == 0
    said = capsys.readouterr().out
    names = [line.split('  ')[0] for line in said.splitlines()]
    first = next(number for number, name in enumerate(names) if name.startswith('round 1, '))
    assert names[0].startswith('stage')
    assert names[first + 1 : first + 5] == ['seconds', 'bare forwards', 'people only', 'with a drawn video']
    assert {'bottom-up network', 'drawing', 'encoding', *(['grouping', 'top-down network'] if options else [])} <= set(
        names
    )
    assert {path.name for path in (tmp_path / 'files').iterdir()} == {'clip.json', 'clip.mp4'}
    assert not (tmp_path / 'work').exists()

"""The notebook runs from a fresh folder to its last cell, and holds nothing of the machine that wrote it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / 'docs' / 'tutorial.ipynb'
LARGEST_FILE = 20_000


def test_it_is_small_and_stores_neither_outputs_nor_paths() -> None:
    text = NOTEBOOK.read_text(encoding='utf-8')
    code = [cell for cell in json.loads(text)['cells'] if cell['cell_type'] == 'code']
    assert code and not any(cell['outputs'] or cell['execution_count'] for cell in code)
    assert not re.search(r'["\'(](/|~|[A-Z]:\\)', text)
    assert len(text) < LARGEST_FILE


@pytest.mark.slow
def test_it_runs_from_clip_to_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = 'requirements/tests.txt has nbclient and ipykernel; they are not installed here'
    client = pytest.importorskip('nbclient', reason=reason)
    pytest.importorskip('ipykernel', reason=reason)
    nbformat = pytest.importorskip('nbformat', reason=reason)
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    monkeypatch.setenv('PYTHONPATH', str(NOTEBOOK.parents[1]))
    monkeypatch.delenv('MPLBACKEND', raising=False)  # else the kernel shows no figure
    # Jupyter's own folders, so that nothing is written to the home of whoever runs the tests.
    monkeypatch.setenv('JUPYTER_RUNTIME_DIR', str(tmp_path / 'runtime'))
    monkeypatch.setenv('IPYTHONDIR', str(tmp_path / 'ipython'))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client.NotebookClient(notebook, timeout=300, resources={'metadata': {'path': str(tmp_path)}}).execute()
    printed = ''.join(
        output.text for cell in notebook.cells for output in cell.get('outputs', []) if output.get('name') == 'stdout'
    )
    scores = dict(re.findall(r'^(PCK/all|PCKabs/all|AP25root/AP) ([\d.]+) %$', printed, re.MULTILINE))
    assert len(scores) == 3 and float(scores['PCK/all']) > 30
    assert any('image/png' in output.get('data', {}) for cell in notebook.cells for output in cell.get('outputs', []))
    page = (tmp_path / 'tutorial' / 'people.html').read_text(encoding='utf-8')
    assert 'tutorial: 3D people' in page
    assert (tmp_path / 'tutorial' / 'people.json').is_file() and list((tmp_path / 'tutorial').glob('*_person*.bvh'))

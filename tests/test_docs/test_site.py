"""The pages that the site adds, and what its Markdown needs; `make docs` checks the links of the whole."""

from __future__ import annotations

import importlib.util
from collections import Counter

import pytest
import yaml

from mmp3d.apis.model_table import markdown_table
from tests.test_docs.settings import ROOT

SPEC = importlib.util.spec_from_file_location('site_hooks', ROOT / 'docs' / 'site_hooks.py')
site_hooks = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(site_hooks)


@pytest.mark.parametrize(
    ('written', 'shown'),
    [
        ('So:\n- a\n- b\n  more\n- c', 'So:\n\n- a\n- b\n  more\n- c'),
        ('So:\n1. a\n2. b', 'So:\n\n1. a\n2. b'),
        ('```yaml\nkey:\n- a\n```', '```yaml\nkey:\n- a\n```'),
        ('So:\n\n- a', 'So:\n\n- a'),
        ('a\n-b', 'a\n-b'),
    ],
)
def test_a_list_right_below_a_paragraph_is_a_list(written: str, shown: str) -> None:
    assert site_hooks.on_page_markdown(written) == shown


def test_links_to_files_outside_lead_to_their_pages() -> None:
    text = '[w](../weights/README.md#some-part) [c](../CONTRIBUTING.md) [o](outputs.md)'
    assert site_hooks.on_page_markdown(text) == '[w](weights.md#some-part) [c](contributing.md) [o](outputs.md)'
    from_added = '[t](../docs/top_down.md#merging) [m](docs/models.md)'
    assert site_hooks.on_page_markdown(from_added) == '[t](top_down.md#merging) [m](models.md)'


def test_a_notebook_becomes_a_page() -> None:
    cells = [('markdown', ['# Title\n', '\n', 'Text.']), ('code', ['x = 1\n', 'x']), ('markdown', ['End.'])]
    page = site_hooks.notebook_page({'cells': [dict(cell_type=kind, source=source) for kind, source in cells]})
    title, note, *rest = page.split('\n\n')
    assert (title, rest) == ('# Title', ['Text.', '```python\nx = 1\nx\n```', 'End.\n'])
    assert '(tutorial.ipynb)' in note


def test_the_page_of_the_models_holds_the_index() -> None:
    page = (ROOT / 'docs' / 'models.md').read_text(encoding='utf-8')
    assert markdown_table() in page, 'python -m mmp3d.apis.model_table prints the present table'


def test_every_config_is_on_the_page_of_the_models() -> None:
    page = (ROOT / 'docs' / 'models.md').read_text(encoding='utf-8')
    assert [path.name for path in (ROOT / 'configs').glob('*.py') if f'`{path.name}`' not in page] == []


def test_the_navigation_names_each_page_once() -> None:
    nav = yaml.safe_load((ROOT / 'mkdocs.yml').read_text(encoding='utf-8'))['nav']
    counts = Counter(_pages(nav))
    assert [page for page, count in counts.items() if count > 1] == []
    assert {path.name for path in (ROOT / 'docs').glob('*.md')} <= counts.keys()


def _pages(entries: list) -> list[str]:
    """Files of the entries, those of their sections too."""
    targets = [target for entry in entries for target in entry.values()]
    return [page for each in targets for page in (_pages(each) if isinstance(each, list) else [each])]

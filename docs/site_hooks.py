"""What MkDocs does beyond docs/: pages from files elsewhere in the checkout, and the notebook as a page.

On the site, links to these files lead to their pages; in the checkout they lead to the files themselves.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PAGES = {'weights/README.md': 'weights.md', 'CHANGELOG.md': 'changes.md', 'CONTRIBUTING.md': 'contributing.md'}
NOTEBOOK = 'tutorial.ipynb'


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding='utf-8')))
    notebook = json.loads((ROOT / 'docs' / NOTEBOOK).read_text(encoding='utf-8'))
    files.append(File.generated(config, 'tutorial.md', content=notebook_page(notebook)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Links to the added pages' files, as links to the pages."""
    for source, page in PAGES.items():
        markdown = markdown.replace(f'](../{source})', f']({page})')
    return markdown


def notebook_page(notebook: dict) -> str:
    """The cells of a notebook as Markdown, its code as Python blocks."""
    cells = [(cell['cell_type'], ''.join(cell['source'])) for cell in notebook['cells']]
    parts = [f'```python\n{text}\n```' if kind == 'code' else text for kind, text in cells]
    note = f'*This page is the notebook [{NOTEBOOK}]({NOTEBOOK}); a test runs it.*'
    return re.sub(r'\A(# .+\n)', rf'\1\n{note}\n', '\n\n'.join(parts) + '\n')

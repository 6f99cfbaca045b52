"""What MkDocs does beyond docs/: pages from files elsewhere in the checkout, and the notebook as a page.

On the site, links to these files lead to their pages; in the checkout they lead to the files themselves.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parents[1]
PAGES = {'weights/README.md': 'weights.md', 'CHANGELOG.md': 'changes.md', 'CONTRIBUTING.md': 'contributing.md'}
NOTEBOOK = 'tutorial.ipynb'
LIST_ITEM = re.compile(r'([-*]|\d+\.) ')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    from mkdocs.structure.files import File

    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding='utf-8')))
    notebook = json.loads((ROOT / 'docs' / NOTEBOOK).read_text(encoding='utf-8'))
    files.append(File.generated(config, 'tutorial.md', content=notebook_page(notebook)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Markdown as GitHub reads it, for MkDocs; links to the added pages' files, and from them, lead to the pages."""
    markdown = re.sub(r'\]\((?:\.\./)?docs/([\w-]+\.md(?:#[\w-]+)?)\)', r'](\1)', markdown)
    for source, page in PAGES.items():
        markdown = re.sub(rf'\]\(\.\./{re.escape(source)}(#[\w-]+)?\)', rf']({page}\1)', markdown)
    return spaced_lists(markdown)


def spaced_lists(markdown: str) -> str:
    """An empty line before each list: MkDocs takes a list right below a paragraph for its continuation."""
    lines, in_code = [], False
    for line in markdown.split('\n'):
        if line.startswith('```'):
            in_code = not in_code
        before = lines[-1] if lines else ''
        if (
            not in_code
            and LIST_ITEM.match(line)
            and before.strip()
            and not LIST_ITEM.match(before)
            and before[0] != ' '
        ):
            lines.append('')
        lines.append(line)
    return '\n'.join(lines)


def notebook_page(notebook: dict) -> str:
    """The cells of a notebook as Markdown, its code as Python blocks."""
    cells = [(cell['cell_type'], ''.join(cell['source'])) for cell in notebook['cells']]
    parts = [f'```python\n{text}\n```' if kind == 'code' else text for kind, text in cells]
    note = f'*This page is the notebook [{NOTEBOOK}]({NOTEBOOK}); a test runs it.*'
    return re.sub(r'\A(# .+\n)', rf'\1\n{note}\n', '\n\n'.join(parts) + '\n')

"""The code blocks of the documentation run, and its commands name tools and options that exist."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from mmengine.registry import Registry
from mmpose.registry import DATASETS, MODELS

import mmp3d
from tests.test_docs.settings import ROOT, SETTINGS

PAGES = sorted(['README.md', 'weights/README.md', *(f'docs/{path.name}' for path in (ROOT / 'docs').glob('*.md'))])
BLOCK = re.compile(r'^```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<code>.*?)^```', re.MULTILINE | re.DOTALL)
# `print(...)  # -> 3` in a block: what it prints.
PRINTED = re.compile(r'^ *print\(.*\) +# -> (.+)$', re.MULTILINE)
COMMAND = re.compile(r'(?:python|bash) ((?:tools|benchmarks)/\w+\.(?:py|sh))|mmp3d ([a-z]+)')
OURS = [*(ROOT / 'mmp3d').rglob('*.py'), *(ROOT / 'tools').glob('*'), *(ROOT / 'benchmarks').glob('*.py')]


class Block(NamedTuple):
    """A code block of a page."""

    language: str
    title: str | None
    code: str
    line: int


def blocks_of(page: str) -> list[Block]:
    text = (ROOT / page).read_text(encoding='utf-8')
    return [
        Block(found['language'], found['title'], found['code'], text.count('\n', 0, found.start()) + 2)
        for found in BLOCK.finditer(text)
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder; modules and classes that a page adds are gone afterwards."""
    mmp3d.register_all_modules()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, 'dont_write_bytecode', True)
    modules = set(sys.modules)
    registered: dict[Registry, set[str]] = {each: set(each.module_dict) for each in (DATASETS, MODELS)}
    yield tmp_path
    for name in set(sys.modules) - modules:
        if getattr(sys.modules[name], '__file__', None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]
    for registry, names in registered.items():
        for name in set(registry.module_dict) - names:
            del registry.module_dict[name]


def test_every_page_with_code_is_run() -> None:
    assert sorted(SETTINGS) == [page for page in PAGES if any(block.language == 'python' for block in blocks_of(page))]


@pytest.mark.parametrize('page', SETTINGS)
def test_code_runs_and_prints_what_the_page_says(page: str, folder: Path, capsys: pytest.CaptureFixture) -> None:
    names = SETTINGS[page](folder)
    titles = [block.title for block in blocks_of(page) if block.title]
    for block in blocks_of(page):
        if block.title:
            (folder / block.title).write_text(block.code, encoding='utf-8')
        elif block.language == 'python':
            exec(compile('\n' * (block.line - 1) + block.code, page, 'exec'), names)
        elif block.code.removeprefix('python ').strip() in titles:
            script = folder / block.code.removeprefix('python ').strip()
            exec(compile(script.read_text(encoding='utf-8'), str(script), 'exec'), {'__name__': '__main__'})
    printed = capsys.readouterr().out
    for block in blocks_of(page):
        for expected in PRINTED.findall(block.code):
            assert expected in printed


@pytest.mark.parametrize('page', PAGES)
def test_commands_name_what_exists(page: str) -> None:
    known = ''.join(path.read_text(encoding='utf-8') for path in OURS)
    for block in blocks_of(page):
        for line in block.code.replace('\\\n', ' ').splitlines() if block.language == 'bash' else ():
            found = COMMAND.search(line.split('#')[0])
            if not found:
                continue
            tool, subcommand = found.groups()
            assert tool is None or (ROOT / tool).is_file(), line
            assert subcommand is None or f"'{subcommand}'" in known, line
            options = re.findall(r'(?<= )--[a-z][\w-]*', line.split('#')[0])
            assert [option for option in options if f"'{option}'" not in known] == [], line

"""Which packages import which: what is built on others is not imported by them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import mmp3d

PACKAGE = Path(mmp3d.__file__).parent
STAGES = ('mmp3d.pipeline', 'mmp3d.apis')
NETWORKS = ('mmpose.models', 'mmpose.apis')


def imported(statements: list[ast.stmt]) -> Iterator[str]:
    """What a module imports when it is imported itself: not within functions, nor for type checkers alone."""
    for statement in statements:
        if isinstance(statement, ast.Import):
            yield from (name.name for name in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            yield from (f'{statement.module}.{name.name}' for name in statement.names)
        elif isinstance(statement, ast.If) and ast.unparse(statement.test) == 'TYPE_CHECKING':
            yield from imported(statement.orelse)
        elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            bodies = (getattr(statement, name, []) for name in ('body', 'orelse', 'finalbody', 'handlers'))
            yield from (name for body in bodies for name in imported(body))


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f'{package}.') for package in packages)


@pytest.mark.parametrize(
    'package, refused',
    [
        ('models', STAGES),
        *((package, STAGES + NETWORKS) for package in ('geometry', 'codecs', 'datasets', 'evaluation', 'synthetic')),
        ('stage_profile.py', ('mmp3d',)),
    ],
)
def test_what_others_are_built_on_does_not_import_them(package, refused):
    path = PACKAGE / package
    files = [path] if path.is_file() else sorted(path.rglob('*.py'))
    assert files
    found = [
        (str(file.relative_to(PACKAGE)), name)
        for file in files
        for name in imported(ast.parse(file.read_text(encoding='utf-8')).body)
        if within(name, refused)
    ]
    assert found == []


def test_imports_are_found_wherever_they_are_carried_out():
    code = """
import a.b, c
from d.e import f, g
if TYPE_CHECKING:
    from h import i
class K:
    try:
        import k
    except ImportError:
        import m
    def later(self):
        import n
"""
    assert list(imported(ast.parse(code).body)) == ['a.b', 'c', 'd.e.f', 'd.e.g', 'k', 'm']

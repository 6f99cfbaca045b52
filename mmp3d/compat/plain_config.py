"""Read the config that a checkpoint records, which is Python, as data: nothing in it is run.

What may be built of it is another question: :mod:`mmp3d.apis.harmless_config`.
"""

from __future__ import annotations

import ast
from typing import Any

MOST_CHARACTERS = 1 << 20
# What no network is built from.
LEFT_OUT = ('custom_imports',)


def read_plain_config(text: str) -> dict[str, Any]:
    """The variables of a config that mmengine has written out (`Config.pretty_text`).

    Raises:
        ValueError: The text is more than literals, `dict(...)` and signs before numbers, or is not Python.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f'{len(text)} characters are too many for a config')
    statements = _parsed(text)
    try:
        config = dict(_assignment(statement) for statement in statements)
    except (RecursionError, MemoryError, TypeError) as error:
        raise _unreadable(error) from error
    return {name: value for name, value in config.items() if name not in LEFT_OUT}


def _parsed(text: str) -> list[ast.stmt]:
    try:
        return ast.parse(text).body
    # ValueError: half of a character of two, and in Python 3.10 a zero byte.
    except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> ValueError:
    return ValueError(f'it cannot be read ({type(error).__name__}: {error})')


def _assignment(statement: ast.stmt) -> tuple[str, Any]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id, _value(statement.value)
    raise ValueError(f'line {statement.lineno} is code, expected NAME = VALUE')


def _value(node: ast.expr) -> Any:
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        kind = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
        return kind(map(_value, node.elts))
    if isinstance(node, ast.Dict) and None not in node.keys:
        return {_value(key): _value(value) for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.Call):
        return _dict_call(node)
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ValueError(f'line {node.lineno} is code, expected a plain value') from None


def _dict_call(node: ast.Call) -> dict[str, Any]:
    named = all(keyword.arg is not None for keyword in node.keywords)
    if not isinstance(node.func, ast.Name) or node.func.id != 'dict' or node.args or not named:
        raise ValueError(f'line {node.lineno} calls a function, expected only dict(name=value)')
    return {keyword.arg: _value(keyword.value) for keyword in node.keywords}

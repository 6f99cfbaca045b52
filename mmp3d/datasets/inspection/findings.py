"""What a check found beside what it expected, as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEADERS = ('check', 'found', 'expected', '')


@dataclass(frozen=True)
class Finding:
    """One row.

    Args:
        name: What was looked at.
        found: What is there.
        expected: What should be there; '' where nothing is known.
        problem: What is missing or wrong, in a sentence; '' where all is well.
    """

    name: str
    found: str
    expected: str = ''
    problem: str = ''


def counted(name: str, found: int, expected: int | None, problem: str = '') -> Finding:
    """A row of numbers, with a problem if they differ."""
    if expected is not None and found != expected and not problem:
        problem = f'{name}: {abs(found - expected):,} {"missing" if found < expected else "more than expected"}'
    return Finding(name, f'{found:,}', '' if expected is None else f'{expected:,}', problem)


def findings_table(findings: Sequence[Finding]) -> str:
    """The rows as a table, and below it what is wrong."""
    rows = [HEADERS, *((each.name, each.found, each.expected, 'WRONG' if each.problem else 'ok') for each in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADERS))]
    lines = ['  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, '  '.join('-' * width for width in widths))
    return '\n'.join([*lines, *(f'- {each.problem}' for each in findings if each.problem)])

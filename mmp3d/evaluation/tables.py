"""A table of scores as aligned text, and the natural order of names in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ScoreTable:
    """Named rows of numbers under named columns.

    Args:
        title: What the numbers are, with their unit.
        columns: Names, the first one for the row names.
        rows: (name, numbers), as many numbers as columns less one.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, Sequence[float]], ...]

    def to_text(self, decimals: int = 1) -> str:
        """Aligned text; whole numbers (int) print without decimals, a number that is not finite as ``-``."""
        cells = [list(self.columns)] + [[name, *(_cell(number, decimals) for number in row)] for name, row in self.rows]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.columns))]
        lines = ['  '.join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in cells]
        return '\n'.join([self.title, lines[0], '-' * len(lines[0]), *lines[1:]])

    def to_dict(self) -> dict:
        """JSON-ready form: title, columns, and for each row its name and numbers (None: not defined)."""
        rows = {name: [_json_number(number) for number in row] for name, row in self.rows}
        return {'title': self.title, 'columns': list(self.columns[1:]), 'rows': rows}


def _cell(number: float, decimals: int) -> str:
    if isinstance(number, (int, np.integer)):
        return str(number)
    return f'{number:.{decimals}f}' if np.isfinite(number) else '-'


def _json_number(number: float) -> float | int | None:
    number = np.asarray(number).item()
    return number if np.isfinite(number) else None

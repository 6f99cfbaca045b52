"""Names in the order of the numbers in them."""

from __future__ import annotations

import re


def natural_key(name: str) -> list:
    """Sort key that puts 'TS2' before 'TS10'; equal for names that differ in leading zeros alone.

    Examples:
        >>> sorted(['10.png', '9.png', 'a.png'], key=natural_key)
        ['9.png', '10.png', 'a.png']
    """
    return [(0, int(part), '') if part.isdecimal() else (1, 0, part) for part in re.split(r'(\d+)', name) if part]

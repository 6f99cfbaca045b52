"""Names of output files for many inputs."""

from __future__ import annotations

from collections.abc import Sequence


def distinct_names(names: Sequence[str]) -> list[str]:
    """The names in order; one that was there before gets a number, ``<name>_1``."""
    taken: dict[str, None] = {}
    for wanted in names:
        name, repeat = wanted, 0
        while name in taken:
            repeat += 1
            name = f'{wanted}_{repeat}'
        taken[name] = None
    return list(taken)

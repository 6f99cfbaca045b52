"""Choose a split or some sequences of a data set by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

Name = TypeVar('Name', int, str)


def check_split(split: str, known: Iterable[str], data_set: str) -> str:
    """The split if the data set has it. Raises ValueError naming those that it has."""
    known = tuple(known)
    if split not in known:
        raise ValueError(f'split must be one of {known}, which is what {data_set} has; got {split!r}')
    return split


def chosen(wanted: Sequence[Name] | None, present: Sequence[Name], what: str, source: str) -> list[Name]:
    """Those of ``present`` that are wanted, in the order of ``present``; all for None.

    Args:
        wanted: Names or numbers, or None.
        present: What is there.
        what: Option's name, for the message.
        source: Where it was looked for, for the message.

    Raises:
        ValueError: One is not there, or none is wanted.
    """
    if wanted is None:
        return list(present)
    if isinstance(wanted, str) or not len(wanted):
        raise ValueError(f'{what} must be None or a list, got {wanted!r}')
    if missing := [name for name in wanted if name not in present]:
        raise ValueError(f'{what} {missing} are not in {source}; it has {_outline(present)}')
    return [name for name in present if name in set(wanted)]


def _outline(present: Sequence) -> str:
    shown = ', '.join(map(str, present[:12]))
    return f'{shown}{", ..." if len(present) > 12 else ""} ({len(present)} in all)'

"""Checks of what users set in the recipes of virtual scenes: ranges, shares, and names of fields."""

from __future__ import annotations

from dataclasses import fields
from numbers import Real
from typing import Any, TypeVar

Recipe = TypeVar('Recipe')


def check_range(name: str, value: Any, least: float, most: float) -> None:
    """Raise ValueError unless ``value`` is (low, high) with ``least`` <= low <= high <= ``most``."""
    pair = isinstance(value, (tuple, list)) and len(value) == 2 and all(isinstance(end, Real) for end in value)
    if not pair or not least <= value[0] <= value[1] <= most:
        raise ValueError(f'{name}: expected (low, high) with {least:g} <= low <= high <= {most:g}, got {value!r}')


def check_number(name: str, value: Any, least: float, most: float) -> None:
    """Raise ValueError unless ``value`` is a number from ``least`` to ``most``."""
    if not isinstance(value, Real) or not least <= value <= most:
        raise ValueError(f'{name}: expected a number from {least:g} to {most:g}, got {value!r}')


def recipe_of(kind: type[Recipe], name: str, options: dict | None) -> Recipe:
    """A recipe from a user's options. Raises ValueError for a field that it does not have, and as the recipe does."""
    known = [spec.name for spec in fields(kind)]
    if unknown := sorted(set(options or {}) - set(known)):
        raise ValueError(f'{name}: unknown fields {unknown}; it has {known}')
    return kind(**(options or {}))

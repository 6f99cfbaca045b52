"""Turn lists of JSON records into arrays, one per field, with errors that name file, record and field."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Field:
    """What one field of a record must look like.

    Args:
        shape: Shape of the value; the empty tuple is a number or a text.
        dtype: Type of the column; ``bytes`` takes a text and stores it as UTF-8.
        default: Value for records without the field; None makes the field mandatory.
        also_flat: Accept the value as a flat list too.
        keep: Number of leading entries of the first axis that are kept; None keeps all.
    """

    shape: tuple[int, ...] = ()
    dtype: type = np.float32
    default: Any = None
    also_flat: bool = False
    keep: int | None = None

    def parse(self, values: list[Any]) -> np.ndarray:
        """N values to an (N, \\*shape) array. Raises ValueError, TypeError or OverflowError for a bad value."""
        if not values:
            return self.empty()
        if self.dtype is bytes:
            return np.array([_encoded(value) for value in values])
        with np.errstate(over='ignore'):
            array = np.asarray(values, self.dtype)
        flat = (len(values), int(np.prod(self.shape)))
        if self.also_flat and array.shape == flat:
            array = array.reshape(len(values), *self.shape)
        if array.shape != (len(values), *self.shape):
            raise ValueError(f'shape {array.shape[1:]}')
        return array if self.keep is None else array[:, : self.keep].copy()

    def empty(self) -> np.ndarray:
        """The column without records."""
        shape = self.shape if self.keep is None else (self.keep, *self.shape[1:])
        return np.zeros((0, *shape), 'S1' if self.dtype is bytes else self.dtype)

    def describe(self) -> str:
        """The expected value in words."""
        if self.dtype is bytes:
            return 'a text'
        return f'numbers of shape {self.shape}' if self.shape else 'a number'


@dataclass(frozen=True)
class Record:
    """A field that is an object with fields of its own; their columns are called ``'<field>.<own field>'``."""

    fields: dict[str, Field]


@dataclass
class Columns:
    """Collects chunks of records into columns.

    Args:
        path: File that the records come from, for error messages.
        kind: What a record is called in error messages, for example ``'annotations'``.
        fields: Field name to its description.
    """

    path: str | Path
    kind: str
    fields: dict[str, Field | Record]
    count: int = 0
    _chunks: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        flat = {}
        for name, spec in self.fields.items():
            inner = spec.fields if isinstance(spec, Record) else {}
            flat |= {f'{name}.{own}': each for own, each in inner.items()} if inner else {name: spec}
        self.fields = flat

    def add(self, records: list[Any]) -> None:
        """Append records. Raises ValueError naming file, record and field of the first defect."""
        for name, spec in self.fields.items():
            try:
                column = spec.parse([_get(record, name, spec.default) for record in records])
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                raise ValueError(self._first_defect(records, name, spec, error)) from error
            self._chunks.setdefault(name, []).append(column)
        self.count += len(records)

    def take(self) -> dict[str, np.ndarray]:
        """All columns, each (count, \\*shape); the collected chunks are released."""
        columns = {}
        for name, spec in self.fields.items():
            chunks = self._chunks.pop(name, None)
            columns[name] = np.concatenate(chunks) if chunks else spec.empty()
        return columns

    def _first_defect(self, records: list[Any], name: str, spec: Field, error: Exception) -> str:
        for position, record in enumerate(records):
            where = f'{self.path}: {self.kind}[{self.count + position}]'
            if not isinstance(record, dict):
                return f'{where} must be an object, got {record!r:.60}'
            try:
                value = _get(record, name, spec.default)
            except (KeyError, TypeError):
                return f'{where} lacks the field {name!r} ({spec.describe()}); it has {sorted(record)}'
            try:
                spec.parse([value])
            except (TypeError, ValueError, OverflowError):
                return f'{where}: field {name!r} must be {spec.describe()}, got {value!r:.80}'
        return f'{self.path}: {self.kind}: field {name!r} must be {spec.describe()} ({error})'


def _get(record: Any, name: str, default: Any) -> Any:
    if default is not None:
        return record.get(name, default)
    if '.' in name:
        outer, _, name = name.partition('.')
        record = record[outer]
    return record[name]


def _encoded(value: Any) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f'not a text: {value!r:.40}')
    return value.encode('utf-8', 'surrogatepass')

"""Reads JSON from a file piece by piece, so that a long list in it is never in memory as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

CHUNK_CHARACTERS = 1 << 20
BLANKS = ' \t\n\r'
# What a number consists of: one that these follow, or nothing, may not be whole.
NUMBER = frozenset('0123456789+-.eE')


class JsonStream:
    """A position in a JSON text that only moves forward.

    Args:
        file: Open text file.
    """

    def __init__(self, file: TextIO) -> None:
        self._file, self._text, self._place, self._ended = file, '', 0, False
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """Next character that is not blank, ``''`` at the end."""
        while True:
            while self._place < len(self._text):
                if self._text[self._place] not in BLANKS:
                    return self._text[self._place]
                self._place += 1
            if not self._read_on():
                return ''

    def take(self, expected: str) -> None:
        """Move behind the next character.

        Raises:
            json.JSONDecodeError: It is another one.
        """
        if self.peek() != expected:
            raise json.JSONDecodeError(f'Expecting {expected!r}', self._text, self._place)
        self._place += 1

    def value(self) -> Any:
        """Read one value as :func:`json.loads` does.

        Raises:
            json.JSONDecodeError: There is none.
        """
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._place)
            except json.JSONDecodeError:
                if not self._read_on():
                    raise
                continue
            followed = end < len(self._text) and self._text[end] not in NUMBER
            if followed or self._ended or self._text[end - 1] not in NUMBER:
                self._place = end
                return value
            self._read_on()

    def object_keys(self) -> Iterator[str]:
        """Keys of an object; the caller reads the value of each before it asks for the next."""
        for _ in self._separated('{', '}'):
            key = self.value()
            self.take(':')
            yield key

    def list_elements(self) -> Iterator[Any]:
        """Values of a list."""
        for _ in self._separated('[', ']'):
            yield self.value()

    def end(self) -> None:
        """See that nothing follows.

        Raises:
            json.JSONDecodeError: Something does.
        """
        if self.peek():
            raise json.JSONDecodeError('Extra data', self._text, self._place)

    def _separated(self, first: str, last: str) -> Iterator[None]:
        self.take(first)
        if self.peek() != last:
            yield
            while self.peek() == ',':
                self.take(',')
                yield
        self.take(last)

    def _read_on(self) -> bool:
        """Add to the text and drop what was read; twice as much each time, for a value that is longer than that."""
        self._text = self._text[self._place :]
        self._place = 0
        more = self._file.read(max(CHUNK_CHARACTERS, len(self._text)))
        self._text += more
        self._ended = not more
        return bool(more)

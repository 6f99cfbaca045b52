"""Read the top-level arrays of a large JSON file piece by piece, in bounded memory."""

from __future__ import annotations

import gc
import gzip
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from mmp3d.datasets.json_text import parse_json
from mmp3d.datasets.raw_file import check_data_file

BLOCK_CHARS = 1 << 22
MAX_ELEMENT_CHARS = 1 << 28
CHUNK_ELEMENTS = 8192

LEAST_RUN_CHARS = 1 << 12
BORDER_CHARS = 1 << 16

_BORDER = re.compile(r'\}\s*,\s*(?=\{)')
_DELIMITERS = tuple(' \t\r\n,]}:')
_WHITESPACE = re.compile(r'[ \t\r\n]*')


def read_json_arrays(path: str | Path, handlers: dict[str, Callable[[list[Any]], None]]) -> None:
    """Pass the elements of top-level arrays to handlers, some thousand at a time.

    A file with 1.6 million annotations is several gigabytes of Python objects when it is loaded as a whole; here one
    chunk exists at a time. Members without a handler are skipped.

    Args:
        path: JSON file (``.gz`` allowed) whose top level is an object.
        handlers: Member name to a function that takes a list of elements. It is not called for an empty array.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A Git LFS pointer, not such a JSON file, truncated, or a member with a handler is missing; names
            file and place.
    """
    check_data_file(path)
    missing = set(handlers)
    try:
        with _open(Path(path)) as stream, _no_cycle_search():
            for name, chunks in _members(_Scanner(stream), set(handlers)):
                missing.discard(name)
                for chunk in chunks:
                    handlers[name](chunk)
    except _Malformed as error:
        raise ValueError(f'{path}: {error}; the file is damaged or no annotation file, fetch it again') from error
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as error:
        raise ValueError(f'{path}: not a readable JSON text ({error}); fetch it again') from error
    if missing:
        raise ValueError(f'{path}: missing top-level member(s) {sorted(missing)}; expected {sorted(handlers)}')


@contextmanager
def _no_cycle_search() -> Iterator[None]:
    # A parsed text holds millions of lists and no cycles; searching them takes a third of the time.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Malformed(Exception):
    """What is wrong with the text, without the file's name."""


def _open(path: Path) -> TextIO:
    if path.suffix == '.gz':
        return gzip.open(path, 'rt', encoding='utf-8-sig')
    return open(path, encoding='utf-8-sig')


def _members(scanner: _Scanner, wanted: set) -> Iterator:
    scanner.take('{')
    if scanner.peek() == '}':
        return
    while True:
        name = scanner.value()
        if not isinstance(name, str):
            raise _Malformed(f'expected a member name, found {name!r:.40}')
        scanner.take(':')
        if name in wanted:
            yield name, scanner.chunks()
        elif scanner.peek() == '[':
            for _ in scanner.chunks():
                pass
        else:
            scanner.value()
        if scanner.take(',}') == '}':
            break
    if scanner.peek():
        raise _Malformed('there is text behind the closing brace')


class _Scanner:
    """A window on a JSON text that moves forward and is refilled when a value does not end inside it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._text = ''
        self._at = 0
        self._decode = json.JSONDecoder().raw_decode
        self._run_chars = BLOCK_CHARS

    def peek(self) -> str:
        """Next character that is not white space, '' at the end of the text."""
        while True:
            self._at = _WHITESPACE.match(self._text, self._at).end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._refill():
                return ''

    def take(self, allowed: str) -> str:
        """Consume one of the allowed characters."""
        char = self.peek()
        if not char or char not in allowed:
            raise _Malformed(f'expected one of {allowed!r}, found {self._found()}')
        self._at += 1
        return char

    def chunks(self) -> Iterator[list[Any]]:
        """Values of the array that starts here, many at a time."""
        self.take('[')
        if self.peek() == ']':
            self.take(']')
            return
        self._run_chars = BLOCK_CHARS
        end = ','
        while end == ',':
            chunk = self._run() or [self.value()]
            while (end := self.take(',]')) == ',' and not self._may_run() and len(chunk) < CHUNK_ELEMENTS:
                chunk.append(self.value())
            yield chunk

    def _run(self) -> list[Any]:
        """Consume objects up to a comma, if it is certain where they end; the decoder takes a run at half the price.

        Text between the start of an element and a comma is a run of whole elements exactly if brackets around it make
        it a JSON array: a comma inside of an element or of a string leaves a bracket or a quote open.
        """
        if not self._may_run():
            return []
        if len(self._text) - self._at < self._run_chars:
            self._refill()
        run = self._text[self._at : self._at + self._run_chars]
        borders = [border.start() + 1 for border in _BORDER.finditer(run, max(len(run) - BORDER_CHARS, 0))]
        elements = self._parsed(run[: borders[-1]]) if borders else None
        if elements is None:
            self._run_chars //= 2
            return self._run()
        self._at += borders[-1]
        self._run_chars = min(2 * self._run_chars, BLOCK_CHARS)
        return elements

    def _may_run(self) -> bool:
        return self._run_chars >= LEAST_RUN_CHARS and self.peek() == '{'

    @staticmethod
    def _parsed(run: str) -> list[Any] | None:
        try:
            return parse_json(f'[{run}]')
        except (ValueError, RecursionError):
            return None

    def value(self) -> Any:
        """Consume one whole value."""
        self.peek()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except RecursionError as error:
                raise _Malformed('values are nested too deeply') from error
            except ValueError as error:
                problem = str(error)
            else:
                # A number that ends the window, or stops at a '.' or 'e' there, goes on in the next block.
                if self._text[end : end + 1] in _DELIMITERS:
                    self._at = end
                    return value
                problem = 'the text ends too early'
            if len(self._text) - self._at > MAX_ELEMENT_CHARS or not self._refill():
                raise _Malformed(f'{problem}, at {self._found()}')

    def _refill(self) -> bool:
        # Doubling keeps the work linear in the length of a value that spans many blocks.
        rest = self._text[self._at :]
        block = self._stream.read(max(BLOCK_CHARS, len(rest)))
        self._text, self._at = rest + block, 0
        return bool(block)

    def _found(self) -> str:
        text = self._text[self._at : self._at + 40]
        return repr(text) if text else 'the end of the file'

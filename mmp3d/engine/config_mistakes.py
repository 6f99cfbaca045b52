"""What a config describes wrongly, said in one line while it is built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

# What mmengine, PyTorch and constructors raise for a wrong name, argument or value.
_MISTAKES = (LookupError, TypeError, AttributeError, ImportError, AssertionError, RuntimeError)


@contextmanager
def told(file: str | None, field: str = '') -> Iterator[None]:
    """Turn an error of building, but a GPU's full memory, into a ValueError that names the config and its field."""
    try:
        yield
    except torch.cuda.OutOfMemoryError:
        raise  # no mistake in a config
    except _MISTAKES as error:
        raise ValueError(f'{file}: {field + " " if field else ""}cannot be built: {_one_line(error)}') from error


def _one_line(error: Exception) -> str:
    said = ' '.join(str(error.args[0] if isinstance(error, KeyError) and error.args else error).split())
    # A key alone is what a mapping was asked for.
    return f'it lacks {said!r}' if isinstance(error, KeyError) and ' ' not in said else said or type(error).__name__

"""How much memory the contents of a file may ask for."""

from __future__ import annotations

# So many bytes at any rate, and of a larger file so many times its own.
MOST_BYTES = 1 << 30
MOST_GROWTH = 64


def is_out_of_proportion(memory: int, file_size: int) -> bool:
    """Whether so many bytes of memory are more than a file of ``file_size`` bytes can stand for."""
    return memory > max(MOST_BYTES, MOST_GROWTH * file_size)

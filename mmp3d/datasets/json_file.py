"""Read a JSON file as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmp3d.datasets.json_text import parse_json
from mmp3d.datasets.raw_file import check_data_file


def read_json(path: str | Path) -> Any:
    """The content of a JSON file (UTF-8, with or without byte order mark).

    Raises:
        FileNotFoundError: No such file.
        ValueError: Not a JSON file, truncated, or a Git LFS pointer; names the file.
    """
    check_data_file(path)
    content = Path(path).read_bytes()
    try:
        return parse_json(content.decode('utf-8-sig'))
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path}: not a readable JSON file, or truncated ({error}); fetch it again') from error

"""Names of files as OpenCV takes them."""

from __future__ import annotations

import os
from pathlib import Path


def opencv_path(path: str | Path) -> str | bytes:
    """The path; one that is no text as its bytes, since OpenCV crashes on Python's escapes for them."""
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text)
    return text

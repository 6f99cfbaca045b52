"""What tells the files of one data set from another's, without reading them."""

from __future__ import annotations

from pathlib import Path

from mmp3d.pipeline.stage_memory import digest


def data_digest(root: str | Path) -> str:
    """Digest of a file's size, or of the names and sizes of a folder's files.

    Hidden files and folders do not count: caches of what was parsed appear there when the data are first read.

    Raises:
        FileNotFoundError: There is no such file or folder.
    """
    root = Path(root)
    if not root.exists():
        raise FileNotFoundError(
            f'no data at {root}; python tools/make_synthetic.py --format mupots --out {root} writes some'
        )
    files = [root] if root.is_file() else sorted(path for path in root.rglob('*') if path.is_file())
    places = {path: path.relative_to(root) for path in files}
    shown = {path: place for path, place in places.items() if not any(part.startswith('.') for part in place.parts)}
    return digest([[place.as_posix(), path.stat().st_size] for path, place in shown.items()])

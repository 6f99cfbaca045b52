"""What tells the files of one data set from another's, without reading them."""

from __future__ import annotations

from pathlib import Path

from mmp3d.pipeline.stage_memory import digest


def data_digest(root: str | Path) -> str:
    """Digest of a file's size, or of the names and sizes of a folder's files, but hidden ones.

    Raises:
        FileNotFoundError: There is no such file or folder.
    """
    root = Path(root)
    if not root.exists():
        raise FileNotFoundError(
            f'no data at {root}; python tools/make_synthetic.py --format mupots --out {root} writes some'
        )
    files = [root] if root.is_file() else sorted(path for path in root.rglob('*') if path.is_file())
    shown = [path for path in files if not path.name.startswith('.')]
    return digest([[path.relative_to(root).as_posix(), path.stat().st_size] for path in shown])

"""What may lie under a data file's name in its place, recognised before it is parsed."""

from __future__ import annotations

from pathlib import Path

LFS_START = b'version https://git-lfs.github.com/spec/'
HDF5_START = b'\x89HDF\r\n\x1a\n'
# MATLAB writes its HDF5 behind a header of 512 bytes that begins with this text.
MAT73_START = b'MATLAB 7.3 MAT-file'


def check_data_file(path: str | Path) -> None:
    """Look at the first bytes of a file.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is a folder or empty, or a pointer that Git LFS left in place of the data.
    """
    start = first_bytes(path)
    if not start:
        raise ValueError(f'{path}: the file is empty; fetch it again')
    if is_lfs_pointer(start):
        raise ValueError(lfs_message(path))


def first_bytes(path: str | Path) -> bytes:
    """The first bytes of a file, enough to tell what it is. Raises as :func:`check_data_file`."""
    try:
        with open(path, 'rb') as stream:
            return stream.read(64)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path} does not exist') from None
    except OSError as error:
        raise ValueError(f'{path}: cannot be read ({error.strerror}); expected a data file') from error


def file_stamp(path: str | Path) -> str:
    """What tells a file from another one of its name without reading it: name, size and time of the last change."""
    try:
        status = Path(path).stat()
    except OSError:
        return Path(path).name
    return f'{Path(path).name}:{status.st_size}:{status.st_mtime_ns}'


def is_lfs_pointer(content: bytes) -> bool:
    """Whether a file's content is a pointer of Git LFS."""
    return content.startswith(LFS_START)


def lfs_message(path: str | Path) -> str:
    """The error for such a pointer."""
    return f'{path}: is a Git LFS pointer, not the data; run `git lfs pull` in its repository'


def is_hdf5(content: bytes) -> bool:
    """Whether a file is HDF5, plain or as MATLAB's v7.3."""
    return content.startswith((HDF5_START, MAT73_START))

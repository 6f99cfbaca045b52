"""The options of a call of the inferencer, looked at before the work."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from os import PathLike

# From, to, and what it counts; drawing takes whole pixels of 16 bits.
NUMBERS = {
    'person_thr': (-math.inf, math.inf, 'score'),
    'kpt_thr': (-math.inf, math.inf, 'score'),
    'radius': (0, 1000, 'px'),
    'thickness': (0, 1000, 'px'),
    'wait_time': (0, 1e6, 's'),
}
# None: by the size of the image.
MAY_BE_NONE = ('radius', 'thickness')
FOLDERS = ('out_dir', 'work_dir', 'vis_out_dir', 'pred_out_dir')


def checked_batch_size(batch_size: int | None) -> int | None:
    """The number of images as a plain ``int``. Raises ValueError where it is none."""
    if batch_size is None:
        return None
    if not isinstance(batch_size, Integral) or batch_size < 1:
        raise ValueError(f'batch_size must be a positive integer, got {batch_size!r}')
    return int(batch_size)


def check_call_options(options: Mapping[str, object]) -> None:
    """Raise ValueError that names the option, for a number or a folder that is none; others are not looked at."""
    for name, (low, high, unit) in NUMBERS.items():
        value = options.get(name, 0)
        if value is None and name in MAY_BE_NONE:
            continue
        if isinstance(value, bool) or not isinstance(value, Real) or not low <= value <= high:
            limits = '' if math.isinf(high) else f' from {low:g} to {high:g}'
            raise ValueError(f'{name} must be a number{limits} ({unit}), got {value!r:.60}')
    for name in FOLDERS:
        if not isinstance(options.get(name), (str, PathLike, type(None))):
            raise ValueError(f'{name} must be a path, got {options[name]!r:.60}')

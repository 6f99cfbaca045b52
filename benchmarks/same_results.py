"""Whether two runs of a tool came to the same result: files byte for byte, trainings number for number."""

from __future__ import annotations

from pathlib import Path

import torch
from training_curves import logged

# Numbers of a log that are not results.
MEASURED_TIMES = ('time', 'data_time', 'memory')


def same_files(whole: Path, parts: Path) -> str:
    """Compare all files but hidden ones, byte for byte."""
    first, second = (
        {
            str(file.relative_to(folder)): file.read_bytes()
            for file in sorted(folder.rglob('*'))
            if file.is_file() and not file.name.startswith('.')
        }
        for folder in (whole, parts)
    )
    different = [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)]
    if different or not first:
        raise ValueError(f'{parts}: other files than in {whole}: {sorted(different) or "none at all"}')
    hidden = [file.name for file in parts.rglob('.*') if file.is_file()]
    return f'{len(first)} files, the same bytes' + (f'; {len(hidden)} hidden ones are left' if hidden else '')


def same_training(whole: Path, parts: Path) -> str:
    """Compare curves and checkpoints."""
    first, second = (_numbers(logged(folder)) for folder in (whole, parts))
    if first.keys() != second.keys():
        raise ValueError(f'{parts}: other steps were logged: {sorted(first.keys() ^ second.keys())[:5]}')
    difference = max(abs(first[key] - second[key]) for key in first)
    names = [file.name for file in sorted(whole.glob('*.pth'))]
    if names != [file.name for file in sorted(parts.glob('*.pth'))]:
        raise ValueError(f'{parts}: other checkpoints than {names}')
    for name in names:
        one, two = (torch.load(folder / name, weights_only=True) for folder in (whole, parts))
        for part in ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers'):
            if not _equal(one.get(part), two.get(part)):
                raise ValueError(f'{parts}/{name}: another {part}')
    if difference > 1e-6:
        raise ValueError(f'{parts}: curves differ by up to {difference:.3g}')
    return f'{len(first)} logged numbers, greatest difference {difference:.3g}; {len(names)} checkpoints, bit for bit'


def _numbers(lines: list[dict]) -> dict[tuple, float]:
    return {
        ('iter' in line, line['step'], key): value
        for line in lines
        for key, value in line.items()
        if isinstance(value, int | float) and key not in MEASURED_TIMES
    }


def _equal(one: object, two: object) -> bool:
    """Whether nested values are the same, tensors bit for bit."""
    if isinstance(one, torch.Tensor):
        return isinstance(two, torch.Tensor) and torch.equal(one, two)
    if isinstance(one, dict):
        return isinstance(two, dict) and one.keys() == two.keys() and all(_equal(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(_equal, one, two))
    return one == two

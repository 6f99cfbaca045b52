"""The device that a user names, looked at before anything is loaded for it."""

from __future__ import annotations

import torch


def checked_device(device: str | int | torch.device) -> torch.device:
    """A device on which networks can run.

    Args:
        device: As PyTorch names it, for example ``'cpu'`` or ``'cuda:0'``.

    Raises:
        ValueError: There is no such device here; names it and those that there are.

    Examples:
        >>> checked_device('cpu')
        device(type='cpu')
    """
    try:
        place = torch.device(device)
        (torch.zeros(1, device=place) + 1).item()
    # What a device that is not there raises comes in many classes, which change with the device and PyTorch's version.
    except Exception as error:
        reason = ' '.join(str(error).split())[:120]
        raise ValueError(
            f'no network can run on the device {str(device)!r} ({reason}); this machine has {", ".join(_devices())}; '
            'name one of these with --device or device='
        ) from error
    return place


def _devices() -> list[str]:
    gpus = [f'cuda:{number}' for number in range(torch.cuda.device_count())]
    return ['cpu', *gpus, *(['mps'] if torch.backends.mps.is_available() else [])]

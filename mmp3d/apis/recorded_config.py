"""The config that a training wrote into its checkpoint."""

from __future__ import annotations

from mmengine.config import Config

from mmp3d.compat.checkpoint import load_checkpoint


def recorded_config(weights: str | None, trust: bool) -> dict:
    """The config of a checkpoint.

    Args:
        weights: File or address.
        trust: Let the checkpoint run code of its own while it is read.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: There are no weights, or they record no config.
    """
    if weights is None:
        raise ValueError('give a model (a name or a config file), or weights that record their config')
    recorded = (load_checkpoint(weights, trust=trust).get('meta') or {}).get('cfg')
    if not recorded:
        raise ValueError(f'{weights}: records no config; give the config or the name of its model as model=')
    return Config.fromstring(recorded, file_format='.py')._cfg_dict

"""The config that a training wrote into its checkpoint."""

from __future__ import annotations

from mmengine.config import Config

from mmp3d.apis.harmless_config import harmless_config
from mmp3d.compat.checkpoint import load_checkpoint, meta_of
from mmp3d.compat.plain_config import read_plain_config


def recorded_config(weights: str | None, trust: bool) -> dict:
    """The config of a checkpoint.

    Args:
        weights: File or address.
        trust: Let the checkpoint and the config in it run code of their own.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: There are no weights, they record no config, or one that would have to be run or could run other
            code, see :func:`~mmp3d.apis.harmless_config.harmless_config`.
    """
    if weights is None:
        raise ValueError('give a model (a name or a config file), or weights that record their config')
    recorded = meta_of(load_checkpoint(weights, trust=trust)).get('cfg')
    if not isinstance(recorded, str) or not recorded:
        raise ValueError(f'{weights}: records no config; give the config or the name of its model as model=')
    if trust:
        return Config.fromstring(recorded, file_format='.py')._cfg_dict
    try:
        return Config(harmless_config(read_plain_config(recorded)))._cfg_dict
    except ValueError as error:
        raise ValueError(
            f'{weights}: its config is not taken: {error}. Give the model or config that you know, or, if you trust '
            'whoever made the file, trust=True'
        ) from error

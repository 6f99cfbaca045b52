"""Models that are parts of another one: each from a config file of its own, with its own checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.infer import BaseInferencer
from mmpose.registry import MODELS
from torch import nn

from mmp3d.compat.checkpoint import load_weights
from mmp3d.engine.config_mistakes import told
from mmp3d.engine.launch import load_config


def build_sub_model(name: str, part: nn.Module | dict[str, Any]) -> nn.Module:
    """A part of a model, with its weights.

    Args:
        name: What the part is called in the whole's config, for messages.
        part: A network as it is; the config of one, with ``type``; or ``dict(config=FILE, checkpoint=FILE,
            options={...})``: the ``model`` of a config file with ``options`` as ``--cfg-options`` has them. With
            ``checkpoint`` None the weights are random, or those of the whole's checkpoint. Files that the working
            folder does not have are looked for beside mmp3d's own configs. ``config=None`` is no config: so
            ``--cfg-options`` can put a ``type`` in its place.

    Returns:
        The network, with the config in its ``cfg``.

    Raises:
        FileNotFoundError: The config or the checkpoint does not exist; names it, and the command that makes one.
        ValueError: The checkpoint is another network's, the network cannot be built, or ``part`` has neither ``type``
            nor ``config``, or both.
    """
    if isinstance(part, nn.Module):
        return part
    part = {key: value for key, value in part.items() if key != 'config' or value is not None}
    checkpoint = part.pop('checkpoint', None)
    if 'config' in part and 'type' in part:
        raise ValueError(
            f'model.{name}: has a config, {part["config"]}, and a type, {part["type"]}; for the type alone give '
            f'model.{name}.config=None model.{name}.checkpoint=None, in a config file _delete_=True'
        )
    if 'config' in part:
        source = shipped_file(part['config'])
        cfg = load_config(str(source), part.get('options'), ('model',))
    elif 'type' in part:
        source, cfg = None, Config(dict(model=part))
    else:
        raise ValueError(f'model.{name}: needs "type", or "config" with the name of a file; found {sorted(part)}')
    # Looked for first: a large network takes some time to build.
    weights = None if checkpoint is None else _weights(name, checkpoint, source)
    with told(str(source or f'model.{name}'), 'model' if source else ''):
        network = MODELS.build(cfg.model)
    network.cfg = ConfigDict(cfg._cfg_dict)
    if weights is not None:
        load_weights(network, weights)
    return network


def shipped_file(path: str | Path) -> Path:
    """``path`` in the working folder, or, where it is not there, beside mmp3d's configs and weights."""
    path = Path(path).expanduser()
    shipped = Path(BaseInferencer._get_repo_or_mim_dir('mmp3d')) / path
    return shipped if not path.is_file() and shipped.is_file() else path


def _weights(name: str, checkpoint: str, config: Path | None) -> str:
    if str(checkpoint).startswith(('http://', 'https://')):
        return checkpoint
    path = shipped_file(checkpoint)
    if not path.is_file():
        train = f'train it (python tools/train.py {config}) or ' if config else ''
        raise FileNotFoundError(
            f'model.{name}: no checkpoint at {checkpoint}; {train}give yours: --cfg-options '
            f'model.{name}.checkpoint=FILE'
        )
    return str(path)

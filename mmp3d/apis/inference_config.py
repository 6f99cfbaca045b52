"""What a config must have for images to be looked at with it."""

from __future__ import annotations

from collections.abc import Mapping

from mmengine.config import Config, ConfigDict


def config_source(cfg: Config | ConfigDict, weights: str | None = None) -> str:
    """What a config is called in messages: its file, or the checkpoint that records it."""
    return str(getattr(cfg, 'filename', None) or weights or 'the config')


def check_inference_config(cfg: Config | ConfigDict, name: str) -> None:
    """Raise ValueError, with ``name``, where a config lacks the model, or the steps that make its input."""
    model = cfg.get('model')
    if not isinstance(model, Mapping) or 'type' not in model:
        raise ValueError(f'{name}: "model" must be a dict with a "type", but {_found(model)}')
    entry: object = cfg
    path = ('test_dataloader', 'dataset', 'pipeline')
    for depth, field in enumerate(path, start=1):
        entry = entry.get(field)
        kind = Mapping if depth < len(path) else (list, tuple)
        if not isinstance(entry, kind):
            wanted = 'a dict' if depth < len(path) else 'the list of steps that make a network input'
            raise ValueError(f'{name}: "{".".join(path[:depth])}" must be {wanted}, but {_found(entry)}')


def _found(entry: object) -> str:
    found = 'is missing' if entry is None else f'found {entry!r:.60}'
    return f'{found}; give an experiment such as configs/bu_tiny_muco.py'

"""What a stranger's config may have built: registered classes, out of nothing but the values in it.

mmengine imports and calls whatever a name leads to that no registry holds, and classes open the files and addresses
that they are given, some of which are code again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import mmengine.registry
import mmpose.registry
from mmengine.registry import Registry

# Where a name without a scope is looked up.
OWN_SCOPES = ('mmpose', 'mmengine')
WHOLE_SYSTEM = 'TwoBranchEstimator'
# What a network is loaded from; the weights of a recorded config are in the checkpoint.
SOURCES = ('config', 'checkpoint', 'detector', 'pretrained', 'from_file')
# Characters of paths, addresses, files' names and dotted names.
NAME_OF_A_FILE = re.compile(r'[./\\:~]')


def harmless_config(config: dict[str, Any]) -> dict[str, Any]:
    """The config without the initialisation of its model; after ``register_all_modules()``, or little is known.

    Args:
        config: Plain values.

    Raises:
        ValueError: It names a class or scope that no registry holds, is a system of several files, or what an
            inferencer builds of it would open a file or an address.
    """
    known = _registered_names()
    for name, value in _entries(config):
        _check_name(name, value, known)
    model = _without_initialisation(config.get('model'))
    for part in (model, *_parts_of_datasets(config)):
        for name, value in _entries(part):
            _check_source(name, value)
    return {**config, 'model': model} if 'model' in config else config


def _registered_names() -> dict[str, set[str]]:
    """Names by scope."""
    known = defaultdict(set)
    for root in (*vars(mmengine.registry).values(), *vars(mmpose.registry).values()):
        if isinstance(root, Registry):
            for registry in (root, *root.children.values()):
                known[registry.scope] |= set(registry.module_dict)
    return known


def _entries(value: Any, name: Any = None) -> Iterator[tuple[Any, Any]]:
    """A value and all in it, each with the name that it, or the list that it is in, has."""
    yield name, value
    if isinstance(value, dict):
        for key, element in value.items():
            yield from _entries(element, key)
    elif isinstance(value, (list, tuple, set)):
        for element in value:
            # A list of dicts is named, the fields of each dict are its own.
            yield from _entries(element, name)


def _check_name(name: Any, value: Any, known: dict[str, set[str]]) -> None:
    """Raise ValueError where something is to be built by a name that no registry holds."""
    if (
        name in ('default_scope', '_scope_')
        and value is not None
        and (not isinstance(value, str) or value not in known)
    ):
        raise ValueError(f'{name} {value!r:.80} is none of {sorted(known)}')
    if name == 'type' or (name == 'collate_fn' and isinstance(value, str)):
        scope, _, short = value.rpartition('.') if isinstance(value, str) else ('', '', '')
        if not any(short in known.get(each, ()) for each in ([scope] if scope else OWN_SCOPES)):
            raise ValueError(f'it names {value!r:.80}, which is not registered and could be any function of any module')
    # Some steps have fields such as resize_type; and one registry's name may be asked of another.
    if isinstance(name, str) and name.endswith('type') and isinstance(value, str) and _is_module(value):
        raise ValueError(f'{name} {value!r:.80} is the name of a module')


def _is_module(name: str) -> bool:
    return name.isidentifier() and find_spec(name) is not None


def _check_source(name: Any, value: Any) -> None:
    """Raise ValueError where a file or address would be opened."""
    if name == 'type' and value.rpartition('.')[2] == WHOLE_SYSTEM:
        raise ValueError(f'its model is a {value}, which is loaded from other files')
    is_text = isinstance(value, (str, bytes))
    if (name in SOURCES and value is not None) or (is_text and name != 'type' and NAME_OF_A_FILE.search(str(value))):
        raise ValueError(f'{name} {value!r:.80} could be a file or an address')


def _without_initialisation(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_initialisation(element) for key, element in value.items() if key != 'init_cfg'}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_without_initialisation, value))
    return value


def _parts_of_datasets(config: dict[str, Any]) -> list[Any]:
    """What an inferencer takes from the dataloaders."""
    loaders = [config.get(f'{split}_dataloader') for split in ('train', 'val', 'test')]
    datasets = [loader.get('dataset') for loader in loaders if isinstance(loader, dict)]
    kept = [dataset for dataset in datasets if isinstance(dataset, dict)]
    return [dataset.get(part) for dataset in kept for part in ('pipeline', 'metainfo')]

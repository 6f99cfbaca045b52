"""Models by name: what `model-index.yml` of the checkout, or of the installed wheel, lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mmengine.infer import BaseInferencer


@dataclass(frozen=True)
class IndexedModel:
    """One entry of the index.

    Args:
        name: Name of the entry.
        aliases: Other names.
        config: Config file.
        weights: Checkpoint file or address; None where none is published.
    """

    name: str
    aliases: tuple[str, ...]
    config: Path
    weights: str | None


def indexed_models() -> list[IndexedModel]:
    """All models of mmp3d's index. mmengine finds the folder: the checkout, or ``mmp3d/.mim`` of a wheel."""
    root = Path(BaseInferencer._get_repo_or_mim_dir('mmp3d'))
    return [_parsed(entry, root) for entry in BaseInferencer._get_models_from_metafile(str(root))]


def find_model(name: str) -> IndexedModel:
    """The model of a name or alias, in any case.

    Raises:
        FileNotFoundError: ``name`` looks like a config file, which does not exist.
        ValueError: The index does not know the name; lists those that it knows.
    """
    models = indexed_models()
    for model in models:
        if name.lower() in (known.lower() for known in (model.name, *model.aliases)):
            return model
    known = '; '.join(' = '.join((model.name, *model.aliases)) for model in models)
    if name.endswith('.py') or Path(name).name != name:
        raise FileNotFoundError(f'no config at {name}; give an existing file or the name of a model: {known}')
    raise ValueError(f'unknown model {name!r}; give a config file or one of: {known}')


def _parsed(entry: dict, root: Path) -> IndexedModel:
    aliases, weights = entry.get('Alias') or (), entry.get('Weights')
    if weights and not re.match(r'https?://', weights):
        weights = str(root / weights)
    return IndexedModel(
        name=entry['Name'],
        aliases=(aliases,) if isinstance(aliases, str) else tuple(aliases),
        config=root / entry['Config'],
        weights=weights or None,
    )

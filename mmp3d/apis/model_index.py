"""Models by name: what `model-index.yml` of the checkout, or of the installed wheel, lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config
from mmengine.infer import BaseInferencer


@dataclass(frozen=True)
class ModelResult:
    """Figures of a model by the metrics' names, and what they were measured on."""

    dataset: str
    metrics: dict[str, float]


@dataclass(frozen=True)
class IndexedModel:
    """One entry of the index.

    Args:
        name: Name of the entry.
        aliases: Other names.
        config: Config file.
        weights: Checkpoint file or address; None where none is published.
        architecture: What the network is made of, in words.
        training_data: What it was, or is to be, trained on, in words.
        results: What was measured with the weights.
        license: What the weights may be used for, in words; None where none are published.
    """

    name: str
    aliases: tuple[str, ...]
    config: Path
    weights: str | None
    architecture: tuple[str, ...] = ()
    training_data: tuple[str, ...] = ()
    results: tuple[ModelResult, ...] = ()
    license: str | None = None

    def has_weights_of_parts(self) -> bool:
        """Whether the config names the checkpoints of the model's parts, so that it needs none of its own."""
        if not self.config.is_file():
            return False
        model = Config.fromfile(self.config, import_custom_modules=False).get('model') or {}
        return any(isinstance(part, dict) and {'config', 'checkpoint'} <= part.keys() for part in model.values())


def indexed_models() -> list[IndexedModel]:
    """All models of mmp3d's index. mmengine finds the folder: the checkout, or ``mmp3d/.mim`` of a wheel."""
    root = Path(BaseInferencer._get_repo_or_mim_dir('mmp3d'))
    return [_parsed(entry, root) for entry in BaseInferencer._get_models_from_metafile(str(root))]


def find_model(name: str) -> IndexedModel:
    """The model of a name or alias, in any case.

    Raises:
        FileNotFoundError: ``name`` looks like a config file, which does not exist.
        ValueError: The index does not know the name; lists those that it knows.

    Examples:
        >>> find_model('bottomup').name
        'bu_tiny_muco'
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
    weights, about = entry.get('Weights'), entry.get('Metadata') or {}
    if weights and not re.match(r'https?://', weights):
        weights = str(root / weights)
    return IndexedModel(
        name=entry['Name'],
        aliases=_texts(entry.get('Alias')),
        config=root / entry['Config'],
        weights=weights or None,
        architecture=_texts(about.get('Architecture')),
        training_data=_texts(about.get('Training Data')),
        results=tuple(ModelResult(result['Dataset'], result['Metrics']) for result in entry.get('Results') or ()),
        license=entry.get('License'),
    )


def _texts(entry: str | list[str] | None) -> tuple[str, ...]:
    """A metafile has one text, or a list of them."""
    return (entry,) if isinstance(entry, str) else tuple(entry or ())

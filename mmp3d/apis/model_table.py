"""The models that have a name as tables, for the console (``mmp3d models``) and for the documentation.

python -m mmp3d.apis.model_table      prints the table of docs/models.md
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmp3d.apis.model_index import IndexedModel, indexed_models

USE = """Percent; MPJPE and PA-MPJPE in mm. Configs and weights: {folder}
Run one:  mmp3d infer clip.mp4 --model bottomup
          mmp3d infer clip.mp4 --lift --pose2d poses.json --model lifting"""
NO_WEIGHTS = 'none published'


def console_table() -> str:
    """Names, weights, licences and figures of all models as aligned text, and how to run one."""
    models = indexed_models()
    rows = [('model', 'other names', 'weights', 'licence', 'figures')]
    for model in models:
        results = [f'{_figures(result.metrics)} ({result.dataset})' for result in model.results]
        names = model.name, ', '.join(model.aliases)
        rows.append((*names, _weights(model), model.license or '-', '; '.join(results) or '-'))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, tuple('-' * width for width in widths))
    lines = ['  '.join(map(str.ljust, row, widths)).rstrip() for row in rows]
    folder = models[0].config.parents[1] if models else ''
    return '\n'.join([*lines, '', USE.format(folder=folder)])


def markdown_table() -> str:
    """What docs/models.md shows: a row for each result, and for each model without one."""
    lines = [
        '| model | network | trained on | licence | tested on | figures |',
        '| --- | --- | --- | --- | --- | --- |',
    ]
    for model in indexed_models():
        name = f'`{model.name}`' + ''.join(f', `{alias}`' for alias in model.aliases)
        about = f'| {name} | {_listed(model.architecture)} | {_listed(model.training_data)} | {model.license or ""} |'
        lines += [f'{about} {result.dataset} | {_figures(result.metrics)} |' for result in model.results]
        if not model.results:
            lines.append(f'{about} | no weights yet |' if _weights(model) == NO_WEIGHTS else f'{about} | |')
    return '\n'.join(lines)


def _figures(metrics: dict[str, float]) -> str:
    return ', '.join(f'{name} {value}' for name, value in metrics.items())


def _listed(texts: Sequence[str]) -> str:
    return '; '.join(texts)


def _weights(model: IndexedModel) -> str:
    if model.weights is None:
        return 'those of its parts' if model.has_weights_of_parts() else NO_WEIGHTS
    if model.weights.startswith('http'):
        return model.weights
    file = Path(model.weights)
    return f'{file.stat().st_size / 1e6:.1f} MB' if file.is_file() else f'missing: {file}'


if __name__ == '__main__':
    print(markdown_table())

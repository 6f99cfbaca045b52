"""PCK curves as a picture.

Shapes: T thresholds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

SIZE_INCHES = (8.0, 5.0)
DOTS_PER_INCH = 120
COLOURS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c564b', '#7f7f7f')
TOTAL = 'total'


def plot_pck_curves(path: str | os.PathLike, title: str, curves: Mapping) -> None:
    """Draw the curve of every joint group, the total in bold black, with AUC in the legend and its end dotted.

    Args:
        path: PNG file to write; its folder is made.
        title: Above the picture.
        curves: ``thresholds`` (T,) mm; ``pck``: (T,) percent by name of the group; ``auc``: percent by name;
            ``auc_to``: mm that the AUC reaches to. A curve with a value that is not defined is left out.

    Raises:
        ValueError: There is no curve to draw.
    """
    thresholds = np.asarray(curves['thresholds'], np.float64)
    drawn = {name: np.asarray(pck, np.float64) for name, pck in curves['pck'].items()}
    drawn = {name: pck for name, pck in drawn.items() if np.isfinite(pck).all()}
    if not drawn:
        raise ValueError(f'{title}: no PCK curve is defined, nothing to draw; nobody was scored')
    figure = Figure(SIZE_INCHES, DOTS_PER_INCH, layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for (name, pck), style in zip(drawn.items(), _styles(list(drawn)), strict=True):
        axes.plot(thresholds, pck, label=f'{name}  {curves["auc"][name]:.1f}', **style)
    axes.set(title=title, xlabel='threshold, mm', ylabel='joints within the threshold, %')
    axes.set(xlim=(thresholds[0], thresholds[-1]), ylim=(0, 100))
    axes.grid(alpha=0.3)
    axes.axvline(curves['auc_to'], color='black', linewidth=0.8, linestyle=':')
    axes.legend(title=f'AUC 0-{curves["auc_to"]:g} mm', loc='center left', bbox_to_anchor=(1, 0.5), frameon=False)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={'Software': None})


def plot_reports(reports: Mapping[str, Mapping], folder: str | os.PathLike) -> list[Path]:
    """Draw the curves of every metric that has some, a file each: ``<metric>_<mode>.png``.

    Args:
        reports: By metric, see :func:`mmp3d.evaluation.offline.evaluate_predictions`; ``curves`` of a report holds
            curves by mode (``'all'``, ``'matched'``).
        folder: Where the files go.

    Returns:
        The files written; none if no metric has curves that are defined.
    """
    written = []
    for metric, report in reports.items():
        for mode, curves in report.get('curves', {}).items():
            if np.isfinite(np.asarray(list(curves['pck'].values()), np.float64)).all(axis=1).any():
                written.append(Path(folder) / f'{metric}_{mode}.png')
                plot_pck_curves(written[-1], f'{metric}, {mode}', curves)
    return written


def _styles(names: Sequence[str]) -> list[dict]:
    groups = [name for name in names if name != TOTAL]
    colour = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(groups)}
    return [
        {'color': 'black', 'linewidth': 2.5} if name == TOTAL else {'color': colour[name], 'linewidth': 1.2}
        for name in names
    ]

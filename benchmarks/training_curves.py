"""Draw what runs logged, as a PNG: a panel for each number, a line for each run.

python benchmarks/training_curves.py OUT.png --run NAME WORK_DIR [--run ...] --number KEY [--number ...]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmp3d.visualization.curve_plot import COLOURS

PANEL_INCHES = (4.0, 3.0)
DOTS_PER_INCH = 80


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the picture; a run that did not log a number has no line in its panel."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('out')
    parser.add_argument('--run', nargs=2, action='append', required=True, metavar=('NAME', 'WORK_DIR'))
    parser.add_argument('--number', action='append', required=True, metavar='KEY')
    args = parser.parse_args(arguments)
    runs = {name: logged(Path(folder)) for name, folder in args.run}
    width, height = PANEL_INCHES
    figure = Figure((width * len(args.number), height), DOTS_PER_INCH, layout='constrained')
    FigureCanvasAgg(figure)
    for axes, key in zip(figure.subplots(1, len(args.number), squeeze=False)[0], args.number, strict=True):
        for (name, lines), colour in zip(runs.items(), COLOURS, strict=False):
            points = [(line['step'], line[key]) for line in lines if key in line]
            axes.plot([step for step, _ in points], [value for _, value in points], label=name, color=colour)
        axes.set(title=key, xlabel='iteration')
        axes.grid(alpha=0.3)
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(), loc='outside lower center', ncols=len(runs), frameon=False
    )
    Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out, metadata={'Software': None})


def logged(folder: Path) -> list[dict]:
    """The lines that a run logged, each step once.

    A run that was resumed has a log for each time it was started. Each log takes the place of the earlier ones from its
    first step on: what was computed after the checkpoint that it resumed from was computed again. Steps of training are
    iterations, those of validation epochs.

    Raises:
        FileNotFoundError: The run has none.
    """
    logs = sorted(folder.glob('*/vis_data/scalars.json'))
    if not logs:
        raise FileNotFoundError(f'{folder}: no */vis_data/scalars.json; give the work folder of a run')
    kept = {'training': [], 'validation': []}
    for log in logs:
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        for kind, earlier in kept.items():
            own = [line for line in lines if ('iter' in line) == (kind == 'training')]
            kept[kind] = [line for line in earlier if not own or line['step'] < own[0]['step']] + own
    return kept['training'] + kept['validation']


if __name__ == '__main__':
    main()

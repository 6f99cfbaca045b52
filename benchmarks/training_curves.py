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
    """The lines of a run's latest log.

    Raises:
        FileNotFoundError: The run has none.
    """
    logs = sorted(folder.glob('*/vis_data/scalars.json'))
    if not logs:
        raise FileNotFoundError(f'{folder}: no */vis_data/scalars.json; give the work folder of a run')
    return [json.loads(line) for line in logs[-1].read_text().splitlines()]


if __name__ == '__main__':
    main()

"""The paper's ablation studies (Tables 1 and 2) on synthetic MuPoTS-3D: each row's scores, mean and spread over seeds.

python benchmarks/ablation.py [--out FOLDER] [--seeds SEED ...] [--sequences 20] [--frames 30] [--people 2 5]
    [--size 960 540] [--single-person CHECKPOINT] [--row NAME KEY=VALUE ...] ... [--rows NAME ...] [--plot FILE.png]

A row is configs/tdbu_tiny_mupots.py with other options. "simulated" rows are given the data set's 2D poses; "network"
rows get theirs from configs/td_tiny_coco.py in boxes around those, and without multi-person estimation (w/o MP) from
configs/td_tiny_single_coco.py with the weights of --single-person, without which these rows are left out; "suppressed
boxes": of boxes that overlap one is left, as a detector leaves it. --row adds one on simulated 2D poses, "TD + BU (IN)"
with options of its own, as --cfg-options takes them; a row named as in Table 2 stands beside it.

A seed's data, stage outputs and results are in FOLDER/seed-SEED. A row that is done is not run again, unless its
options, networks or data are others now. Time is processor time.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmengine.config import Config, DictAction
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from mmpose.registry import MODELS

import mmp3d
from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.engine.launch import load_config
from mmp3d.models.sub_models import shipped_file
from mmp3d.pipeline.stage_memory import digest
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import CLOSE, Recipe
from mmp3d.visualization.curve_plot import COLOURS

CONFIG = 'configs/tdbu_tiny_mupots.py'
NUMBERS = {'AP25root': 'AP25root/AP', 'AUC': 'AUCrel/all', 'PCK': 'PCK/all', 'PCK_abs': 'PCKabs/all'}
# Tables 1 and 2, in the order of NUMBERS.
PAPER = {
    'TD (w/o MP)': (43.7, 41.0, 81.6, 42.8),
    'TD (w MP)': (45.2, 48.9, 87.5, 45.7),
    'BU (w/o CH)': (44.2, 34.5, 76.6, 40.2),
    'BU (w CH)': (46.1, 35.1, 78.0, 41.5),
    'TD + BU (w/o MP,CH)': (44.9, 42.6, 82.8, 43.1),
    'TD + BU (hard)': (46.1, 48.9, 87.5, 46.2),
    'TD + BU (linear)': (46.1, 49.2, 88.0, 46.7),
    'TD + BU (w/o PM)': (46.0, 48.6, 85.5, 45.3),
    'TD + BU (IN)': (46.3, 49.6, 88.9, 47.4),
    'Rep': (46.3, 43.4, 77.2, 40.7),
    'MP': (46.3, 32.2, 72.8, 29.5),
    'Rep+dis': (46.3, 49.9, 89.1, 46.8),
    'Rep+MP+dis': (46.3, 50.6, 89.6, 48.0),
}
WHOLE = 'TD + BU (IN)'
# What the paper says is better, and than what.
CLAIMS = (
    ('TD (w MP)', 'TD (w/o MP)'),
    ('TD (w MP, suppressed boxes)', 'TD (w/o MP, suppressed boxes)'),
    ('BU (w CH)', 'BU (w/o CH)'),
    ('TD (w MP)', 'BU (w CH)'),
    *((WHOLE, row) for row in list(PAPER)[4:8]),
    (WHOLE, 'TD + BU (w/o CH)'),
    (WHOLE, 'TD (w MP)'),
    (WHOLE, 'BU (w CH)'),
)
SIMULATED, NETWORK, PICTURES = 'simulated', 'network', 'pictures alone'

TOP_DOWN, BOTTOM_UP = ({'model.settings.branches': name} for name in ('top_down', 'bottom_up'))
WITHOUT_HEATMAPS = {'model.settings.feed_poses': False}
# Of boxes that overlap by more than this IoU Mask R-CNN keeps the surest (its test_cfg.rcnn.nms): two people, one box.
SUPPRESSED, ONE_BOX = {'model.settings.box_overlap': 0.5}, ', suppressed boxes)'
HARD, LINEAR = ({'model.integration': dict(_delete_=True, type=f'{name}Integration')} for name in ('Hard', 'Linear'))
INTEGRATED = {
    'model.integration': dict(
        _delete_=True,
        config='configs/integration_tiny_pairs.py',
        checkpoint='weights/integration_tiny_pairs.pth',
    )
}
FED = {
    WHOLE: INTEGRATED,
    'TD + BU (linear)': LINEAR,
    'TD + BU (hard)': HARD,
    'TD + BU (w/o PM)': {**INTEGRATED, 'model.settings.matching': 'none'},
    'TD (w MP)': TOP_DOWN,
    'BU (w CH)': BOTTOM_UP,
}


@dataclass(frozen=True, eq=False)
class Row:
    """A row of the tables: the paper's name, where its 2D poses come from, and options of the config."""

    name: str
    poses: str
    options: dict[str, Any]

    @property
    def file_name(self) -> str:
        """The name without signs that files should not have."""
        return re.sub(r'[^\w+]+', '_', f'{self.poses} {self.name.replace("w/o", "without")}').strip('_') + '.json'


Scores = dict[Row, np.ndarray]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    args = parse_args(arguments)
    mmp3d.register_all_modules()
    torch.set_num_threads(1)
    # The tables by sequence and joint, of every row, would hide those that this prints.
    MMLogger.get_current_instance().setLevel('WARNING')
    rows = [row for row in rows_of(args) if not args.rows or row.name in args.rows]
    results = {row: [] for row in rows}
    for seed in args.seeds:
        folder = Path(args.out) / f'seed-{seed}'
        recipe = Recipe(
            'mupots', args.sequences, args.frames, tuple(args.people), tuple(args.size), seed, interactions=CLOSE
        )
        generate(recipe, folder / 'data')
        for row in rows:
            results[row].append(scored(row, folder, recipe))
    scores = {row: np.array([[each[key] for key in NUMBERS.values()] for each in own]) for row, own in results.items()}
    print(markdown(('row', '2D poses', *NUMBERS), score_lines(scores)))
    print(markdown(('difference', '2D poses', *NUMBERS), claim_lines(scores)))
    if args.plot:
        plot(scores, args.plot)


def parse_args(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', default='work_dirs/ablation', metavar='FOLDER')
    parser.add_argument('--seeds', nargs='+', type=int, default=[4101, 4102, 4103], metavar='SEED')
    parser.add_argument('--sequences', type=int, default=20)
    parser.add_argument('--frames', type=int, default=30)
    parser.add_argument('--people', type=int, nargs=2, default=[2, 5], metavar=('MIN', 'MAX'))
    parser.add_argument('--size', type=int, nargs=2, default=[960, 540], metavar=('W', 'H'))
    parser.add_argument('--single-person', metavar='CHECKPOINT', help='weights of configs/td_tiny_single_coco.py')
    parser.add_argument('--row', nargs='+', action='append', default=[], metavar='PART', help='NAME KEY=VALUE ...')
    parser.add_argument('--rows', nargs='+', metavar='NAME', help='these alone')
    parser.add_argument('--plot', metavar='FILE', help='draw the scores, as PNG')
    args = parser.parse_args(arguments)
    known = {row.name for row in rows_of(args)}
    if unknown := set(args.rows or ()) - known:
        parser.error(f'--rows: no row {sorted(unknown)}; rows of this command: {sorted(known)}')
    return args


def rows_of(args: argparse.Namespace) -> list[Row]:
    """All rows, so ordered that each finds in the stages of the one before whatever it has in common with it."""
    integrated_alone = {**INTEGRATED, **WITHOUT_HEATMAPS}
    rows = [Row(name, SIMULATED, options) for name, options in FED.items()]
    for name, *options in args.row:
        pairs = (option.split('=', 1) for option in options)
        rows.append(
            Row(name, SIMULATED, {**INTEGRATED, **{key: DictAction._parse_iterable(text) for key, text in pairs}})
        )
    rows.append(Row('TD + BU (w/o CH)', SIMULATED, integrated_alone))
    rows.append(Row('BU (w/o CH)', PICTURES, {**BOTTOM_UP, **WITHOUT_HEATMAPS}))
    if args.single_person:
        single = {'model.top_down': dict(config='configs/td_tiny_single_coco.py', checkpoint=args.single_person)}
        rows.append(Row('TD + BU (w/o MP,CH)', NETWORK, {**single, **integrated_alone}))
        rows.append(Row('TD (w/o MP)', NETWORK, {**single, **TOP_DOWN}))
        rows.append(Row(f'TD (w/o MP{ONE_BOX}', NETWORK, {**single, **TOP_DOWN, **SUPPRESSED}))
    multi = {'model.top_down': dict(config='configs/td_tiny_coco.py', checkpoint='weights/td_tiny_coco.pth')}
    rows.append(Row(f'TD (w MP{ONE_BOX}', NETWORK, {**multi, **TOP_DOWN, **SUPPRESSED}))
    return rows + [Row(name, NETWORK, {**multi, **options}) for name, options in FED.items()]


def scored(row: Row, folder: Path, recipe: Recipe) -> dict[str, float]:
    """The scores of a row on the data of a seed: those of its file, or measured now and written there."""
    cfg = load_config(str(shipped_file(CONFIG)), deepcopy(row.options), ('model', 'test_dataloader'))
    loader = dict(num_workers=0, persistent_workers=False, dataset=dict(data_root=str(folder / 'data')))
    made_from = digest(list(parts_of(cfg.model)), recipe.to_dict())
    file = folder / row.file_name
    if (kept := read_result(file)) and kept['made_from'] == made_from:
        return kept['scores']
    cfg.merge_from_dict(dict(model=dict(stage_dir=str(folder / 'stages')), test_dataloader=loader))
    start = time.process_time()
    scores = {name: float(score) for name, score in measured(cfg).items()}
    seconds = time.process_time() - start
    result = dict(row=row.name, poses=row.poses, options=row.options, data=recipe.to_dict(), made_from=made_from)
    text = json.dumps({**result, 'seconds': seconds, 'scores': scores}, indent=1)
    AtomicLocalBackend().put(text.encode(), file)
    print(f'seed {recipe.seed}, {row.poses}, {row.name}: {seconds:.0f} s', flush=True)
    return scores


def parts_of(model: Mapping[str, Any]) -> Iterator[Any]:
    """All that a model is made of: its config, and those and the weights of its parts."""
    yield model
    for part in model.values():
        if isinstance(part, Mapping) and 'config' in part:
            yield load_config(str(shipped_file(part['config']))).model
        if isinstance(part, Mapping) and (path := shipped_file(part.get('checkpoint') or '')).is_file():
            yield np.fromfile(path, np.uint8)


def read_result(file: Path) -> dict[str, Any] | None:
    """What was written, or None where there is nothing that can be read."""
    try:
        result = json.loads(file.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    return result if {'made_from', 'scores'} <= set(result) else None


def measured(cfg: Config) -> dict[str, float]:
    """The scores of a config's model on its test data."""
    model = MODELS.build(cfg.model).eval()
    loader = Runner.build_dataloader(cfg.test_dataloader, seed=0)
    evaluator = Evaluator([dict(type=key.split('/')[0]) for key in NUMBERS.values()])
    evaluator.dataset_meta = loader.dataset.metainfo
    counts = np.zeros(3, int)
    for batch in loader:
        samples = model.test_step(batch)
        evaluator.process(samples, batch)
        counts += (
            len(samples),
            *(sum(len(s.get(name)) for s in samples) for name in ('pred_instances', 'gt_instances')),
        )
    images, found, annotated = counts.tolist()
    return {
        **evaluator.evaluate(images),
        'people of a frame': found / images,
        'annotated of a frame': annotated / images,
    }


def score_lines(scores: Scores) -> Iterator[list[str]]:
    """Cells of each row in the paper's order: mean and standard deviation over seeds, and the paper's number."""
    order = list(PAPER)
    for row in sorted(scores, key=lambda row: (row.poses, order.index(row.name) if row.name in PAPER else len(order))):
        means, deviations = scores[row].mean(axis=0), spread(scores[row])
        ours = [f'{mean:.1f} ± {deviation:.1f}' for mean, deviation in zip(means, deviations, strict=True)]
        yield [row.name, row.poses, *beside(ours, PAPER.get(row.name), '.1f')]


def spread(scores: np.ndarray) -> np.ndarray:
    """Standard deviation of (seeds, numbers); NaN of one seed."""
    return scores.std(axis=0, ddof=1) if len(scores) > 1 else np.full(scores.shape[1], np.nan)


def claim_lines(scores: Scores) -> Iterator[list[str]]:
    """Cells of each comparison: mean difference on the same data, its range over seeds, the paper's difference."""
    for poses in (SIMULATED, NETWORK):
        own = {row.name: values for row, values in scores.items() if row.poses in (poses, PICTURES)}
        for better, worse in CLAIMS:
            if better in own and worse in own:
                differences = own[better] - own[worse]
                ranges = zip(differences.mean(axis=0), differences.min(axis=0), differences.max(axis=0), strict=True)
                ours = [f'{mean:+.1f} [{low:+.1f} to {high:+.1f}]' for mean, low, high in ranges]
                paper = np.subtract(PAPER[better], PAPER[worse]) if worse in PAPER else None
                yield [f'{better} - {worse}', poses, *beside(ours, paper, '+.1f')]


def beside(ours: Sequence[str], paper: Sequence[float] | None, form: str) -> list[str]:
    """Our cells, the paper's numbers behind them in brackets where there are some."""
    if paper is None:
        return list(ours)
    return [f'{cell} ({number:{form}})' for cell, number in zip(ours, paper, strict=True)]


def markdown(columns: Sequence[str], lines: Iterator[list[str]]) -> str:
    """A Markdown table with an empty line behind it."""
    cells = [columns, ['---'] * len(columns), *lines]
    return '\n'.join(f'| {" | ".join(line)} |' for line in cells) + '\n'


def plot(scores: Scores, path: str) -> None:
    """A panel for each number: seeds as dots, their mean as a bar, the paper's number as a cross."""
    shown = dict.fromkeys(row.name for row in scores)
    names = [name for name in PAPER if name in shown] + [name for name in shown if name not in PAPER]
    figure = Figure((12, 1.2 + 0.34 * len(names)), 80, layout='constrained')
    FigureCanvasAgg(figure)
    colours = dict(zip((SIMULATED, NETWORK, PICTURES), COLOURS, strict=False))
    offsets = {SIMULATED: -0.2, NETWORK: 0.2, PICTURES: 0.0}
    for number, axes in enumerate(figure.subplots(1, len(NUMBERS), sharey=True)):
        for row, values in scores.items():
            place = names.index(row.name) + offsets[row.poses]
            axes.barh(place, values[:, number].mean(), 0.36, color=colours[row.poses], alpha=0.45)
            axes.plot(values[:, number], [place] * len(values), '.', color=colours[row.poses])
        paper = [(PAPER[name][number], place) for place, name in enumerate(names) if name in PAPER]
        axes.plot(*zip(*paper, strict=True), 'x', color='black')
        axes.set(title=list(NUMBERS)[number], yticks=range(len(names)), yticklabels=names)
        axes.grid(axis='x', alpha=0.3)
    axes.invert_yaxis()
    for poses, colour in colours.items():
        axes.barh(0, 0, color=colour, alpha=0.45, label=poses)
    axes.plot([], [], 'x', color='black', label='paper (real MuPoTS-3D)')
    figure.legend(loc='outside lower center', ncols=4, frameon=False)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={'Software': None})


if __name__ == '__main__':
    main()

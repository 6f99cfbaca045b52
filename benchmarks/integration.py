"""Errors of ways to make one pose of what the two branches say, on motion that they never saw, and their speed.

python benchmarks/integration.py CONFIG [--model NAME CHECKPOINT [KEY=VALUE ...]] ... [--motion-folders DIR ...]
    [--scenes N]

The branches are simulated with the errors of CONFIG; both find every joint, so that each row is about the same joints.
KEY=VALUE overrides entries of the config, as --cfg-options does. ``neighbours`` is the error of where somebody stands
seen from the nearest other person. Time is processor time on one core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from mmengine.config import Config, DictAction
from mmpose.registry import DATASETS, MODELS
from torch import Tensor

import mmp3d
from mmp3d.compat.checkpoint import check_architecture, load_checkpoint, state_dict_of
from mmp3d.evaluation.metrics.lifting_errors import ERRORS, lifting_errors
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.geometry import MUPOTS17
from mmp3d.models.estimators.integration_estimator import KnownPeople
from mmp3d.models.integration.people_pairs import pairs_in_scenes
from mmp3d.models.integration.pose_pairs import PosePairs

COLUMNS = ('MPJPE', 'PA-MPJPE', 'root error', 'MPJPE-abs', 'root-depth', 'neighbours', 'ms for 1,000')


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    parser.add_argument('--model', nargs='+', action='append', default=[], metavar='PART')
    parser.add_argument('--motion-folders', nargs='*', default=[], help='BVH files; procedural motion alone without')
    parser.add_argument('--scenes', type=int, default=2048)
    args = parser.parse_args(arguments)
    mmp3d.register_all_modules()
    torch.set_num_threads(1)
    ways = {
        'top-down alone': lambda pairs: pairs.top_down,
        'bottom-up alone': lambda pairs: pairs.bottom_up,
        'hard': MODELS.build(dict(type='HardIntegration')),
        'linear': MODELS.build(dict(type='LinearIntegration')),
        **{name: network_of(args.config, *parts) for name, *parts in args.model},
    }
    with torch.inference_mode():
        people = drawn_people(args)
        rows = tuple((name, errors_of(way, people)) for name, way in ways.items())
    print(ScoreTable(f'{len(people.truth)} people; mm, percent, ms', ('', *COLUMNS), rows).to_text())


def network_of(config: str, checkpoint: str, *options: str) -> torch.nn.Module:
    """The network of a config with overrides, weights loaded."""
    cfg = Config.fromfile(config)
    cfg.merge_from_dict({key: DictAction._parse_iterable(value) for key, value in (o.split('=', 1) for o in options)})
    network = MODELS.build(cfg.model.network)
    weights = state_dict_of(load_checkpoint(checkpoint), checkpoint)
    weights = {key.removeprefix('network.'): value for key, value in weights.items() if key.startswith('network.')}
    check_architecture(network, {'state_dict': weights}, checkpoint)
    network.load_state_dict(weights)
    return network.eval()


def drawn_people(args: argparse.Namespace) -> KnownPeople:
    """People of held-out motion, and what the branches say about them."""
    cfg = Config.fromfile(args.config)
    model = MODELS.build(cfg.model)
    model.errors = replace(model.errors, mask=(0.0, 0.0), unpaired=0.0)
    options = dict(num_items=args.scenes, motion_folders=args.motion_folders, seed=1)
    dataset = DATASETS.build({**cfg.val_dataloader.dataset, **options})
    batch = dataset.__getitems__(range(args.scenes)).stacked
    samples = model.data_preprocessor(batch)['data_samples']
    return model.known_people(samples, torch.Generator().manual_seed(0))


def errors_of(way: Callable[[PosePairs], Tensor], people: KnownPeople) -> tuple[float, ...]:
    """The numbers of one row."""
    poses, true = way(people.pairs).numpy(), people.truth.numpy()
    errors = lifting_errors(poses, true, people.valid.numpy() > 0)
    errors = dict(zip(ERRORS, np.nanmean(errors, axis=0), strict=True))
    roots = (poses - true)[:, MUPOTS17.root_index]
    pairs = pairs_in_scenes(people.truth[:, MUPOTS17.root_index], people.scene_ids).numpy()
    between = np.linalg.norm(roots[pairs[:, 0]] - roots[pairs[:, 1]], axis=-1).mean()
    root = np.linalg.norm(roots, axis=-1).mean()
    thousand = PosePairs(*(each[:1000] for each in people.pairs))
    times = []
    for _ in range(20):
        start = time.process_time()
        way(thousand)
        times.append(time.process_time() - start)
    whole = errors['MPJPE'], errors['PA-MPJPE'], root, errors['MPJPE-abs'], errors['root-depth']
    return *whole, between, 1000 * min(times)


if __name__ == '__main__':
    main()

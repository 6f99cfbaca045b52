"""Does a trained discriminator tell natural pairs of people from changed ones, on motion that it never saw?

python benchmarks/discriminator.py CONFIG CHECKPOINT [--motion-folders DIR ...] [--scenes N]

A row for each kind of scene: people who stand face to face, as in training; people as close as that who look anywhere,
where a turn cannot be seen; and people whose headings and distances have nothing to do with each other, where a change
shows in heights above the floor alone. Percent, and the greatest difference that exchanging the two people makes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import torch
from mmengine.config import Config
from mmpose.registry import DATASETS, METRICS, MODELS

import mmp3d
from mmp3d.compat.checkpoint import load_weights
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.models.integration.people_pairs import nearest_pairs

COLUMNS = ('accuracy', 'displaced', 'turned', 'real-against-real')
BATCH = 256
SCENES = {
    'face to face': dict(face_to_face=1.0, pair_share=0.0),
    'half of them': dict(face_to_face=0.5, pair_share=0.0),
    'close, facing anywhere': dict(face_to_face=0.0, pair_share=1.0),
    'anywhere': dict(face_to_face=0.0, pair_share=0.0),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('--motion-folders', nargs='*', default=[], help='BVH files; procedural motion alone without')
    parser.add_argument('--scenes', type=int, default=8192)
    args = parser.parse_args(arguments)
    mmp3d.register_all_modules()
    torch.set_num_threads(1)
    cfg = Config.fromfile(args.config)
    model = MODELS.build(cfg.model).eval()
    load_weights(model, args.checkpoint)
    rows = []
    for name, scene in SCENES.items():
        options = dict(num_items=args.scenes, motion_folders=args.motion_folders, seed=1)
        source = {**cfg.val_dataloader.dataset, **options}
        source['scene'] = {**source['scene'], **scene}
        rows.append((name, row_of(model, DATASETS.build(source))))
    print(ScoreTable('percent', ('people', *COLUMNS, 'by order'), tuple(rows)).to_text())


@torch.inference_mode()
def row_of(model, dataset) -> tuple[float, ...]:
    """Scores on the scenes of a data set, and the greatest difference when people are exchanged."""
    metric = METRICS.build(dict(type='NaturalnessAccuracy'))
    difference = 0.0
    for start in range(0, len(dataset), BATCH):
        batch = dataset.__getitems__(range(start, min(start + BATCH, len(dataset)))).stacked
        metric.process(None, [sample.to_dict() for sample in model.test_step(batch)])
        pairs, _ = nearest_pairs(batch['keypoints_cam'][:, :, 0], batch['person_valid'] > 0)
        first, second = pairs.unbind(1)
        by_order = model.discriminator(first, second) - model.discriminator(second, first)
        difference = max(difference, by_order.abs().max().item())
    scores = metric.compute_metrics(metric.results)
    return (*(scores[column] for column in COLUMNS), difference)


if __name__ == '__main__':
    main()

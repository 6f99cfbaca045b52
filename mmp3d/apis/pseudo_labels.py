"""A teacher's poses for clips that have none: once for each clip, in parts that outlast an interruption.

Shapes: B items, N people of an item, T frames, K joints. Rays are K^-1 times pixels; camera frame, millimetres.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmpose.registry import DATASETS, MODELS

from mmp3d.apis.data_digest import data_digest
from mmp3d.compat.checkpoint import load_run_weights
from mmp3d.datasets.item_batch import ItemBatch
from mmp3d.datasets.pseudo_labels import COLUMNS, LABELS, load_labels, save_labels
from mmp3d.datasets.report import shown_progress, warn
from mmp3d.engine.config_mistakes import told
from mmp3d.engine.device import checked_device
from mmp3d.models.data_preprocessors import PoseClipPreprocessor
from mmp3d.models.estimators import PoseLiftingEstimator
from mmp3d.models.lifters.clip_lifting import lift_clips
from mmp3d.version import __version__

# Items of one part, and clips of one person that are lifted at once.
PART_ITEMS, BATCH_CLIPS = 2048, 256


def write_pseudo_labels(
    cfg: Config, checkpoint: str | Path, out: str | Path, device: str = 'cpu', overwrite: bool = False
) -> dict:
    """Label ``cfg.unlabelled_dataset`` with ``cfg.teacher`` and write one file; a run that was ended goes on.

    Finished parts lie in ``OUT.parts`` until the file is whole. A file of the same teacher, config and version is left
    as it is.

    Args:
        cfg: With ``teacher``, a :class:`PoseLiftingEstimator`, and ``unlabelled_dataset``, whose items have
            ``keypoints_norm`` and ``keypoint_scores``; 3D in them is not looked at.
        checkpoint: Weights of the teacher: of lifters, or of a run that trained them as a student.
        out: ``*.npz``.
        device: Where the teacher runs.
        overwrite: Replace a file, and parts, of another teacher or config.

    Returns:
        The header of the file.

    Raises:
        FileNotFoundError: There are no weights.
        ValueError: The device, the teacher or its weights cannot be used, there is another file under the name, or the
            clips show nobody.
    """
    out = Path(out)
    if out.suffix != '.npz':
        raise ValueError(f'a file of pseudo-labels is named *.npz, got {out}')
    device = checked_device(device)
    teacher = _teacher(cfg, checkpoint).to(device).eval()
    header = _header(cfg, checkpoint)
    if out.exists() and LABELS.holds(out, header, overwrite):
        return load_labels(out)[0]
    with told(cfg.filename, 'unlabelled_dataset'):
        dataset = DATASETS.build(cfg.unlabelled_dataset)
    if hasattr(dataset, 'full_init'):
        dataset.full_init()
    parts = out.with_name(f'{out.name}.parts')
    files = [parts / f'{start:09d}.npz' for start in range(0, len(dataset), PART_ITEMS)]
    for number, file in enumerate(shown_progress(files, 'labelling')):
        if not (file.exists() and LABELS.holds(file, header, overwrite)):
            start = number * PART_ITEMS
            _write_part(file, header, teacher, dataset, range(start, min(start + PART_ITEMS, len(dataset))))
    _join(files, out, header)
    shutil.rmtree(parts, ignore_errors=True)
    return load_labels(out)[0]


def _teacher(cfg: Config, checkpoint: str | Path) -> PoseLiftingEstimator:
    for name in ('teacher', 'unlabelled_dataset'):
        if name not in cfg:
            raise ValueError(f'{cfg.filename}: has no {name!r}; see configs/ssl_tiny_virtual.py')
    with told(cfg.filename, 'teacher'):
        teacher = MODELS.build(cfg.teacher)
    if not isinstance(teacher, PoseLiftingEstimator):
        raise ValueError(f'{cfg.filename}: teacher must be a PoseLiftingEstimator, got {type(teacher).__name__}')
    load_run_weights(teacher, checkpoint)
    return teacher


def _header(cfg: Config, checkpoint: str | Path) -> dict:
    """Whose labels they are: equal headers mean equal labels."""
    text = Config(dict(teacher=cfg.teacher, unlabelled_dataset=cfg.unlabelled_dataset)).dump()
    return {
        'teacher': hashlib.sha256(Path(checkpoint).read_bytes()).hexdigest(),
        'config': hashlib.sha256(text.encode()).hexdigest(),
        **_data(cfg.unlabelled_dataset),
        'mmp3d_version': __version__,
    }


def _data(dataset: Mapping) -> dict:
    """Which files a data set of files reads; one that is drawn is told by its config."""
    root = dataset.get('data_root')
    return {'data': data_digest(root)} if root and Path(root).exists() else {}


def _write_part(path: Path, header: dict, teacher: PoseLiftingEstimator, dataset, numbers: range) -> None:
    columns: dict[str, list] = {name: [] for name in COLUMNS}
    counts = []
    for fields, people in _labelled(teacher, dataset, numbers):
        for name, values in fields.items():
            columns[name].append(values)
        counts += people
    offsets = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    save_labels(path, header, {name: np.concatenate(values) for name, values in columns.items()}, offsets)


@torch.no_grad()
def _labelled(teacher: PoseLiftingEstimator, dataset, numbers: range) -> Iterator[tuple[dict, list[int]]]:
    """Columns of the people of some items, and how many each item has."""
    preprocessor = PoseClipPreprocessor().to(next(teacher.parameters()).device)
    first = _batch(dataset, numbers[:1])
    size = max(1, BATCH_CLIPS // (first['keypoint_scores'].shape[1] if first['keypoint_scores'].ndim == 4 else 1))
    for start in range(0, len(numbers), size):
        batch = _batch(dataset, numbers[start : start + size])
        inputs = preprocessor(batch)['inputs']
        rays, scores = inputs[..., :2], inputs[..., 2]
        scores = torch.where(rays.isfinite().all(dim=-1) & (scores > 0), scores.clamp(max=1), 0)
        poses = lift_clips(teacher, rays, scores)
        found = (scores > 0).flatten(1).any(dim=1) & poses.isfinite().flatten(1).all(dim=1)
        if 'person_valid' in batch:
            found &= batch['person_valid'].to(found.device).flatten() > 0
        rays = torch.where(scores[..., None] > 0, rays, 0)
        fields = dict(keypoints_norm=rays, keypoint_scores=scores, keypoints_cam=poses)
        people = found.view(len(batch['keypoint_scores']), -1).sum(dim=1)
        yield {name: values[found].float().cpu().numpy() for name, values in fields.items()}, people.tolist()


def _batch(dataset, numbers: range) -> dict[str, torch.Tensor]:
    items = dataset.__getitems__(numbers) if hasattr(dataset, '__getitems__') else [dataset[i] for i in numbers]
    return items.stacked if isinstance(items, ItemBatch) else default_collate(items)


def _join(files: list[Path], out: Path, header: dict) -> None:
    """One file of all parts, without items that show nobody."""
    parts = [load_labels(file) for file in files]
    counts = np.concatenate([np.diff(offsets) for _, _, offsets in parts] or [np.zeros(0, np.int64)])
    if not counts.any():
        raise ValueError(f'{out}: none of the {len(counts)} unlabelled clips shows a person with a 2D joint; no labels')
    if empty := int((counts == 0).sum()):
        warn(f'{out}: {empty} of {len(counts)} clips show nobody and are left out')
    columns = {name: np.concatenate([values[name] for _, values, _ in parts]) for name in COLUMNS}
    save_labels(out, header, columns, np.concatenate([[0], np.cumsum(counts[counts > 0])]))

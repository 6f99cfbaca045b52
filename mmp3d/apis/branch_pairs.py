"""Runs the whole system's branches over sequences whose people are known, and stores what they say about these.

Shapes: P people, K = 17 MuPoTS joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmp3d.apis.data_digest import data_digest
from mmp3d.apis.measured_people import same_people
from mmp3d.datasets.branch_pairs import BRANCH_PAIRS, cleaned_columns
from mmp3d.datasets.report import shown_progress, warn
from mmp3d.engine.config_mistakes import told
from mmp3d.engine.device import checked_device
from mmp3d.geometry import Camera
from mmp3d.models.estimators import TwoBranchEstimator
from mmp3d.models.integration import LinearIntegration
from mmp3d.pipeline.integration import PairedPeople, integrate
from mmp3d.pipeline.network_stages import NetworkRule
from mmp3d.pipeline.stage_columns import by_frame
from mmp3d.pipeline.stage_memory import digest
from mmp3d.version import __version__

Columns = dict[str, np.ndarray]


def write_branch_pairs(
    cfg: Config,
    data_roots: Sequence[str | Path],
    out: str | Path,
    every: int = 1,
    device: str = 'cpu',
    overwrite: bool = False,
) -> dict:
    """Run the branches of ``cfg.model`` over ``cfg.test_dataloader`` at each root and write one file.

    What the stages found lies in ``OUT.stages`` until the file is whole, or in ``model.stage_dir``, where it stays; a
    run that was ended goes on there. A file of the same networks, settings, data and version is left as it is.

    Args:
        cfg: With ``model``, a :class:`TwoBranchEstimator` of both branches, and a ``test_dataloader`` whose items
            bring ``gt_instances``.
        data_roots: Folders that ``test_dataloader.dataset`` can read as ``data_root``.
        out: ``*.npz``.
        every: Keep frames whose number it divides. The 2D poses of the others count for the tracks alone.
        device: Where the networks run.
        overwrite: Replace a file of other networks, settings or data.

    Returns:
        The header of the file.

    Raises:
        FileNotFoundError: A data root, a config or weights do not exist.
        ValueError: There is no such device, the model or the loader cannot be built, the model has not both branches,
            there is another file under the name, or nobody who is annotated was found by any branch.
    """
    out = Path(out)
    if out.suffix != '.npz' or every < 1:
        raise ValueError(f'branch pairs: expected a file *.npz and every >= 1, got {out} and every={every}')
    stages = out.with_name(f'{out.name}.stages')
    model = _model(cfg, stages, device, every)
    header = _header(cfg, model, data_roots, every)
    if out.exists() and BRANCH_PAIRS.holds(out, header, overwrite):
        return BRANCH_PAIRS.load(out)[0]
    pictures = list(_pictures(cfg, model, data_roots, every))
    counts = np.array([len(people['keypoints_cam']) for people in pictures], np.int64)
    if not counts.any():
        raise ValueError(
            f'{out}: no branch found anybody who is annotated in the {len(counts)} pictures of '
            f'{", ".join(map(str, data_roots))}; no pairs'
        )
    if empty := int((counts == 0).sum()):
        warn(f'{out}: in {empty} of {len(counts)} pictures nobody was found; they are left out')
    columns = {name: np.concatenate([people[name] for people in pictures])[:, None] for name in BRANCH_PAIRS.columns}
    BRANCH_PAIRS.save(out, header, columns, np.concatenate([[0], np.cumsum(counts[counts > 0])]))
    shutil.rmtree(stages, ignore_errors=True)
    return BRANCH_PAIRS.load(out)[0]


def _model(cfg: Config, stages: Path, device: str, every: int) -> TwoBranchEstimator:
    device = checked_device(device)
    with told(cfg.filename, 'model'):
        model = MODELS.build({**cfg.model, 'stage_dir': cfg.model.get('stage_dir') or str(stages)})
    if not isinstance(model, TwoBranchEstimator) or not all(model.pipeline.uses.values()):
        raise ValueError(
            f'{cfg.filename}: branch pairs need a TwoBranchEstimator of both branches, such as '
            'configs/tdbu_tiny_mupots.py'
        )
    if every > 1 and model.top_down is not None:
        raise ValueError(
            f'{cfg.filename}: its top-down network must see every frame to track people; leave out --every'
        )
    return model.to(device).eval()


def _header(cfg: Config, model: TwoBranchEstimator, data_roots: Sequence[str | Path], every: int) -> dict:
    """Whose pairs they are: equal headers mean equal pairs."""
    networks = {name: text for name, text in model.pipeline.digests.items() if name != 'integration'}
    loader = Config(dict(loader=cfg.test_dataloader)).dump()
    return {
        'networks': networks,
        'settings': digest(model.settings, loader, every),
        'data': [data_digest(root) for root in data_roots],
        'mmp3d_version': __version__,
    }


def _pictures(
    cfg: Config, model: TwoBranchEstimator, data_roots: Sequence[str | Path], every: int
) -> Iterator[Columns]:
    """Columns of the people of each picture."""
    stages = Path(model.stage_dir)
    for number, root in enumerate(data_roots):
        # Sequences of different roots have the same names.
        model.stage_dir = str(stages / f'{number:03d}')
        with told(cfg.filename, 'test_dataloader'):
            loader_cfg = Config(dict(loader=cfg.test_dataloader)).loader
            loader_cfg.update(num_workers=0, persistent_workers=False)
            loader_cfg.dataset.data_root = str(root)
            loader = Runner.build_dataloader(loader_cfg, seed=0)
        for batch in shown_progress(loader, str(root)):
            for samples, people in model.branch_pairs(batch['data_samples'], every):
                yield from _people_of(samples, people, every)


def _people_of(samples: Sequence[PoseDataSample], people: PairedPeople, every: int) -> Iterator[Columns]:
    """Columns of those people of each picture who are annotated: the picture shows which of them they are."""
    if not samples:
        return
    camera = Camera.from_dict(samples[0].metainfo['camera'])
    shown = integrate(people, NetworkRule(LinearIntegration()), camera)
    said = by_frame({'counts': people.counts, **people.pairs})
    for sample, seen, pairs in zip(samples, shown, said, strict=True):
        if sample.metainfo['frame_id'] % every == 0:
            yield _matched(seen, pairs, sample.gt_instances)


def _matched(seen: Mapping[str, np.ndarray], pairs: Mapping[str, np.ndarray], truth: InstanceData) -> Columns:
    truth = truth[truth.person_valid > 0]
    found = InstanceData(keypoints=np.nan_to_num(seen['keypoints']), keypoint_scores=seen['keypoint_scores'])
    rows, columns = same_people(found, truth)
    true = {name: np.asarray(truth[name])[columns] for name in ('keypoints_cam', 'keypoints_3d_valid')}
    return cleaned_columns({**true, **{name: values[rows] for name, values in pairs.items()}})

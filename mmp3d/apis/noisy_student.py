"""Rounds of teaching: the student of one labels the clips for the next."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import barrier, is_main_process

from mmp3d.apis.pseudo_labels import write_pseudo_labels
from mmp3d.engine.resuming import AUTO, newest_readable_checkpoint, resumed_runner


def teach_rounds(cfg: Config, teacher: str | Path, work_dir: str | Path, device: str = 'cpu') -> list[Path]:
    """Label, train, and let the student label for the next round (noisy student; paper, section 3.4).

    Round r works in ``WORK_DIR/round_r``, with the overrides that ``cfg.rounds[r - 1]`` has. From the second round on
    the student starts as its teacher; in the first one, too, where ``model.student_checkpoint`` says that it does not
    start anew. Called again after an interruption, finished labels and rounds are left as they
    are, and the others are gone on with.

    Args:
        cfg: See :func:`write_pseudo_labels`; ``rounds`` is a list of overrides by dotted name, one for each round.
        teacher: Weights of the first teacher.
        work_dir: Folder of all rounds.
        device: Where teachers run.

    Returns:
        The student's checkpoint of each round.

    Raises:
        FileNotFoundError, ValueError: See :func:`write_pseudo_labels`; or ``rounds`` is no list, or empty.
    """
    rounds = cfg.get('rounds')
    if not isinstance(rounds, Sequence) or isinstance(rounds, str) or not rounds:
        raise ValueError(f'{cfg.filename}: rounds must be a list of overrides, one for each round, got {rounds!r}')
    students: list[Path] = []
    for number, overrides in enumerate(rounds, 1):
        folder = Path(work_dir) / f'round_{number}'
        own = copy.deepcopy(cfg)
        own.merge_from_dict({**overrides, 'work_dir': str(folder)})
        if own.model.get('student_checkpoint') is not None:
            own.model.student_checkpoint = str(students[-1] if students else teacher)
        labels = folder / 'labels.npz'
        if is_main_process():
            write_pseudo_labels(own, students[-1] if students else teacher, labels, device)
        barrier()
        own.train_dataloader.dataset.unlabelled.ann_file = str(labels)
        students.append(_trained(own, students))
    return students


def _trained(cfg: Config, students: list[Path]) -> Path:
    """The last checkpoint of a round."""
    if students:
        cfg.load_from = str(students[-1])
    resumed_runner(cfg, AUTO).train()
    barrier()
    return newest_readable_checkpoint(cfg.work_dir)[0]

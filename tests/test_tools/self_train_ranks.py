"""Run by torch.distributed.run: tools/self_train.py where there are GPUs, with labelling and training left out.

python self_train_ranks.py WORK_DIR; each rank leaves files that say what it did.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

import torch
from mmengine.dist import get_dist_info

from mmp3d.apis import noisy_student
from mmp3d.engine import launch
from tests.test_tools.test_lifting_configs import CHECKOUT, tool


def main(work_dir: str) -> None:
    """As the first lines of a run on GPUs, by gloo."""
    rank = os.environ['RANK']

    def join(launcher: str, backend: str, timeout: float) -> None:
        assert (launcher, backend) == ('pytorch', 'nccl')
        torch.distributed.init_process_group('gloo', timeout=timedelta(seconds=timeout))

    def label(cfg, teacher, out: Path, device: str) -> None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.with_name(f'labelled_by_{rank}').touch()

    def train(cfg, students) -> Path:
        assert get_dist_info() == (int(rank), 2)
        assert (Path(cfg.work_dir) / 'labelled_by_0').is_file(), 'not waited for'
        return Path(cfg.work_dir) / 'epoch_1.pth'

    torch.cuda.is_available = lambda: True
    launch.init_dist, noisy_student.write_pseudo_labels, noisy_student._trained = join, label, train
    config = str(CHECKOUT / 'configs' / 'ssl_tiny_virtual.py')
    tool('self_train')([config, 'teacher.pth', '--work-dir', work_dir, '--launcher', 'pytorch'])
    launch.leave_processes()


if __name__ == '__main__':
    main(sys.argv[1])

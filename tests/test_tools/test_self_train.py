"""Several processes teach in rounds: one labels, the others wait for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def test_one_process_labels_where_there_are_gpus(tmp_path):
    script = Path(__file__).with_name('self_train_ranks.py')
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2', str(script)]
    environment = {**os.environ, 'PYTHONPATH': str(CHECKOUT)}
    ended = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, env=environment)
    assert ended.returncode == 0, ended.stderr[-5000:]
    labelled = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.glob('*/labelled_by_*'))
    assert labelled == ['round_1/labelled_by_0', 'round_2/labelled_by_0']

"""Two processes that share a batch learn what one does with the whole of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

CHECKOUT = Path(__file__).resolve().parents[2]
TRAIN = str(CHECKOUT / 'tools' / 'train.py')
# PoseGCN has no batch normalisation, whose statistics are those of a process's own part of the batch.
CONFIG = """
_base_ = ['{checkout}/configs/gcn_tiny_virtual.py']
model = dict(gcn=dict(hidden_channels=8))
train_cfg = dict(max_epochs=2)
param_scheduler = []
train_dataloader = dict(
    batch_size={batch}, num_workers=0, persistent_workers=False, dataset=dict(num_items=48, num_procedural=2)
)
"""


def trained(folder: Path, processes: int) -> dict[str, torch.Tensor]:
    """The weights after six steps with a batch of 16 in all."""
    folder.mkdir()
    config = folder / 'config.py'
    config.write_text(CONFIG.format(checkout=CHECKOUT, batch=16 // processes))
    launch = ['-m', 'torch.distributed.run', '--standalone', f'--nproc_per_node={processes}'] if processes > 1 else []
    launcher = 'pytorch' if processes > 1 else 'none'
    command = [sys.executable, *launch, TRAIN, str(config), '--work-dir', str(folder), '--no-validate']
    ended = subprocess.run([*command, '--launcher', launcher], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-5000:]
    checkpoint = torch.load(folder / 'epoch_2.pth', weights_only=True)
    assert checkpoint['meta']['iter'] == 6
    return checkpoint['state_dict']


def test_two_processes_learn_what_one_does(tmp_path):
    one, two = trained(tmp_path / 'one', 1), trained(tmp_path / 'two', 2)
    assert one.keys() == two.keys()
    for name, weight in one.items():
        assert two[name].numpy() == pytest.approx(weight.numpy(), abs=1e-5), name

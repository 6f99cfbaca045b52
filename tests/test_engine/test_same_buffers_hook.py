"""Processes validate with the buffers of the first one."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import torch
from mmengine.config import Config
from mmengine.hooks import EMAHook
from mmengine.runner.priority import get_priority

from mmp3d.engine.hooks import SameBuffersHook

PROCESS = """
import sys
from types import SimpleNamespace
import torch
from mmp3d.engine.hooks import SameBuffersHook
torch.distributed.init_process_group('gloo', init_method='file://' + sys.argv[1], world_size=2, rank=int(sys.argv[2]))
norm = torch.nn.BatchNorm1d(2)
norm.running_mean += 1 + int(sys.argv[2])
SameBuffersHook().before_val_epoch(SimpleNamespace(model=norm))
print(norm.running_mean.tolist())
"""


def test_two_processes_have_the_statistics_of_the_first(tmp_path):
    started = [
        subprocess.Popen(
            [sys.executable, '-c', PROCESS, str(tmp_path / 'store'), rank], stdout=subprocess.PIPE, text=True
        )
        for rank in '01'
    ]
    assert [process.communicate()[0] for process in started] == ['[1.0, 1.0]\n'] * 2


def test_a_process_alone_keeps_its_own():
    norm = torch.nn.BatchNorm1d(2)
    norm.running_mean += 3
    SameBuffersHook().before_val_epoch(SimpleNamespace(model=norm))
    assert norm.running_mean.tolist() == [3, 3]


def test_it_comes_behind_the_averages_and_is_in_the_configs():
    assert get_priority(SameBuffersHook.priority) > get_priority(EMAHook.priority)
    assert Config.fromfile('configs/_base_/default_runtime.py').default_hooks.buffers.type == 'SameBuffersHook'

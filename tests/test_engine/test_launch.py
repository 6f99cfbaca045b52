"""A run's processes join each other before anything needs them to."""

from __future__ import annotations

import argparse
import socket

import pytest
import torch
from mmengine.config import Config

from mmp3d.engine import launch
from mmp3d.engine.launch import PATIENCE, join_processes, prepare_run


def prepared(launcher: str, patience=None) -> Config:
    cfg = Config(dict(env_cfg=dict(dist_cfg=dict(backend='nccl'), mp_cfg=dict(mp_start_method='fork'))))
    prepare_run(cfg, argparse.Namespace(config='x.py', work_dir='runs', launcher=launcher, local_rank=0), patience)
    return cfg


@pytest.fixture
def slurm(monkeypatch):
    """The only process of a Slurm job, without a GPU; a free port."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = str(free.getsockname()[1])
    told = dict(SLURM_PROCID='0', SLURM_NTASKS='1', SLURM_LOCALID='0', MASTER_ADDR='127.0.0.1', MASTER_PORT=port)
    for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK'):
        # Set first, so that what the run sets is taken back.
        monkeypatch.setenv(name, '')
        monkeypatch.delenv(name)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    yield
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def test_slurm_starts_processes_without_a_gpu(slurm):
    cfg = prepared('slurm')
    assert torch.distributed.get_backend() == 'gloo'
    assert cfg.env_cfg.dist_cfg == dict(backend='gloo')
    assert cfg.env_cfg.mp_cfg == dict(mp_start_method='fork')


def test_a_launcher_that_says_nothing_is_named(slurm, monkeypatch):
    monkeypatch.delenv('SLURM_PROCID')
    with pytest.raises(ValueError, match='the environment has no SLURM_PROCID'):
        prepared('slurm')
    with pytest.raises(ValueError, match='the environment has no RANK, WORLD_SIZE'):
        join_processes()


@pytest.mark.parametrize('patience', [None, PATIENCE])
def test_processes_with_gpus_are_joined_early_where_they_wait_for_each_other(patience, slurm, monkeypatch):
    joined = []
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(launch, 'init_dist', lambda launcher, **options: joined.append((launcher, options)))
    prepared('slurm', patience)
    assert joined == ([] if patience is None else [('slurm', dict(backend='nccl', timeout=7 * 24 * 3600))])

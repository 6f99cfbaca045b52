"""What Slurm and Open MPI call the numbers of a process comes under the names that PyTorch reads, or is asked for."""

from __future__ import annotations

import os

import pytest

from mmp3d.engine import launcher_variables as module
from mmp3d.engine.launcher_variables import set_process_variables

SLURM = dict(SLURM_PROCID='5', SLURM_NTASKS='8', SLURM_LOCALID='1', SLURM_NODELIST='node[3-4]')
OPEN_MPI = dict(OMPI_COMM_WORLD_RANK='5', OMPI_COMM_WORLD_SIZE='8', OMPI_COMM_WORLD_LOCAL_RANK='1')
ADDRESS = dict(MASTER_ADDR='node3')
PYTORCH = dict(RANK='5', WORLD_SIZE='8', LOCAL_RANK='1', **ADDRESS, MASTER_PORT='29500')


@pytest.fixture
def environment(monkeypatch):
    """The variables alone, put back afterwards; there is no scontrol."""
    values: dict[str, str] = {}
    monkeypatch.setattr(os, 'environ', values)
    monkeypatch.setattr(module, '_first_machine', lambda: '')
    return values


@pytest.mark.parametrize(('launcher', 'given'), [('slurm', SLURM), ('mpi', OPEN_MPI), ('pytorch', PYTORCH)])
def test_each_launcher_numbers_its_processes(launcher, given, environment):
    environment.update(given | ADDRESS)
    set_process_variables(launcher)
    assert environment.items() >= (given | PYTORCH).items()


def test_what_is_set_already_is_the_address_and_not_the_number(environment):
    environment.update(SLURM | ADDRESS | dict(MASTER_PORT='1234', RANK='0', LOCAL_RANK='0'))
    set_process_variables('slurm')
    assert environment['MASTER_PORT'] == '1234'
    assert (environment['RANK'], environment['LOCAL_RANK']) == ('5', '1')


def test_slurm_names_the_first_machine(environment, monkeypatch):
    monkeypatch.setattr(module, '_first_machine', lambda: 'node3')
    environment.update(SLURM)
    set_process_variables('slurm')
    assert environment['MASTER_ADDR'] == 'node3'


@pytest.mark.parametrize(
    ('launcher', 'given', 'message'),
    [
        ('slurm', SLURM, 'slurm: the environment has no MASTER_ADDR; start the processes with srun'),
        ('slurm', PYTORCH, 'no SLURM_PROCID, SLURM_NTASKS; start the processes with srun'),
        ('mpi', {}, 'no OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE, MASTER_ADDR; start the processes with mpirun'),
        ('pytorch', {}, 'no RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT; start the processes with torchrun'),
        ('slurm', SLURM | ADDRESS | dict(SLURM_NTASKS='8(x2)'), r"SLURM_NTASKS must be a number, got '8\(x2\)'"),
    ],
)
def test_what_is_missing_is_named(launcher, given, message, environment):
    environment.update(given)
    with pytest.raises(ValueError, match=message):
        set_process_variables(launcher)


def test_without_slurm_nobody_says_which_machine_is_the_first(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    assert module._first_machine() == ''
    command = tmp_path / 'scontrol'
    command.write_text('#!/bin/sh\necho node3\necho node4\n')
    command.chmod(0o755)
    assert module._first_machine() == 'node3'

"""What a launcher tells each of its processes, by the names that PyTorch reads."""

from __future__ import annotations

import os
import subprocess

# mmengine's default, and PyTorch's.
_PORT = '29500'
_SLURM = dict(RANK='SLURM_PROCID', WORLD_SIZE='SLURM_NTASKS', LOCAL_RANK='SLURM_LOCALID')
_OPEN_MPI = dict(
    RANK='OMPI_COMM_WORLD_RANK', WORLD_SIZE='OMPI_COMM_WORLD_SIZE', LOCAL_RANK='OMPI_COMM_WORLD_LOCAL_RANK'
)
_NAMES = dict(slurm=_SLURM, mpi=_OPEN_MPI, pytorch={})
_NUMBERS, _PLACE = ('RANK', 'WORLD_SIZE', 'LOCAL_RANK'), ('MASTER_ADDR', 'MASTER_PORT')
_STARTS = dict(slurm='srun', mpi='mpirun (Open MPI)', pytorch='torchrun or tools/dist_train.sh')


def set_process_variables(launcher: str) -> None:
    """Set RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT from what the launcher says, as mmengine does.

    MASTER_ADDR and MASTER_PORT stay as they are where they are set. Else the port is 29500 with Slurm and MPI, and the
    address with Slurm that of the job's first machine.

    Args:
        launcher: ``'pytorch'``, ``'slurm'`` or ``'mpi'`` (Open MPI).

    Raises:
        ValueError: Variables are missing, or numbers are none; names them and what starts processes with them.
    """
    names = _NAMES[launcher]
    values = {name: os.environ.get(names.get(name, name)) for name in (*_NUMBERS, *_PLACE)}
    if launcher != 'pytorch':
        values['MASTER_PORT'] = values['MASTER_PORT'] or _PORT
    if launcher == 'slurm':
        values['MASTER_ADDR'] = values['MASTER_ADDR'] or _first_machine()
    missing = [names.get(name, name) for name, value in values.items() if not value and name != 'LOCAL_RANK']
    if missing:
        raise ValueError(
            f'--launcher {launcher}: the environment has no {", ".join(missing)}; start the processes with '
            f'{_STARTS[launcher]}, and where MASTER_ADDR is missing, set it to the address of the first machine'
        )
    for name in (*_NUMBERS, 'MASTER_PORT'):
        if not (values[name] or '0').isdecimal():
            raise ValueError(f'{names.get(name, name)} must be a number, got {values[name]!r}')
    os.environ.update({name: value for name, value in values.items() if value})


def _first_machine() -> str:
    """The first machine of a Slurm job; empty where Slurm does not say."""
    command = ['scontrol', 'show', 'hostnames', os.environ.get('SLURM_NODELIST', '')]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ''
    return said.stdout.split('\n')[0].strip() if said.returncode == 0 else ''

"""Bring a config to the machine it runs on: where it works, on how many processes, with which backend."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import torch
from mmengine.config import Config, DictAction
from mmengine.dist import init_dist
from mmengine.runner import Runner
from mmengine.utils.dl_utils import set_multi_processing

from mmp3d.compat.versions import HostVersionError
from mmp3d.engine.config_mistakes import told
from mmp3d.engine.config_runner import ConfigRunner
from mmp3d.engine.end_with_launcher import end_with_launcher
from mmp3d.engine.end_workers import end_workers_with_us
from mmp3d.engine.launcher_variables import set_process_variables

USER_ERRORS = (ValueError, OSError, HostVersionError, torch.cuda.OutOfMemoryError)

INTERRUPTED = 130

LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')

# For processes that wait while another one works alone.
PATIENCE = timedelta(days=7)


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that training and testing share, named as mmpose's."""
    parser.add_argument('--work-dir', help='folder for logs and checkpoints; default work_dirs/<config name>')
    add_config_options(parser)
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none', help='how several processes are started')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help='set by the launcher')


def add_written_file_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the tools that write what a network says of a data set to one file."""
    parser.add_argument('--out', required=True, metavar='FILE.npz', help='file to write')
    parser.add_argument('--device', default='cpu', help='where the network runs (default: cpu)')
    add_config_options(parser)


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """The option that changes entries of a config."""
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='override config entries, key=value')


def load_config(path: str, options: dict | None = None, required: Sequence[str] = ()) -> Config:
    """Read an experiment's config and apply ``--cfg-options``.

    Raises:
        FileNotFoundError: No such file; lists the configs beside it.
        ValueError: The file is not a config that can be read.
    """
    file = Path(path)
    if not file.is_file():
        folder = file.parent if file.parent.is_dir() else Path(__file__).parents[2] / 'configs'
        known = ', '.join(sorted(config.name for config in folder.glob('*.py'))) or 'none'
        raise FileNotFoundError(f'no config at {path}; configs in {folder}: {known}')
    try:
        cfg = Config.fromfile(file)
        cfg.merge_from_dict(options or {})
    except (FileNotFoundError, PermissionError):
        raise
    # A config is code, or a text that a parser gives up on: what it raises can be of any class.
    except Exception as error:
        raise ValueError(f'{path}: not a readable config: {type(error).__name__}: {error}') from error
    for name in required:
        if cfg.get(name) is None:
            raise ValueError(f'{path}: has no {name!r}; give an experiment such as configs/bu_tiny_muco.py')
    return cfg


def prepare_run(cfg: Config, args: argparse.Namespace, patience: timedelta | None = None) -> None:
    """Set work folder, launcher and, where there is no GPU, what distributed running needs on processors.

    Args:
        cfg: Written to.
        args: With the options of :func:`add_common_arguments`.
        patience: How long one process may wait for another, where they wait for each other before there is a runner:
            they are joined at once then. None for the backend's own time.

    Raises:
        ValueError: The launcher does not say which of the processes this is.
    """
    cfg.launcher = args.launcher
    if args.work_dir:
        cfg.work_dir = args.work_dir
    elif not cfg.get('work_dir'):
        cfg.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    if args.launcher == 'none':
        return
    if args.launcher == 'pytorch':
        end_with_launcher()
    if not torch.cuda.is_available():
        # mmengine sets a CUDA device before it asks for the backend, and hands device ids to the wrapper.
        cfg.env_cfg = {**(cfg.get('env_cfg') or {}), 'dist_cfg': dict(backend='gloo')}
        wrapper = dict(type='MMDistributedDataParallel', broadcast_buffers=False)
        cfg.model_wrapper_cfg = {**wrapper, **(cfg.get('model_wrapper_cfg') or {}), 'device_ids': None}
        join_processes(patience, args.launcher)
        return
    set_process_variables(args.launcher)
    if patience is not None:
        _join_processes_of_gpus(cfg, patience)


def _join_processes_of_gpus(cfg: Config, patience: timedelta) -> None:
    """Join as mmengine's runner does, which then finds the processes joined."""
    env_cfg = cfg.get('env_cfg') or {}
    with told(cfg.filename, 'env_cfg'):
        # Otherwise mmengine chooses another way to start workers of data loaders.
        set_multi_processing(**env_cfg.get('mp_cfg', {}), distributed=True)
        init_dist(cfg.launcher, **{**env_cfg.get('dist_cfg', {}), 'timeout': patience.total_seconds()})


def join_processes(patience: timedelta | None = None, launcher: str = 'pytorch') -> None:
    """Join the processes that a launcher started, by gloo, which needs no GPU.

    Args:
        patience: How long one may wait for another; None for half an hour.
        launcher: See :func:`set_process_variables`.

    Raises:
        ValueError: The launcher does not say which of the processes this is.
    """
    if not torch.distributed.is_initialized():
        set_process_variables(launcher)
        # PyTorch 2.0 takes no None.
        waits = {} if patience is None else {'timeout': patience}
        torch.distributed.init_process_group('gloo', **waits)


def build_runner(cfg: Config) -> Runner:
    """The runner of a config.

    Raises:
        ValueError: The config names a class that is not registered, or an argument that a class does not have. See
            :class:`ConfigRunner` for what ``train()`` and ``test()`` build.
    """
    with told(cfg.filename):
        return ConfigRunner.from_cfg(cfg)


def leave_processes(status: int = 0) -> None:
    """Leave the group of processes, where there is one, and end this process.

    Python's own way out is not taken then: threads that the group has left behind can abort a process while it is torn
    down, and the launcher would take the whole run for failed.
    """
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return
    torch.distributed.destroy_process_group()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


def run_command(main: Callable[[Sequence[str] | None], None]) -> None:
    """Run a tool; an error that its user can mend is one line on standard error and exit status 1, Ctrl-C is 130."""
    print_any_name()
    end_workers_with_us()
    try:
        main(None)
        leave_processes()
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        sys.exit(INTERRUPTED)
    except USER_ERRORS as error:
        if os.environ.get('MMP3D_TRACEBACK'):
            raise
        sys.exit(f'error: {error} (MMP3D_TRACEBACK=1 shows where)')


def print_any_name() -> None:
    """Let names of files that are no UTF-8 be printed, with escapes; most locales end the program there."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == 'strict':
        sys.stdout.reconfigure(errors='backslashreplace')

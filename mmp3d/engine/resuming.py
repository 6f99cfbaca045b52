"""Which checkpoint a broken-off run goes on from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import Runner

from mmp3d.compat.checkpoint import check_architecture, load_checkpoint
from mmp3d.engine.launch import build_runner

_OF_RUN = re.compile(r'(epoch|iter)_\d+\.pth')
# mmengine writes the latest checkpoint's path into it, and not in one step: after a kill it may be empty.
_POINTER = 'last_checkpoint'


AUTO = 'auto'


def resumed_runner(cfg: Config, resume: str) -> Runner:
    """The runner of a config, set to resume; a run that has no checkpoint starts as the config says.

    Args:
        cfg: With its ``work_dir``; its ``resume`` and ``load_from`` are written to.
        resume: A checkpoint, or ``'auto'`` for the latest one in the work folder that can be read; later ones are
            named in a warning.

    Raises:
        FileNotFoundError, ValueError: See :func:`newest_readable_checkpoint` and ``build_runner``; or the checkpoint
            is damaged, has no run's state or does not fit the model.
    """
    path, problems = newest_readable_checkpoint(cfg.work_dir) if resume == AUTO else (resume, [])
    cfg.resume = path is not None
    if cfg.resume:
        cfg.load_from = str(path)
    runner = build_runner(cfg)
    for problem in problems:
        runner.logger.warning(f'passed over, {path} is resumed from: {problem}')
    if cfg.resume:
        _check_resumable(runner, path)
    return runner


def newest_readable_checkpoint(work_dir: str | Path) -> tuple[Path | None, list[str]]:
    """The latest checkpoint of a run that can be read as a whole.

    Args:
        work_dir: The run's work folder. The file that its ``last_checkpoint`` names comes first, then the others there
            and in the folder of that file, the ones written last first.

    Returns:
        The file, None where there is no checkpoint at all; and a line for each later one that cannot be read.

    Raises:
        ValueError: There are checkpoints, and none can be read; names each with the reason.
    """
    problems: list[str] = []
    for file in _latest_first(Path(work_dir)):
        try:
            load_checkpoint(file)
        except (ValueError, OSError) as error:
            problems.append(str(error))
        else:
            return file, problems
    if problems:
        raise ValueError(
            f'{work_dir}: none of the {len(problems)} checkpoints can be read: {" | ".join(problems)} '
            'To start anew, leave --resume out or give another --work-dir.'
        )
    return None, []


def _latest_first(work_dir: Path) -> Iterator[Path]:
    pointer = work_dir / _POINTER
    text = pointer.read_text(encoding='utf-8', errors='replace').strip('\0 \n') if pointer.is_file() else ''
    named = Path(text) if text else None
    folders = {work_dir.resolve(), *([named.parent.resolve()] if named else [])}
    files = [file for folder in folders for file in folder.glob('*.pth') if _OF_RUN.fullmatch(file.name)]
    files.sort(key=lambda file: (file.stat().st_mtime_ns, len(file.name), file.name), reverse=True)
    if named and named.is_file():
        yield named
    yield from (file for file in files if named is None or file != named.resolve())


def _check_resumable(runner: Runner, path: str | Path) -> None:
    """Raise FileNotFoundError or ValueError unless a checkpoint is whole, has a run's state and fits the model."""
    checkpoint = load_checkpoint(path)
    missing = [key for key in ('optimizer', 'message_hub') if key not in checkpoint]
    if missing or 'iter' not in checkpoint.get('meta', {}):
        raise ValueError(
            f'{path}: holds weights, but not the state of a run (no {", ".join(missing) or "iteration"}); to start '
            f'from these weights use --cfg-options load_from={path}'
        )
    check_architecture(runner.model, checkpoint, path)

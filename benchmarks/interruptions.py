"""Kill the tools (SIGKILL) at random moments and in the midst of writing, start them again, and compare the results.

python benchmarks/interruptions.py [--kills 20] [--task NAME ...] [--out DIR] [--seed 0]

Each task runs once as a whole and then in lives that are ended by force, until so many were; a chain of lives that
reaches the end is compared with the whole run, and another one begins. The whole run is a process of its own, lives are
children of one that has loaded the libraries. Training: the logged curves (greatest difference of any number) and the
weights, their averages and the optimizer's state, bit for bit. All else: the files, byte for byte. Of a training in two
processes the launcher, one of the two or both are killed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from forked_tool import ForkedTool
from interrupted_tasks import TOOLS, Task, make_data, tasks
from process_facts import children

import mmp3d

IN_WRITING = Path(__file__).with_name('killed_in_writing.py')
# Seconds between two looks at a process.
LOOK = 0.01
# What is killed: the process, or of several processes the one that started them, one of these, or all of these.
ONE, LAUNCHER, WORKER, WORKERS, WRITING = 'the process', 'launcher', 'one process', 'all processes', 'in writing'


class Life:
    """One run of a task, from its start to its end, by itself or by force.

    Args:
        task: What is run.
        folder: What it writes to.
        log: File that what it says is added to.
        writes: In the midst of which file it ends by itself; None: it does not.
    """

    def __init__(self, task: Task, folder: Path, log: Path, writes: int | None = None) -> None:
        tool, *arguments = task.command(folder)
        wrapper = [] if writes is None else [str(IN_WRITING), str(writes)]
        command = [*wrapper, str(TOOLS / tool), *arguments]
        self.several, self.killed, self.lasted = bool(task.launcher), '', 0.0
        if not self.several:
            self.process = ForkedTool(command, log)
            return
        before = _state(folder)
        with log.open('a') as said:
            self.process = subprocess.Popen([sys.executable, *task.launcher, *command], stdout=said, stderr=said)
        # Libraries are loaded before anything is written.
        while self.process.poll() is None and _state(folder) == before:
            time.sleep(LOOK)

    def end(self, moment: float | None, chance: random.Random) -> int:
        """Wait for its end, at most until a moment (s), and kill it then; the status."""
        # Looks are counted, for a clock goes on where all processes stand still.
        while self.process.poll() is None and not (moment is not None and self.lasted >= moment):
            time.sleep(LOOK)
            self.lasted += LOOK
        if self.process.poll() is None:
            self._kill(chance)
        return self.process.wait()

    def _kill(self, chance: random.Random) -> None:
        workers = children(self.process.pid) if self.several else []
        victims = {ONE: [self.process.pid]}
        if workers:
            victims = {LAUNCHER: [self.process.pid], WORKER: [chance.choice(workers)], WORKERS: workers}
        self.killed = chance.choice(list(victims))
        for process in victims[self.killed]:
            # It may have come to its end a moment ago.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def _state(folder: Path) -> set[tuple[str, int]]:
    """What is in a folder, and when it was written."""
    found = set()
    for path in folder.rglob('*'):
        # A file may be moved to its place between the two looks.
        with contextlib.suppress(FileNotFoundError):
            found.add((str(path), path.lstat().st_mtime_ns))
    return found


def run(task: Task, folder: Path, kills: int, chance: random.Random) -> str:
    """Run a task as a whole and in pieces; a line for the table.

    Raises:
        ValueError: A run failed, or its results are others.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log, whole, again = folder / 'log.txt', folder / 'whole', folder / 'again'
    tool, *arguments = task.command(whole)
    with log.open('a') as said:
        status = subprocess.call(
            [sys.executable, *task.launcher, str(TOOLS / tool), *arguments], stdout=said, stderr=said
        )
    life = Life(task, again, log)
    if status or life.end(None, chance):
        raise ValueError(f'a whole run failed, see {log}')
    task.compare(whole, again)
    longest, killed, chains, said = life.lasted / task.lives * 2, Counter(), 0, ''
    while killed.total() < kills or not chains:
        parts = folder / f'parts_{chains}'
        while end := _one_life(task, parts, log, longest if killed.total() < kills else None, chance):
            killed[end] += 1
        chains += 1
        said = task.compare(whole, parts)
    kinds = ', '.join(f'{count} {kind}' for kind, count in killed.items())
    return f'{killed.total()} kills ({kinds}), {chains} runs brought to their end: {said}'


def _one_life(task: Task, parts: Path, log: Path, longest: float | None, chance: random.Random) -> str:
    """What was killed in this life of a run; empty where the run came to its end.

    Raises:
        ValueError: It failed otherwise.
    """
    writing = longest is not None and task.by_backend and chance.random() < 0.3
    life = Life(task, parts, log, chance.randint(1, 3) if writing else None)
    status = life.end(None if writing or longest is None else chance.uniform(0, longest), chance)
    if not status:
        return ''
    killed = life.killed or (WRITING if writing else '')
    # The launcher of a process that was killed ends with a status of its own.
    if not killed or (status != -signal.SIGKILL and not task.launcher):
        raise ValueError(f'status {status}, see {log}')
    return killed


def main() -> int:
    """Run the tasks; 1 where one has other results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--kills', type=int, default=20, help='of each task')
    parser.add_argument('--task', nargs='+', help='default: all')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/interruptions'), help='folder for everything')
    parser.add_argument('--seed', type=int, default=0, help='of the moments')
    args = parser.parse_args()
    mmp3d.register_all_modules()
    data, status = args.out.resolve() / 'data', 0
    make_data(data)
    known = tasks(data)
    if unknown := set(args.task or ()) - known.keys():
        parser.error(f'no task {sorted(unknown)}; known: {list(known)}')
    for name in args.task or known:
        try:
            said = run(
                known[name], args.out / name.replace(' ', '_').replace(',', ''), args.kills, random.Random(args.seed)
            )
        except ValueError as error:
            said, status = f'DIFFERENT: {error}', 1
        print(f'{name}: {said}', flush=True)
    return status


if __name__ == '__main__':
    sys.exit(main())

"""Read mutated files of every kind: only documented errors may come of it, in time and in bounded memory.

python benchmarks/fuzz_parsers.py [--minutes 10] [--kind NAME ...] [--first 0] [--inputs N] [--found DIR]

Each kind of tests/fuzzing/kinds.py is read for so many minutes of computing by a process of its own, which is killed
where one input takes longer than --patience seconds of computing, and replaced where one ends it. Mutations are drawn
from the number of the input: `--kind NAME --first N --inputs 1` repeats number N of every file of the kind. Whatever
led to anything but a ValueError, a FileNotFoundError or something whole is kept in --found; exit status 1 where there
is such a file.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import queue
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from itertools import count
from pathlib import Path
from typing import TextIO

from process_facts import ended_seconds, memory, processor_seconds

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.fuzzing.kinds import KINDS, targets_of  # noqa: E402  (the tests are no installed package)

# What a process may take beside what the libraries take, so that an input cannot take the whole machine's memory.
MOST_MEMORY = 6 << 30
# Seconds in which a process must have loaded the libraries.
START = 600
# A process that does not compute may take so many times its patience.
WAITS = 10
# Memory is compared from here on: the first inputs load what is loaded once.
SETTLED = 200
# Freed memory goes back at once. Else glibc keeps about as much of it as the largest block that was ever freed, for
# each thread of a decoder, and what is lost could not be told from what is kept.
GIVEN_BACK = {'MALLOC_MMAP_THRESHOLD_': '131072', 'MALLOC_TRIM_THRESHOLD_': '131072'}


def read_inputs(kind: str, folder: Path, first: int, inputs: int | None, seconds: float, found: Path) -> None:
    """Read the inputs of a kind; says on standard output, a JSON object a line, what is read and what comes of it."""
    warnings.simplefilter('ignore')
    from mmengine.logging import MMLogger  # the watching process does without the libraries

    targets = targets_of(kind, folder)
    MMLogger.get_current_instance().setLevel(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (memory('VmSize') + MOST_MEMORY, resource.RLIM_INFINITY))
    taken, done, settled, end = 0, 0, 0, time.process_time() + seconds
    for seed in count(first) if inputs is None else range(first, first + inputs):
        if time.process_time() > end:
            break
        for name, target in targets.items():
            _say(name=name, seed=seed, path=str(target.path))
            try:
                taken += target.run(seed)
            except Exception as error:
                kept = keep(target.path, kind, name, seed, found)
                _say(error=f'{type(error).__name__}: {error!s:.200} (kept: {kept})')
            done += 1
        settled = settled or (memory('RssAnon') if seed - first >= SETTLED else 0)
        _say(done=done, taken=taken, settled=settled >> 20, memory=memory('RssAnon') >> 20)


def keep(path: Path, kind: str, name: str, seed: int, found: Path) -> Path | None:
    """A copy of an input in ``found``; None where there is no file under its name."""
    if not path.is_file():
        return None
    kept = found / f'{kind}-{name.replace(" ", "_")}-{seed}{path.suffix}'
    found.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(path, kept))


def _say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


class Watched:
    """The inputs of one kind, read by processes that are watched.

    Args:
        kind: Of ``KINDS``.
        args: The command's options.
    """

    def __init__(self, kind: str, args: argparse.Namespace) -> None:
        self.kind, self.args = kind, args
        self.totals = dict(done=0, taken=0, settled=0, memory=0)
        self.problems: list[str] = []

    def run(self) -> None:
        """Read them; a process that ends or hangs is replaced by one that goes on behind its last input."""
        first, end = self.args.first, ended_seconds() + 60 * self.args.minutes
        while ended_seconds() < end:
            left = None if self.args.inputs is None else self.args.first + self.args.inputs - first
            if left is not None and left < 1:
                return
            with tempfile.TemporaryDirectory(prefix='mmp3d_fuzz_') as folder:
                broken_at = self._process(Path(folder) / 'files', first, left, end - ended_seconds())
            if broken_at is None:
                return
            first = broken_at + 1

    def _process(self, folder: Path, first: int, inputs: int | None, seconds: float) -> int | None:
        """The number of the input at which the process had to be replaced; None where it came to its end."""
        options = (self.kind, folder, first, inputs, seconds, self.args.found)
        command = [sys.executable, __file__, '--reads', *map(str, options)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | GIVEN_BACK
        )
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_hand_on, args=(process.stdout, lines), daemon=True).start()
        last, part = None, {}
        while True:
            line = self._next(process, lines, self.args.patience if last else START)
            if line is None:
                process.kill()
                process.wait()
                self._ended(last, f'no end after {self.args.patience:g} s')
                break
            if not line:
                status = process.wait()
                if status:
                    self._ended(last, f'the process ended with status {status}')
                break
            said = json.loads(line)
            if 'seed' in said:
                last = said
            elif 'error' in said:
                self._note(last, said['error'])
            else:
                part = said
        self._add(part)
        return last['seed'] if last is not None and process.returncode else None

    @staticmethod
    def _next(process: subprocess.Popen, lines: queue.Queue[str], patience: float) -> str | None:
        """The next line, '' at the end; None where the process has computed or waited for too long."""
        before = processor_seconds(process.pid)
        for _ in range(WAITS):
            try:
                return lines.get(timeout=patience)
            except queue.Empty:
                # On a busy machine a process may wait for its turn.
                if processor_seconds(process.pid) - before > patience:
                    break
        return None

    def _add(self, part: dict) -> None:
        for name, value in part.items():
            self.totals[name] = self.totals[name] + value if name in ('done', 'taken') else value

    def _ended(self, last: dict | None, problem: str) -> None:
        kept = last and keep(Path(last['path']), self.kind, last['name'], last['seed'], self.args.found)
        self._note(last, f'{problem} (kept: {kept})')

    def _note(self, last: dict | None, problem: str) -> None:
        where = f'{last["name"]}, input {last["seed"]}' if last else self.kind
        self.problems.append(f'{where}: {problem}')
        print(self.problems[-1], flush=True)


def _hand_on(stream: TextIO, lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)
    lines.put('')


def main() -> int:
    """Run the fuzzer; 1 where something was found."""
    if sys.argv[1:2] == ['--reads']:
        kind, folder, first, inputs, seconds, found = sys.argv[2:]
        number = None if inputs == 'None' else int(inputs)
        read_inputs(kind, Path(folder), int(first), number, float(seconds), Path(found))
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--minutes', type=float, default=10, help='of computing, for each kind')
    parser.add_argument('--kind', nargs='+', choices=KINDS, default=list(KINDS), help='all without')
    parser.add_argument('--first', type=int, default=0, help='number of the first input')
    parser.add_argument('--inputs', type=int, help='of each file; default as many as the time allows')
    parser.add_argument('--patience', type=float, default=60, help='seconds that one input may take')
    parser.add_argument('--found', type=Path, default=Path('work_dirs/fuzz'), help='folder for inputs that went wrong')
    args = parser.parse_args()
    print('| kind | inputs | taken | memory, MB | minutes computed | passed | wrong |', flush=True)
    print('|---|---|---|---|---|---|---|', flush=True)
    found = 0
    for kind in args.kind:
        watched, start, before = Watched(kind, args), time.monotonic(), ended_seconds()
        watched.run()
        found += len(watched.problems)
        facts, passed, computed = watched.totals, time.monotonic() - start, ended_seconds() - before
        settled = f'{facts["settled"]} to {facts["memory"]}'
        times = f'{computed / 60:.1f}', f'{passed / 60:.1f}'
        row = (kind, facts['done'], facts['taken'], settled, *times, len(watched.problems))
        print(f'| {" | ".join(map(str, row))} |', flush=True)
    return int(found > 0)


if __name__ == '__main__':
    sys.exit(main())

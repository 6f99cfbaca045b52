"""Memory, speed and resumption of tools/infer.py on a long video: a short rendered clip, played there and back.

python benchmarks/long_video.py [--minutes 10] [--model tdbu] [--out DIR]

Prints the memory of the process when the first chunk was done, when the last one was, and its greatest, and whether a
run that was killed (SIGKILL) at half and started again writes the same files, byte for byte.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path

import cv2
from process_facts import memory

from mmp3d.apis.video_pictures import VideoPictures
from mmp3d.synthetic.crossing import CAMERA, FPS, POSES, write_crossing

TOOL = Path(__file__).resolve().parents[1] / 'tools' / 'infer.py'
SHORT = 75
# Seconds between two looks at the process.
LOOK = 0.2


def write_long(folder: Path, frames: int) -> list[str]:
    """The video and its poses; the tool's arguments for them."""
    folder.mkdir(parents=True, exist_ok=True)
    video, poses = folder / 'long.mp4', folder / 'long_poses2d.json'
    short = write_crossing(folder / 'short', SHORT)
    capture, pictures = cv2.VideoCapture(str(short)), []
    while (read := capture.read())[0]:
        pictures.append(read[1])
    records = json.loads((folder / 'short' / POSES).read_text())
    # There and back, so that nobody jumps.
    order = list(islice(cycle([*range(SHORT), *range(SHORT - 2, 0, -1)]), frames))
    writer = VideoPictures(video, FPS)
    for number in order:
        writer.add(cv2.cvtColor(pictures[number], cv2.COLOR_BGR2RGB))
    writer.close()
    records['images'] = [dict(records['images'][number], frame_id=frame) for frame, number in enumerate(order)]
    poses.write_text(json.dumps(records))
    return [str(video), '--pose2d', str(poses), '--camera', str(folder / 'short' / CAMERA)]


class Run:
    """One run of the tool, watched from outside.

    Args:
        command: The tool and its arguments.
        work: Its work folder for the clip.
        log: File for what it says.
    """

    def __init__(self, command: list[str], work: Path, log: Path) -> None:
        self.work, self.first, self.read, self.greatest = work, 0, 0, 0
        self.before = self.chunks()
        self.start = time.monotonic()
        self._log = log.open('w')
        self.process = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT)

    def chunks(self) -> int:
        """Chunks that are done."""
        return len(list(self.work.glob('bottom_up-*.npz')))

    def watch(self, kill_at: int | None = None) -> int:
        """Wait for its end, or kill it after so many chunks; the exit status."""
        while self.process.poll() is None:
            self._measure()
            if kill_at is not None and self.chunks() >= kill_at:
                self.process.send_signal(signal.SIGKILL)
            time.sleep(LOOK)
        self._log.close()
        self.seconds = time.monotonic() - self.start
        return self.process.returncode

    def _measure(self) -> None:
        """Resident memory now, MB: the first value is that after one chunk."""
        now = memory(process=self.process.pid) >> 20
        if not now:
            return
        self.first = self.first or (now if self.chunks() > self.before else 0)
        # Lifting and writing load more of the libraries.
        self.read = self.read if (self.work / 'tracks.npz').exists() else now
        self.greatest = max(self.greatest, now)


def main() -> int:
    """Run the benchmark; 1 where a run failed or the files differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--minutes', type=float, default=10, help='length of the video, at 25 frames a second')
    parser.add_argument('--model', default='tdbu', help='as in tools/infer.py')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/long_video'), help='folder for everything')
    args = parser.parse_args()
    frames = max(round(args.minutes * 60 * FPS), SHORT)
    given = write_long(args.out / 'data', frames)
    print(f'{frames} frames, model {args.model}')
    files, status = {}, 0
    for name, kills in (('whole', [None]), ('killed', [frames // 32 // 2, None])):
        out = args.out / name
        command = [sys.executable, str(TOOL), *given, '--model', args.model, '--out', str(out)]
        command += ['--export', 'json', 'npz', 'bvh', '--overwrite', '--device', 'cpu']
        for kill_at in kills:
            run = Run(command, out / 'work' / 'long', args.out / f'{name}.log')
            code = run.watch(kill_at)
            wanted = 0 if kill_at is None else -signal.SIGKILL
            status |= code != wanted
            print(
                f'{name}: status {code}, {run.seconds:.0f} s, memory {run.first} MB after the first chunk, '
                f'{run.read} MB when the last one was read, {run.greatest} MB at most; {run.chunks()} chunks kept',
                flush=True,
            )
        files[name] = {path.name: path.read_bytes() for path in sorted(out.iterdir()) if path.is_file()}
    same = files['whole'] == files['killed'] and bool(files['whole'])
    print(f'{"the same" if same else "DIFFERENT"}: {", ".join(files["whole"])}')
    return int(bool(status) or not same)


if __name__ == '__main__':
    sys.exit(main())

"""Time of the whole video pipeline over the sum of its bare network forwards, and where the rest goes.

python benchmarks/end_to_end.py [--model tdbu | CONFIG] [--top-down] [--random-weights] [--frames 300] [--people 4]
    [--size 1280 720] [--threads 1] [--rounds 3] [--sides NAME ...] [--out DIR]

A rendered clip with simulated 2D poses goes through the whole system: from the video file to the file of its people
and, in a second run, to a video with these people drawn on it as well. The inputs that the networks get are recorded in
a first run, which also gives the table of the stages; the bare forwards are the same networks on the same batches, one
after another with nothing beside them. The sides take turns. Three clocks: the wall's; all threads of the process; the
thread that runs the networks, which is what is left where another core has time for the others. A quotient is the
median of those of the rounds.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import nn

import mmp3d
from mmp3d.apis import load_two_branch
from mmp3d.apis.cameras import FrameCamera
from mmp3d.apis.clip_job import ClipJob, open_jobs
from mmp3d.apis.clip_reader import ClipReader, ReaderOptions
from mmp3d.apis.clip_run import ClipRun
from mmp3d.apis.found_clip import clip_of_run
from mmp3d.apis.given_poses import pose_lookup
from mmp3d.models.estimators import TwoBranchEstimator
from mmp3d.stage_profile import StageProfile
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import Recipe

CLOCKS = ('wall', 'processor', 'main thread')
FIELD_OF_VIEW, SEED = 60, 5
SIDES = {'people only': ['json'], 'with a drawn video': ['json', 'mp4']}


def write_clip(folder: Path, frames: int, people: int, size: tuple[int, int]) -> tuple[Path, Path]:
    """The video and its 2D poses by frame number."""
    recipe = Recipe('mupots', 1, frames, (people, people), size, SEED, video=True)
    data = generate(recipe, folder / f'clip_{frames}_{people}_{size[0]}x{size[1]}').parent
    poses = json.loads((data / 'poses2d.json').read_text())
    poses['images'] = [
        dict(frame_id=number, people=image['people']) for number, image in enumerate(poses['images'][:frames])
    ]
    by_number = data / 'poses2d_by_number.json'
    by_number.write_text(json.dumps(poses))
    return next(data.rglob('*.mp4')), by_number


def clocks() -> np.ndarray:
    """(3,) seconds of the ``CLOCKS``, when a GPU has nothing left to do."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return np.array([time.perf_counter(), time.process_time(), time.thread_time()])


def timed(task: Callable[..., Any], *arguments: Any, **options: Any) -> np.ndarray:
    """(3,) seconds that it takes."""
    start = clocks()
    task(*arguments, **options)
    return clocks() - start


class Forwards:
    """The forwards of all networks in one run of the system.

    Args:
        system: Whose networks they are.
    """

    def __init__(self, system: TwoBranchEstimator) -> None:
        self.system = system
        self._calls: list[Callable[[], np.ndarray]] = []

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Keep what the networks get in this block."""
        system, small = self.system, [self.system.integration]
        with ExitStack() as stack:
            for network in filter(None, (system.bottom_up, system.top_down)):
                # Kept as it is before it is normalised: bytes, not floats.
                self._watch(stack, network.data_preprocessor, 'forward', partial(_image_network, network))
            self._watch(stack, system.lifter, 'lift_track', partial(timed, system.lifter.lift_track))
            small += [getattr(system.bottom_up.head, 'refiner', None)]
            for network in filter(None, small):
                self._watch(stack, network, 'forward', partial(timed, network))
            yield

    def _watch(self, stack: ExitStack, network: nn.Module, name: str, again: Callable[..., np.ndarray]) -> None:
        method = getattr(network, name)

        def watched(*arguments: Any, **options: Any) -> Any:
            self._calls.append(partial(again, *arguments, **options))
            return method(*arguments, **options)

        stack.enter_context(patch.object(network, name, watched))

    @torch.inference_mode()
    def again(self) -> np.ndarray:
        """(3,) seconds that they take in all."""
        return np.sum([call() for call in self._calls], axis=0)


def _image_network(network: nn.Module, data: dict, training: bool) -> np.ndarray:
    """Seconds of a network that sees pictures, whose input is ready; twice where it sees them mirrored, too."""
    data = network.data_preprocessor(data, training)
    looks = 2 if network.test_cfg.get('flip_test', False) else 1
    return np.sum([timed(network, **data, mode='tensor') for _ in range(looks)], axis=0)


def run_whole(job: ClipJob, poses: Path, system: TwoBranchEstimator, folder: Path) -> None:
    """From the video file to the files of the job, as tools/infer.py does it."""
    options = ReaderOptions(in_memory=False)
    reader = ClipReader(job.sources, FrameCamera(FIELD_OF_VIEW), pose_lookup(str(poses)), options=options)
    run = ClipRun(system.pipeline, reader, job.name, folder / 'work')
    found = clip_of_run(run, job.fps, min_frames=10)
    _, failures = job.write(found.clip)
    if failures or found.broken_off:
        raise ValueError(f'the run is not whole: {failures or found.broken_off}')
    found.remove_work()


def load_system(args: argparse.Namespace) -> TwoBranchEstimator:
    """The model that the options name."""
    mmp3d.register_all_modules()
    options: dict[str, Any] = {'model.detector': None, 'model.top_down': None}
    if args.top_down:
        options['model.top_down'] = dict(config='configs/td_tiny_coco.py', checkpoint='weights/td_tiny_coco.pth')
    if args.random_weights:
        options |= {f'model.{part}.checkpoint': None for part in ('lifter', 'bottom_up', 'integration')}
    torch.manual_seed(SEED)
    return load_two_branch(args.model, options, args.device)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', default='tdbu', help='as in tools/infer.py')
    parser.add_argument(
        '--top-down',
        action='store_true',
        help='the small top-down network finds the 2D poses, in boxes around the given ones',
    )
    parser.add_argument('--random-weights', action='store_true', help='for a config whose checkpoints are not there')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--frames', type=int, default=300)
    parser.add_argument('--people', type=int, default=4)
    parser.add_argument('--size', type=int, nargs=2, default=(1280, 720), metavar=('W', 'H'))
    parser.add_argument('--threads', type=int, default=1, help='of the networks, on both sides')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--sides', nargs='+', choices=SIDES, default=list(SIDES), help='beside the bare forwards')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/end_to_end'), help='folder for everything')
    return parser.parse_args()


def main() -> None:
    """Run the benchmark."""
    args = parse_args()
    torch.set_num_threads(args.threads)
    video, poses = write_clip(args.out, args.frames, args.people, tuple(args.size))
    system = load_system(args)
    jobs = {name: open_jobs([str(video)], args.out / 'files', SIDES[name], True)[0] for name in args.sides}
    forwards, profile = Forwards(system), StageProfile()
    with profile, forwards.recorded():
        run_whole(jobs[args.sides[-1]], poses, system, args.out)
    print(f'{profile.table()}\n', flush=True)
    seconds: dict[str, list[np.ndarray]] = {name: [] for name in ('bare forwards', *args.sides)}
    for number in range(args.rounds):
        seconds['bare forwards'].append(forwards.again())
        for name, job in jobs.items():
            seconds[name].append(timed(run_whole, job, poses, system, args.out))
        taken = (f'{name} {rounds[-1][0]:.2f}' for name, rounds in seconds.items())
        print(f'round {number + 1}, seconds by the wall clock: {", ".join(taken)}', flush=True)
    report(seconds)


def report(seconds: dict[str, list[np.ndarray]]) -> None:
    """Print medians and quotients."""
    bare = np.array(seconds['bare forwards'])
    print(f'{"seconds":20}' + ''.join(f'{clock:>14}' for clock in CLOCKS))
    for name, rounds in seconds.items():
        print(f'{name:20}' + ''.join(f'{value:14.2f}' for value in np.median(rounds, axis=0)))
    print('over the bare forwards')
    for name in list(seconds)[1:]:
        print(f'{name:20}' + ''.join(f'{value:14.3f}' for value in np.median(np.array(seconds[name]) / bare, axis=0)))


if __name__ == '__main__':
    main()

"""Find the people of videos, folders of frames or images in 3D, and write them for other programs.

python tools/infer.py INPUT [INPUT ...] [--out DIR] [--export json html bvh ...] [--camera FILE | --fov DEG |
    --focal PX] [--model bottomup | tdbu | CONFIG] [--pose2d FILE] [--smooth METHOD] [--height MM] [--world] [...]
python tools/infer.py [INPUT] --lift --pose2d FILE [--size W H] [--keep-ids] [...]
torchrun --nproc_per_node=2 tools/infer.py INPUT INPUT ... --launcher pytorch [...]

The second form tracks the 2D poses of the file and lifts them to 3D; INPUT then only gives the page its pictures. The
third one shares the inputs over processes. Writes DIR/<name>.json, .html, ... (docs/outputs.md). Without a camera an
image's EXIF data, or else 55 degrees are taken: distances are then right up to one common factor, which --height
fixes.

--model tdbu is the whole system: both branches, tracked and integrated. While a clip is looked at, what is known of it
is kept in the folder --work-dir: the same command goes on where an earlier one was broken off, even by kill -9. The
folder is removed when all files are written. Ctrl-C finishes with the frames so far, a second one ends at once.

Exit status: 0 done; 1 nothing was written, the message says why; 2 an unknown option; 3 files were written, but not
all that was asked for is in them, each lack is named (an input that ends early or cannot be read among several, an
adjustment that the clip does not allow); 130 interrupted: after one Ctrl-C, what was found so far is written.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import torch
from mmengine.config import Config, DictAction

from mmp3d.apis import MultiPersonPose3DInferencer
from mmp3d.apis.camera_file import read_camera
from mmp3d.apis.cameras import CameraInput, FocalLength, FrameCamera
from mmp3d.apis.clip_job import ClipJob, open_jobs
from mmp3d.apis.clip_reader import ClipReader, ReaderOptions
from mmp3d.apis.found_clip import FoundClip, clip_of_run
from mmp3d.apis.gentle_stop import gentle_stop
from mmp3d.apis.given_poses import pose_lookup
from mmp3d.apis.job_sharing import gathered, own_share
from mmp3d.apis.lifted_clip import lifted_clip
from mmp3d.apis.lifters import load_lifters
from mmp3d.apis.model_index import find_model
from mmp3d.engine.end_with_launcher import end_with_launcher
from mmp3d.engine.launch import (
    INTERRUPTED,
    PATIENCE,
    USER_ERRORS,
    join_processes,
    leave_processes,
    load_config,
    run_command,
)
from mmp3d.engine.network_options import add_network_arguments
from mmp3d.export import FORMATS
from mmp3d.export.adjustments import add_adjustment_arguments, adjusted, check_adjustments
from mmp3d.models.estimators import PoseLiftingEstimator
from mmp3d.stage_profile import StageProfile, stage

DONE, FAILED, INCOMPLETE = 0, 1, 3
MIN_FRAMES = 10
# Stands for the name of the input in a file name.
NAME = '{name}'


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'inputs', nargs='*', metavar='INPUT', help='video, image, webcam, or folder with the images of one clip'
    )
    parser.add_argument('--out', default='outputs', metavar='DIR', help='folder to write to (default: outputs)')
    parser.add_argument(
        '--export',
        nargs='+',
        choices=(*FORMATS, 'mp4'),
        default=['json', 'html'],
        metavar='FORMAT',
        help=f'default: json html; {" ".join(FORMATS)} (docs/outputs.md), or mp4: the frames with their people',
    )
    parser.add_argument(
        '--model', help='tdbu, another name in `mmp3d models`, or a config (default: bottomup; lifting with --lift)'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help="in place of entries of the model's config",
    )
    parser.add_argument('--weights', help="checkpoint; default the model's own")
    parser.add_argument('--device', help='cpu, cuda:0, ...; default the best there is (cpu with --lift)')
    parser.add_argument('--batch-size', type=int, help='frames at a time (default: 8)')
    parser.add_argument('--fps', type=float, help="of images or 2D poses (default 25), or in place of the video's")
    add_network_arguments(parser)
    parser.add_argument('--person-thr', type=float, help='leave out people with a lower score')
    parser.add_argument(
        '--min-frames', type=int, metavar='N', help='leave out people who are in fewer frames (default: 10)'
    )
    parser.add_argument(
        '--pose2d',
        metavar='FILE',
        help=f'2D poses of the frames (docs/inference.md); {NAME} in it is the name of the input, as of its outputs',
    )
    parser.add_argument('--lift', action='store_true', help='track and lift the 2D poses')
    parser.add_argument('--size', type=int, nargs=2, metavar=('W', 'H'), help='--lift without INPUT: images in px')
    parser.add_argument('--keep-ids', action='store_true', help="--lift: the 2D poses' own track ids")
    camera = parser.add_mutually_exclusive_group()
    camera.add_argument('--camera', metavar='FILE', help="OpenCV's or ROS' .yaml, COLMAP's cameras.txt, our .json")
    camera.add_argument('--fov', type=float, metavar='DEG', help='field of view of the longer image side')
    camera.add_argument('--focal', type=float, metavar='PX', help='focal length in px')
    add_adjustment_arguments(parser)
    parser.add_argument('--work-dir', metavar='DIR', help='what an unfinished clip has so far (default: OUT/work)')
    parser.add_argument('--overwrite', action='store_true', help='replace files that are there')
    parser.add_argument('--skip-existing', action='store_true', help='leave out files that are there and whole')
    parser.add_argument('--profile', action='store_true', help='say at the end how long each stage took')
    parser.add_argument(
        '--launcher', choices=('none', 'pytorch'), default='none', help='pytorch: torchrun shares the inputs'
    )
    args = parser.parse_args(arguments)
    _check_options(args)
    return args


def _check_options(args: argparse.Namespace) -> None:
    """Raise ValueError for options of one form given to another, and for values that would fail after the work."""
    if args.lift and args.pose2d is None:
        raise ValueError('--lift needs the 2D poses: --pose2d FILE')
    if not args.lift and not args.inputs:
        raise ValueError('give a video, an image or a folder of images; without one, --lift --pose2d FILE')
    if args.skip_existing and args.overwrite:
        raise ValueError('give --skip-existing or --overwrite, not both')
    if args.pose2d is not None and NAME not in args.pose2d and len(args.inputs) > 1:
        raise ValueError(
            f'--pose2d has the poses of one input, got {len(args.inputs)}; name a file for each: '
            f"--pose2d 'poses/{NAME}.json'"
        )
    if args.pose2d is not None and NAME in args.pose2d and not args.inputs:
        raise ValueError(f'--pose2d {args.pose2d}: without an input there is no {NAME}')
    found = dict(
        batch_size=None,
        person_thr=None,
        min_frames=None,
        half=False,
        work_dir=None,
        fuse_conv_bn=False,
        compile=False,
        cfg_options=None,
    )
    other = found if args.lift else dict(size=None, keep_ids=False)
    for name, default in other.items():
        if getattr(args, name) != default:
            raise ValueError(f'--{name.replace("_", "-")} does not go {"with" if args.lift else "without"} --lift')
    if args.size is not None and (args.inputs or min(args.size) < 1):
        raise ValueError('--size is for --lift without INPUT: positive width and height, px')
    for name in ('fps', 'batch_size', 'min_frames'):
        value = getattr(args, name)
        if value is not None and not 0 < value < float('inf'):
            raise ValueError(f'--{name.replace("_", "-")} must be a positive number, got {value}')
    if args.person_thr is not None and not 0 <= args.person_thr <= 1:
        raise ValueError(f'--person-thr must be from 0 to 1, got {args.person_thr}')
    check_adjustments(args)


def _model(args: argparse.Namespace) -> tuple[str | Config, str | None]:
    """Name or config of the model, and its weights; None: those of the index."""
    name = args.model or 'bottomup'
    if not args.cfg_options:
        return name, args.weights
    known = None if Path(name).is_file() else find_model(name)
    config = load_config(name if known is None else str(known.config), args.cfg_options)
    return config, args.weights or (known and known.weights)


def _camera(args: argparse.Namespace) -> CameraInput:
    if args.focal is not None:
        return FocalLength(args.focal)
    return args.fov if args.fov is not None else args.camera


class People:
    """Makes the clips, with networks that are loaded once.

    Args:
        args: The command's options.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self._cameras = FrameCamera(_camera(args))
        # Ctrl-C, also one that came when a clip had been read: its files are whole then, but it is the last.
        self.is_stopped = False

    def clip(self, job: ClipJob) -> FoundClip:
        """The people of one input."""
        return self._lifted(job) if self.args.lift else self._found(job)

    def _lifted(self, job: ClipJob) -> FoundClip:
        args, poses = self.args, self._pose_file(job)
        # Looked at before the networks are loaded.
        if job.sources:
            camera = ClipReader(job.sources, self._cameras, pose_lookup(None)).camera
        else:
            camera = self._cameras.of_size(self._size_without_input(), poses)
        networks = self._lifters
        fps = args.fps or job.fps
        with stage('lifting', job.length):
            clip = lifted_clip(poses, camera, networks, fps, job.name, args.keep_ids, job.length, job.image_names)
            return FoundClip(clip)

    def _found(self, job: ClipJob) -> FoundClip:
        args, fps = self.args, self.args.fps or job.fps
        poses, options = pose_lookup(self._pose_file(job)), ReaderOptions(args.half, in_memory=False)
        reader = ClipReader(job.sources, self._cameras, poses, options=options)
        has_poses = args.pose2d is not None
        run = self._inferencer.clip_run(reader, job.name, fps, args.batch_size, self.work_dir, has_poses)
        try:
            with gentle_stop(reader.stop):
                return clip_of_run(run, fps, args.person_thr or 0.0, args.min_frames or MIN_FRAMES)
        except (OSError, torch.cuda.OutOfMemoryError) as error:
            kept = f'what was found so far is in {self.work_dir}, the same command goes on from there'
            raise ValueError(f'{job.name}: {error}; {kept}') from error
        finally:
            self.is_stopped |= reader.is_stopped

    @property
    def work_dir(self) -> Path:
        """Where unfinished clips are."""
        return Path(self.args.work_dir or Path(self.args.out) / 'work')

    def _pose_file(self, job: ClipJob) -> str | None:
        return self.args.pose2d and self.args.pose2d.replace(NAME, job.name)

    @cached_property
    def _lifters(self) -> PoseLiftingEstimator:
        args = self.args
        return load_lifters(args.model or 'lifting', args.weights, args.device or 'cpu')

    @cached_property
    def _inferencer(self) -> MultiPersonPose3DInferencer:
        args = self.args
        with stage('loading networks'):
            return MultiPersonPose3DInferencer(
                *_model(args),
                args.device or _own_device(args.launcher),
                camera=_camera(args),
                show_progress=True,
                half=args.half,
                fuse_conv_bn=args.fuse_conv_bn,
                compile=args.compile,
            )

    def _size_without_input(self) -> tuple[int, int]:
        """(width, height) px."""
        if self.args.size is not None:
            return tuple(self.args.size)
        if self.args.camera is not None:
            return read_camera(self.args.camera).image_size
        raise ValueError('--lift without INPUT needs the size of the images: --size W H, or --camera FILE')


def _own_device(launcher: str) -> str | None:
    """With one process a GPU, this process' own; None for the best there is."""
    if launcher == 'none' or not torch.cuda.is_available():
        return None
    return f'cuda:{int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count()}'


def _run(job: ClipJob, people: People) -> int:
    """Make and write one clip; the exit status. Raises ValueError or OSError where nothing could be written."""
    found = people.clip(job)
    clip, lacks = found.clip, _breaks(job, found)
    used = 'not known' if clip.camera is None else f'{clip.camera.source}, focal length {clip.camera.focal:.0f} px'
    brief = f' ({found.left_out} left out who are in fewer than --min-frames)' if found.left_out else ''
    print(f'{len(clip.track_ids)} people in {clip.num_frames} frames{brief}; camera {used}')
    if len(clip.track_ids):
        with stage('smoothing', clip.num_frames):
            clip = adjusted(clip, people.args, lacks)
    else:
        print(_nobody(people.args))
    written, unwritten = job.write(clip, whole=not lacks)
    for path in written:
        print(path)
    if unwritten and not written:
        raise ValueError('; '.join(unwritten))
    for line in lacks + unwritten:
        print(f'error: {line}', file=sys.stderr)
    return _status(found, people, bool(lacks + unwritten))


def _nobody(args: argparse.Namespace) -> str:
    """What is said when nobody was found: also what of the order cannot be done without people."""
    files = [suffix.upper() for suffix in ('trc', 'bvh') if suffix in args.export]
    changes = [f'--{name}' for name in ('smooth', 'height', 'world') if getattr(args, name)]
    left_out = f'; left out: {", ".join(files + changes)}' if files or changes else ''
    return f'nobody was found{left_out}' + ('' if args.pose2d else '; 2D poses help (--pose2d)')


def _status(found: FoundClip, people: People, is_incomplete: bool) -> int:
    """The exit status; the work folder is kept where a second run may want it."""
    interrupted = isinstance(found.broken_off, KeyboardInterrupt)
    if not (interrupted or is_incomplete):
        found.remove_work()
    elif people.work_dir.is_dir():
        print(f'kept for another run, which is then quick: {people.work_dir}', file=sys.stderr)
    if interrupted or people.is_stopped:
        return INTERRUPTED
    return INCOMPLETE if is_incomplete else DONE


def _breaks(job: ClipJob, found: FoundClip) -> list[str]:
    """What is to be said of a clip that is shorter than its input."""
    frames = found.clip.num_frames
    if isinstance(found.broken_off, KeyboardInterrupt):
        return [f'interrupted: keeping the {frames} frames so far']
    if found.broken_off is not None:
        return [f'ended after {frames} frames: {found.broken_off}']
    return [said for source in job.sources if (said := source.shortage(frames))] if len(job.sources) == 1 else []


def _run_several(jobs: list[ClipJob], people: People) -> list[int]:
    """The exit status of each; one that fails does not stop the others, Ctrl-C does."""
    statuses = []
    for job in jobs:
        print(job.given, flush=True)
        try:
            statuses.append(_run(job, people))
        except USER_ERRORS as error:
            print(f'error: {job.given}: {error}', file=sys.stderr)
            statuses.append(FAILED)
        if people.is_stopped:
            return [*statuses, INTERRUPTED]
    return statuses


def _common(statuses: list[int]) -> int:
    """One status for several inputs."""
    if INTERRUPTED in statuses:
        return INTERRUPTED
    return statuses[0] if len(set(statuses)) == 1 else INCOMPLETE


def _run_all(jobs: list[ClipJob], people: People) -> int:
    """Make and write all clips, or this process' share of them; the exit status."""
    if len(jobs) == 1 and people.args.launcher == 'none':
        return _run(jobs[0], people)
    return _common(gathered(_run_several(own_share(jobs, [job.length for job in jobs]), people)))


@contextmanager
def _profile(is_wanted: bool) -> Iterator[None]:
    """Says at the end how long each stage took, also of a run that an error ends."""
    if not is_wanted:
        yield
        return
    profile = StageProfile()
    try:
        with profile:
            yield
    finally:
        print(profile.table(), flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    if args.launcher == 'pytorch':
        end_with_launcher()
        # The process with the longest video lets the others wait.
        join_processes(PATIENCE)
    read = dict(pose2d=args.pose2d or '', camera=args.camera or '')
    jobs = open_jobs(
        args.inputs, args.out, args.export, args.overwrite, skip_existing=args.skip_existing, fps=args.fps, **read
    )
    if not jobs:
        print(f'all files are there already: {args.out}')
        return
    with _profile(args.profile):
        status = _run_all(jobs, People(args))
    if status:
        leave_processes(status)
        sys.exit(status)


if __name__ == '__main__':
    run_command(main)

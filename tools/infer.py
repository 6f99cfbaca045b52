"""Find the people of a video, a folder of frames or an image in 3D, and write them for other programs.

python tools/infer.py INPUT [--out DIR] [--export json html bvh ...] [--camera FILE | --fov DEG | --focal PX]
    [--pose2d FILE] [--smooth METHOD] [--height MM] [--world] [--fuse-conv-bn] [--overwrite]
python tools/infer.py [INPUT] --lift --pose2d FILE [--size W H] [--keep-ids] [...]

The second form tracks the 2D poses of the file and lifts them to 3D; INPUT then only gives the page its pictures.
Writes DIR/<name>.json, .html, ... (docs/outputs.md). Without a camera an image's EXIF data, or else 55 degrees are
taken: distances are then right up to one common factor, which --height fixes. Ctrl-C keeps the frames so far.
Exit status: 0 done; 1 a mistake in the command, or a file that cannot be read or written; 2 an unknown option;
130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmp3d.apis import MultiPersonPose3DInferencer
from mmp3d.apis.camera_file import read_camera
from mmp3d.apis.cameras import CameraInput, FocalLength, FrameCamera
from mmp3d.apis.frames import FALLBACK_FPS, Source, Webcam, open_sources, read_frames
from mmp3d.apis.lifted_clip import lifted_clip
from mmp3d.apis.lifters import load_lifters
from mmp3d.apis.people import instance_arrays
from mmp3d.engine.launch import run_command
from mmp3d.export import FORMATS, PeopleClip, clip_from_images, write_clip
from mmp3d.export.adjustments import add_adjustment_arguments, adjusted
from mmp3d.export.formats import WITH_PICTURES, earlier_files, require_packages
from mmp3d.export.html_page import PictureStrip
from mmp3d.export.new_file import refuse_existing, writable_folder

INTERRUPTED = 130
EXPORT_HELP = f'{" ".join(FORMATS)} (docs/outputs.md); default: json html'


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('input', nargs='?', help='video, image, or folder with the images of one clip')
    parser.add_argument('--out', default='outputs', metavar='DIR', help='folder to write to (default: outputs)')
    parser.add_argument(
        '--export', nargs='+', choices=FORMATS, default=['json', 'html'], metavar='FORMAT', help=EXPORT_HELP
    )
    parser.add_argument('--model', help='name in `mmp3d models`, or a config (default: bottomup; lifting with --lift)')
    parser.add_argument('--weights', help="checkpoint; default the model's own")
    parser.add_argument('--device', help='cpu, cuda:0, ...; default the best there is (cpu with --lift)')
    parser.add_argument('--batch-size', type=int, help='frames at a time (default: 1)')
    parser.add_argument('--fps', type=float, help="of images or 2D poses (default 25), or in place of the video's")
    parser.add_argument('--fuse-conv-bn', action='store_true', help='fold batch norm into the convolutions: faster')
    parser.add_argument('--person-thr', type=float, help='leave out people with a lower score')
    parser.add_argument('--pose2d', metavar='FILE', help='2D poses of the frames (docs/inference.md)')
    parser.add_argument('--lift', action='store_true', help='track and lift the 2D poses')
    parser.add_argument('--size', type=int, nargs=2, metavar=('W', 'H'), help='--lift without INPUT: images in px')
    parser.add_argument('--keep-ids', action='store_true', help="--lift: the 2D poses' own track ids")
    camera = parser.add_mutually_exclusive_group()
    camera.add_argument('--camera', metavar='FILE', help="OpenCV's or ROS' .yaml, COLMAP's cameras.txt, our .json")
    camera.add_argument('--fov', type=float, metavar='DEG', help='field of view of the longer image side')
    camera.add_argument('--focal', type=float, metavar='PX', help='focal length in px')
    add_adjustment_arguments(parser)
    parser.add_argument('--overwrite', action='store_true', help='replace files that are there')
    args = parser.parse_args(arguments)
    _check_options(args)
    return args


def _check_options(args: argparse.Namespace) -> None:
    """Raise ValueError for options of the one form given to the other."""
    if args.lift and args.pose2d is None:
        raise ValueError('--lift needs the 2D poses: --pose2d FILE')
    if not args.lift and args.input is None:
        raise ValueError('give a video, an image or a folder of images; without one, --lift --pose2d FILE')
    other = dict(batch_size=None, person_thr=None, fuse_conv_bn=False) if args.lift else dict(size=None, keep_ids=False)
    for name, default in other.items():
        if getattr(args, name) != default:
            raise ValueError(f'--{name.replace("_", "-")} does not go {"with" if args.lift else "without"} --lift')
    if args.size is not None and (args.input is not None or min(args.size) < 1):
        raise ValueError('--size is for --lift without INPUT: positive width and height, px')


def _camera(args: argparse.Namespace) -> CameraInput:
    if args.focal is not None:
        return FocalLength(args.focal)
    return args.fov if args.fov is not None else args.camera


def _images(args: argparse.Namespace) -> Iterator[dict]:
    """One image of ``clip_from_images`` a frame."""
    inferencer = MultiPersonPose3DInferencer(
        args.model or 'bottomup',
        args.weights,
        args.device,
        camera=_camera(args),
        pose2d=args.pose2d,
        show_progress=True,
        fuse_conv_bn=args.fuse_conv_bn,
    )
    for result in inferencer(
        args.input, return_datasamples=True, batch_size=args.batch_size or 1, person_thr=args.person_thr or 0.0
    ):
        (sample,) = result['predictions']
        yield dict(camera=result['camera'], instances=instance_arrays(sample.pred_instances))


def _found_clip(args: argparse.Namespace, fps: float, name: str) -> tuple[PeopleClip, bool]:
    """The people of the bottom-up model, and whether the user broke it off."""
    images, interrupted = [], False
    try:
        for image in _images(args):
            images.append(image)
    except KeyboardInterrupt:
        interrupted = True
        print(f'interrupted: keeping the {len(images)} frames so far', file=sys.stderr)
    return clip_from_images(images, fps, name), interrupted


def _lifted_clip(args: argparse.Namespace, sources: list[Source], fps: float, name: str) -> PeopleClip:
    networks = load_lifters(args.model or 'lifting', args.weights, args.device or 'cpu')
    where, file = (sources[0].path, sources[0].file) if sources else (args.pose2d, None)
    camera = FrameCamera(_camera(args)).of_image(_image_size(args, sources), where, file)
    length = sum(map(len, sources))
    return lifted_clip(args.pose2d, camera, networks, fps, name, args.keep_ids, length)


def _image_size(args: argparse.Namespace, sources: list[Source]) -> tuple[int, int]:
    """(width, height) px."""
    if sources:
        image = next(frame.image for frame in read_frames(sources) if frame.image is not None)
        return image.shape[1], image.shape[0]
    if args.size is not None:
        return tuple(args.size)
    if args.camera is not None:
        return read_camera(args.camera).image_size
    raise ValueError('--lift without INPUT needs the size of the images: --size W H, or --camera FILE')


def _pictures(sources: list[Source], num_frames: int) -> list[tuple[int, bytes]]:
    strip = PictureStrip()
    # What a webcam has shown is over.
    frames = iter(()) if sources and isinstance(sources[0], Webcam) else read_frames(sources)
    for number, frame in zip(range(num_frames), frames, strict=False):
        if frame.image is not None:
            strip.add(number, frame.image)
    return strip.jpegs()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    sources = [] if args.input is None else open_sources(args.input)
    name = Path(args.input or args.pose2d).stem
    # Before the work, not after it.
    targets = [writable_folder(args.out) / f'{name}.{suffix}' for suffix in args.export]
    require_packages(targets)
    refuse_existing([file for target in targets for file in earlier_files(target)], args.overwrite)
    fps, interrupted = args.fps or (sources[0].fps if sources else FALLBACK_FPS), False
    if args.lift:
        clip = _lifted_clip(args, sources, fps, name)
    else:
        clip, interrupted = _found_clip(args, fps, name)
    used = 'not known' if clip.camera is None else f'{clip.camera.source}, focal length {clip.camera.focal:.0f} px'
    print(f'{len(clip.track_ids)} people in {clip.num_frames} frames; camera {used}')
    if len(clip.track_ids):
        clip = adjusted(clip, args)
    else:
        print('nobody was found: TRC and BVH are left out' + ('' if args.pose2d else '; 2D poses help (--pose2d)'))
    pictures = _pictures(sources, clip.num_frames) if any(target.suffix in WITH_PICTURES for target in targets) else []
    for target in targets:
        for path in write_clip(target, clip, args.overwrite, pictures):
            print(path)
    if interrupted:
        sys.exit(INTERRUPTED)


if __name__ == '__main__':
    run_command(main)

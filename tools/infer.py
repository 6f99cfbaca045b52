"""Find the people of a video, a folder of frames or an image in 3D, and write them for other programs.

python tools/infer.py INPUT [--out DIR] [--export json html bvh ...] [--camera FILE | --fov DEG | --focal PX]
    [--pose2d FILE] [--smooth METHOD] [--height MM] [--world] [--overwrite]

Writes DIR/<name>.json, .html, ... (docs/outputs.md). Without a camera an image's EXIF data, or else 55 degrees are
taken: distances are then right up to one common factor, which --height fixes.
Exit status: 0 done; 1 a mistake in the command, or a file that cannot be read or written; 2 an unknown option.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmp3d.apis import MultiPersonPose3DInferencer
from mmp3d.apis.cameras import CameraInput, FocalLength
from mmp3d.apis.frames import Source, open_sources, read_frames
from mmp3d.apis.people import instance_arrays
from mmp3d.engine.launch import run_command
from mmp3d.export import FORMATS, clip_from_images, write_clip
from mmp3d.export.adjustments import add_adjustment_arguments, adjusted
from mmp3d.export.html_page import PictureStrip
from mmp3d.export.new_file import refuse_existing


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('input', help='video, image, or folder with the images of one clip')
    parser.add_argument('--out', default='outputs', metavar='DIR', help='folder to write to (default: outputs)')
    parser.add_argument(
        '--export', nargs='+', choices=FORMATS, default=['json', 'html'], help='default: json html', metavar='FORMAT'
    )
    parser.add_argument('--model', default='bottomup', help='name in model-index.yml, or a config (default: bottomup)')
    parser.add_argument('--weights', help="checkpoint; default the model's own")
    parser.add_argument('--device', help='cpu, cuda:0, ...; default the best there is')
    parser.add_argument('--batch-size', type=int, default=1, help='frames at a time')
    parser.add_argument('--fps', type=float, help="of a folder of images (default 25), or in place of the video's")
    parser.add_argument('--person-thr', type=float, default=0.0, help='leave out people with a lower score')
    parser.add_argument('--pose2d', metavar='FILE', help='2D poses for the network (docs/inference.md)')
    camera = parser.add_mutually_exclusive_group()
    camera.add_argument('--camera', metavar='FILE', help="OpenCV's or ROS' .yaml, COLMAP's cameras.txt, our .json")
    camera.add_argument('--fov', type=float, metavar='DEG', help='field of view of the longer image side')
    camera.add_argument('--focal', type=float, metavar='PX', help='focal length in px')
    add_adjustment_arguments(parser)
    parser.add_argument('--overwrite', action='store_true', help='replace files that are there')
    return parser.parse_args(arguments)


def _camera(args: argparse.Namespace) -> CameraInput:
    if args.focal is not None:
        return FocalLength(args.focal)
    return args.fov if args.fov is not None else args.camera


def _images(inferencer: MultiPersonPose3DInferencer, args: argparse.Namespace) -> Iterator[dict]:
    """One image of ``clip_from_images`` a frame."""
    for result in inferencer(
        args.input, return_datasamples=True, batch_size=args.batch_size, person_thr=args.person_thr
    ):
        (sample,) = result['predictions']
        yield dict(camera=result['camera'], instances=instance_arrays(sample.pred_instances))


def _pictures(sources: list[Source]) -> list[tuple[int, bytes]]:
    strip = PictureStrip()
    for number, frame in enumerate(read_frames(sources)):
        if frame.image is not None:
            strip.add(number, frame.image)
    return strip.jpegs()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    sources = open_sources(args.input)
    name = Path(args.input).stem
    # Before the work, not after it.
    existing = [path for suffix in args.export for path in Path(args.out).glob(f'{name}*.{suffix}')]
    refuse_existing([path for path in existing if path.stem in (name,) or '_person' in path.stem], args.overwrite)
    inferencer = MultiPersonPose3DInferencer(
        args.model, args.weights, args.device, camera=_camera(args), pose2d=args.pose2d, show_progress=True
    )
    clip = clip_from_images(_images(inferencer, args), args.fps or sources[0].fps, name)
    used = 'not known' if clip.camera is None else f'{clip.camera.source}, focal length {clip.camera.focal:.0f} px'
    print(f'{len(clip.track_ids)} people in {clip.num_frames} frames; camera {used}')
    clip = adjusted(clip, args)
    pictures = _pictures(sources) if 'html' in args.export else []
    for suffix in args.export:
        for path in write_clip(Path(args.out) / f'{name}.{suffix}', clip, args.overwrite, pictures):
            print(path)


if __name__ == '__main__':
    run_command(main)

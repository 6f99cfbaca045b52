"""How well lifters do on motion and cameras that they never saw, and how fast a track is lifted.

python benchmarks/lifting.py [--model NAME CONFIG CHECKPOINT [KEY=VALUE ...]] ... [--motion-folders DIR ...]
    [--clips N] [--leave-out TEXT] [--by-file] [--no-speed]

One row a model and kind of input; without --model only the speed is measured. With BVH files the motion is that of the
held-out files as recorded, without them procedural. Body sizes vary by 12 % unless the input is named "one size";
"varied" also turns limbs, changes single bones and mixes upper bodies, as in training. Frames in which the whole person
is in the picture count; in the rows named "cut off", all. KEY=VALUE overrides entries of the config, as --cfg-options
does. --by-file lists the errors on exact 2D of every held-out file; --leave-out leaves out the files with a text in
their name, of a kind of motion that training has none of for example.

Speed: seconds of processor time on one core in one run, on the same weights (they are random: time does not depend on
them). "Window by window" is one call for each frame's window, the strided form, which computes the least.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

import torch
from mmengine.config import Config, DictAction
from mmengine.logging import MMLogger
from mmpose.registry import METRICS, MODELS

import mmp3d
from mmp3d.compat.checkpoint import load_weights
from mmp3d.datasets import VirtualPoseDataset
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.models.estimators import PoseLiftingEstimator

CLIP_FRAMES = 81
EXACT = dict(
    jitter=0.0, occluded_jitter=0.0, pixel_jitter=0.0, quality_spread=0.0, definition_spread=0.0, miss=0.0,
    occluded_miss=0.0, person_miss=0.0, swap=0.0, side_flip=0.0, memory=0.0, score=1.0, occluded_score=1.0,
    score_spread=0.0, score_slope=0.0, joint_sets=dict(mupots17=1.0))  # fmt: skip
AS_RECORDED = dict(mix=0.0, posture_spread=0.0, bone_spread=0.0)
CUT_OFF = 'exact 2D, cut off'
INPUTS = {
    'exact 2D': dict(exact_2d=True, motion=AS_RECORDED),
    'exact 2D, one size': dict(exact_2d=True, motion=dict(body_scale=(1.0, 1.0), **AS_RECORDED)),
    '15 mm': dict(noise={**EXACT, 'millimetre_jitter': 15.0}, motion=AS_RECORDED),
    'detector, occlusion': dict(scene=dict(occluding_person=0.5, occluding_box=0.5), motion=AS_RECORDED),
    'exact 2D, varied': dict(exact_2d=True),
    CUT_OFF: dict(exact_2d=True, motion=AS_RECORDED),
}
COLUMNS = ('MPJPE', 'PA-MPJPE', 'velocity', 'root-depth-median', 'MPJPE-abs')
TRACK_FRAMES = 300
LENGTHS = (300, 1200, 4800, 19200)
CHANNELS = 192


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', nargs='+', action='append', default=[], metavar='PART')
    parser.add_argument('--motion-folders', nargs='*', default=[], help='BVH files; procedural motion alone without')
    parser.add_argument('--clips', type=int, default=128, help=f'clips of {CLIP_FRAMES} frames for each kind of input')
    parser.add_argument('--leave-out', help='text in the names of motion files that do not count')
    parser.add_argument('--by-file', action='store_true', help='exact 2D, one row a motion file')
    parser.add_argument('--no-speed', action='store_true')
    args = parser.parse_args(arguments)
    mmp3d.register_all_modules()
    MMLogger.get_current_instance().setLevel('WARNING')
    torch.set_num_threads(1)
    if args.model:
        print(accuracy_table(args).to_text())
        for name, *parts in args.model if args.by_file else ():
            print(table_by_file(name, load_model(*parts), args).to_text())
    if not args.no_speed:
        for table in (speed_table(), length_table()):
            print(table.to_text(3))


def accuracy_table(args: argparse.Namespace) -> ScoreTable:
    """Errors of every model on every kind of input."""
    models = {name: load_model(*parts) for name, *parts in args.model}
    rows = []
    for kind, options in INPUTS.items():
        batches = batches_of(clips_dataset(args, options), args.leave_out)
        rows += [(f'{kind}: {name}', errors_of(model, batches, kind != CUT_OFF)) for name, model in models.items()]
    return ScoreTable('errors, mm; root depth: median, percent', ('input: model', *COLUMNS), tuple(rows))


def load_model(config: str, checkpoint: str, *options: str) -> PoseLiftingEstimator:
    """The model of a config with overrides, weights loaded."""
    cfg = Config.fromfile(config)
    cfg.merge_from_dict({key: DictAction._parse_iterable(value) for key, value in (o.split('=', 1) for o in options)})
    model = MODELS.build(cfg.model)
    load_weights(model, checkpoint)
    return model.eval()


def table_by_file(name: str, model: PoseLiftingEstimator, args: argparse.Namespace) -> ScoreTable:
    """Errors of a model on exact 2D, for each motion."""
    dataset = clips_dataset(args, INPUTS['exact 2D'])
    batches = batches_of(dataset)
    clips = {key: torch.cat([batch[key] for batch in batches]) for key in batches[0]}
    rows = []
    for motion in clips['motion_ids'].unique().tolist():
        chosen = clips['motion_ids'] == motion
        of_motion = {key: values[chosen] for key, values in clips.items()}
        rows.append((dataset.bank.names[motion], (*errors_of(model, [of_motion]), int(chosen.sum()))))
    return ScoreTable(f'{name}: exact 2D, by motion', ('motion', *COLUMNS, 'clips'), tuple(rows))


def clips_dataset(args: argparse.Namespace, options: dict) -> VirtualPoseDataset:
    """Clips of the held-out motion files and cameras."""
    return VirtualPoseDataset(
        num_items=args.clips,
        clip_length=CLIP_FRAMES,
        motion_folders=args.motion_folders,
        num_procedural=0 if args.motion_folders else 256,
        motion_split='val',
        test_mode=True,
        **options,
    )


def batches_of(dataset: VirtualPoseDataset, leave_out: str | None = None, size: int = 16) -> list[dict]:
    """The clips of a data set, stacked; without those of motions with a text in their name."""
    starts = range(0, len(dataset), size)
    batches = [dataset.__getitems__(range(start, min(start + size, len(dataset)))).stacked for start in starts]
    counts = torch.tensor([leave_out is None or leave_out not in name for name in dataset.bank.names])
    kept = [counts[batch['motion_ids']] for batch in batches]
    return [
        {key: values[some] for key, values in batch.items()}
        for batch, some in zip(batches, kept, strict=True)
        if some.any()
    ]


@torch.inference_mode()
def errors_of(model: PoseLiftingEstimator, batches: Sequence[dict], whole_people: bool = True) -> tuple[float, ...]:
    """The numbers of one row, of frames in which the whole person is in the picture if that is asked for."""
    metric = METRICS.build(dict(type='LiftingErrors'))
    for batch in batches:
        if whole_people:
            in_picture = batch['keypoints_visible'].amin(dim=-1)
            batch = {**batch, 'frame_valid': batch['frame_valid'] * in_picture}
        metric.process(None, [sample.to_dict() for sample in model.test_step(batch)])
    scores = metric.compute_metrics([metric.results])
    return tuple(scores[column] for column in COLUMNS)


@torch.inference_mode()
def speed_table() -> ScoreTable:
    """A track of 300 frames at once against window by window, receptive field 243."""
    model = random_model()
    rays, scores = random_track(TRACK_FRAMES)
    frame_poses = model.gcn(rays, scores)
    before, after = model.pose_net.context
    windows = (torch.arange(TRACK_FRAMES)[:, None] + torch.arange(-before, after + 1)).clamp(0, TRACK_FRAMES - 1)

    def nets_by_window() -> list:
        return [
            (
                model.pose_net(rays[None, window], scores[None, window], frame_poses[None, window]),
                model.depth_net(rays[None, window], scores[None, window]),
            )
            for window in windows
        ]

    pairs = {
        'pose net and depth net': (
            lambda: (model.pose_net.over_track(rays, scores, frame_poses), model.depth_net.over_track(rays, scores)),
            nets_by_window,
        ),
        'all stages': (
            lambda: model.lift_track(rays, scores),
            lambda: [model.lift_windows(rays[None, window], scores[None, window]) for window in windows],
        ),
    }
    rows = []
    for name, (at_once, by_window) in pairs.items():
        fast, slow = processor_time(at_once, 5), processor_time(by_window, 1)
        rows.append((name, (fast, slow, slow / fast)))
    title = f'{TRACK_FRAMES} frames, receptive field {model.pose_net.receptive_field}, {CHANNELS} channels, seconds'
    return ScoreTable(title, ('', 'whole track', 'window by window', 'ratio'), tuple(rows))


@torch.inference_mode()
def length_table() -> ScoreTable:
    """Time and memory for tracks of several lengths."""
    model = random_model()
    rows = []
    for frames in LENGTHS:
        track = random_track(frames)
        seconds = processor_time(lambda track=track: model.lift_track(*track), 2)
        rows.append((str(frames), (seconds, 1e6 * seconds / frames, peak_megabytes(model, track))))
    columns = ('frames', 'seconds', 'microseconds a frame', 'MB at most beside the track')
    return ScoreTable('length of the track', columns, tuple(rows))


def random_model() -> PoseLiftingEstimator:
    """Tiny lifters with a receptive field of 243 frames."""
    torch.manual_seed(0)
    backbone = dict(kernel_sizes=(3, 3, 3, 3, 3), stem_channels=CHANNELS)
    return MODELS.build(
        dict(
            type='PoseLiftingEstimator',
            gcn=dict(type='PoseGCN', hidden_channels=32, look_at=True),
            pose_net=dict(type='TemporalPoseNet', look_at=True, backbone=backbone),
            depth_net=dict(type='TemporalDepthNet', look_at=True, backbone=backbone),
        )
    ).eval()


def random_track(frames: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(T, K, 2) rays and (T, K) scores."""
    return torch.randn(frames, 17, 2) * 0.1, torch.rand(frames, 17)


def processor_time(run: Callable[[], object], repeats: int) -> float:
    """Least processor time of several runs, s."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def peak_megabytes(model: PoseLiftingEstimator, track: tuple[torch.Tensor, torch.Tensor]) -> float:
    """Most memory that PyTorch held at one time while lifting, less what it held before."""
    with torch.profiler.profile(profile_memory=True, record_shapes=False) as profiler:
        model.lift_track(*track)
    held = most = 0
    events = (event for event in profiler.profiler.kineto_results.events() if event.name() == '[memory]')
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most / 1e6


if __name__ == '__main__':
    main()

"""How well ids are kept: the tracker beside others on the same 2D poses, against annotated identities.

python benchmarks/tracking.py DATA_ROOT [--pose2d FILE] [--sequences 1 2] [--stride 1] [--fps 30]
    [--trackers ours]

DATA_ROOT is in MuPoTS-3D's layout (tools/make_synthetic.py --format mupots, whose poses2d.json simulates a detector's
noise, misses, exchanged joints and false people). A found pose stands for the annotated person whose joints are
nearest, at most a quarter of the person's size away on average; IDF1, MOTA and switches are those of mmp3d's tracking
metric on these pairs, so that all trackers have the same misses and false people to begin with. Times are processor
seconds.

Trackers: mmpose's greedy ones by box and by OKS (as its inferencer has them), mmdet's ByteTracker (where `lap` is
installed; with its own thresholds of scores and with ours), ours frame by frame and ours over the whole clip without
and with interpolated gaps.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmp3d.datasets import MuPoTSDataset
from mmp3d.evaluation.functional.association import optimal_assignment
from mmp3d.evaluation.functional.nearest_matching import mean_joint_distances
from mmp3d.evaluation.functional.tracking import TrackCounts, TrackedPeople, count_tracks, tracking_scores
from mmp3d.geometry import MUPOTS17
from mmp3d.geometry.boxes import boxes_around
from mmp3d.pipeline.track_linking import track_people
from mmp3d.pipeline.tracking import DEFAULT_SETTINGS, USUAL_FPS, FramePoses, TrackerSettings, track_stream

NEAR = 0.25
IOU_THRESHOLD, OKS_THRESHOLD = 0.3, 0.3
# From which score on a pose is sure, and may begin a track; every other one may continue a track.
SURE_SCORE = DEFAULT_SETTINGS.sure_score
OUR_SCORES = dict(obj_score_thrs=dict(high=SURE_SCORE, low=0.0), init_track_thr=SURE_SCORE)


class Clip(NamedTuple):
    """Poses found in a sequence, and who is annotated: lists of (G,) ids, (G, K, 2) px and (G, K) bool."""

    frames: list[FramePoses]
    ids: list[np.ndarray]
    keypoints: list[np.ndarray]
    visible: list[np.ndarray]


class Ids(NamedTuple):
    """What a tracker says about a frame: (N,) ids, (N, K, 2) px, (N, K) scores."""

    ids: np.ndarray
    keypoints: np.ndarray
    scores: np.ndarray


# Frames and how many of them there are a second.
Tracker = Callable[[Sequence[FramePoses], float], list[Ids]]


def read_clips(args: argparse.Namespace) -> dict[str, Clip]:
    """All sequences of the data set, every ``stride``-th frame."""
    dataset = MuPoTSDataset(
        data_root=args.data_root, pose2d_file=args.pose2d, sequences=args.sequences, needs_images=False
    )
    clips: dict[str, Clip] = defaultdict(lambda: Clip([], [], [], []))
    for item in dataset:
        if item['frame_id'] % args.stride:
            continue
        clip, there = clips[item['seq_name']], item['person_valid'] > 0
        frame_id = item['frame_id'] // args.stride
        clip.frames.append(FramePoses(frame_id, item['input_keypoints'], item['input_keypoint_scores']))
        for column, name in zip(clip[1:], ('track_ids', 'keypoints', 'keypoints_visible'), strict=True):
            column.append(item[name][there])
    return clips


def greedy(frames: Sequence[FramePoses], name: str, threshold: float) -> list[Ids]:
    """mmpose's trackers, called as its inferencer calls them."""
    # Only after mmp3d do mmpose's modules load without compiled operators.
    by = getattr(import_module('mmpose.apis.inference_tracking'), name)
    results, last, next_id = [], [], 0
    for frame in frames:
        now, ids = [], []
        for keypoints, scores, box in zip(frame.keypoints, frame.scores, found_boxes(frame), strict=True):
            person = SimpleNamespace(
                pred_instances=InstanceData(
                    keypoints=keypoints[None],
                    keypoint_scores=scores[None],
                    bboxes=box[None],
                    areas=np.array([(box[2:] - box[:2]).prod()]),
                )
            )
            extra = {'sigmas': MUPOTS17.sigmas} if name == '_track_by_oks' else {}
            track_id, last, _ = by(person, last, threshold, **extra)
            if track_id == -1:
                track_id, next_id = next_id, next_id + 1
            person.track_id = track_id
            now.append(person)
            ids.append(track_id)
        last = now
        results.append(Ids(np.array(ids, int), frame.keypoints, frame.scores))
    return results


def byte_track(frames: Sequence[FramePoses], rate: float, **settings: Any) -> list[Ids]:
    """mmdet's ByteTracker on the boxes around the joints; a person's score is the mean of the joints found.

    Like ours it remembers a person for a second.
    """
    from mmdet.models.trackers import ByteTracker
    from mmdet.structures import DetDataSample

    init_default_scope('mmdet')
    tracker = ByteTracker(motion=dict(type='KalmanFilter'), num_frames_retain=max(round(rate), 1), **settings)
    results = []
    for index, frame in enumerate(frames):
        found = np.maximum((frame.scores > 0).sum(axis=1), 1)
        sample = DetDataSample(metainfo=dict(frame_id=index))
        sample.pred_instances = InstanceData(
            bboxes=torch.as_tensor(found_boxes(frame), dtype=torch.float32),
            scores=torch.as_tensor(frame.scores.sum(axis=1) / found, dtype=torch.float32),
            labels=torch.zeros(len(found), dtype=torch.long),
        )
        tracked = tracker.track(data_sample=sample)
        rows = torch.cdist(tracked.bboxes, sample.pred_instances.bboxes).argmin(dim=1) if len(tracked) else []
        rows = np.asarray(rows, int)
        results.append(Ids(np.asarray(tracked.instances_id, int), frame.keypoints[rows], frame.scores[rows]))
    return results


def streamed(frames: Sequence[FramePoses], settings: TrackerSettings) -> list[Ids]:
    """Ours, frame by frame, confirmed people only."""
    tracked = track_stream(frames, settings)
    return [Ids(ids[sure], frame.keypoints[sure], frame.scores[sure]) for frame, (ids, sure) in tracked]


def whole_clip(frames: Sequence[FramePoses], rate: float, gaps_filled: bool) -> list[Ids]:
    """Ours, over the clip."""
    found: dict[int, list[tuple]] = defaultdict(list)
    for track in track_people(frames, TrackerSettings.at_rate(rate)):
        track = track.without_gaps() if gaps_filled else track
        for frame_id, *pose in zip(track.frame_ids.tolist(), track.keypoints, track.keypoint_scores, strict=True):
            found[frame_id].append((track.track_id, *pose))
    nobody = Ids(np.zeros(0, int), np.zeros((0, 17, 2)), np.zeros((0, 17)))
    return [
        Ids(*map(np.array, zip(*found[frame.frame_id], strict=True))) if frame.frame_id in found else nobody
        for frame in frames
    ]


TRACKERS: dict[str, Tracker] = {
    'greedy IoU (mmpose)': lambda frames, rate: greedy(frames, '_track_by_iou', IOU_THRESHOLD),
    'greedy OKS (mmpose)': lambda frames, rate: greedy(frames, '_track_by_oks', OKS_THRESHOLD),
    'ByteTrack (mmdet)': byte_track,
    'ByteTrack, our thresholds of scores': lambda frames, rate: byte_track(frames, rate, **OUR_SCORES),
    'ours, streaming, boxes only': lambda frames, rate: streamed(
        frames, replace(TrackerSettings.at_rate(rate), pose_weight=0)
    ),
    'ours, streaming, set for 30 frames a second': lambda frames, rate: streamed(frames, DEFAULT_SETTINGS),
    'ours, streaming': lambda frames, rate: streamed(frames, TrackerSettings.at_rate(rate)),
    'ours, whole clip': lambda frames, rate: whole_clip(frames, rate, gaps_filled=False),
    'ours, gaps filled': lambda frames, rate: whole_clip(frames, rate, gaps_filled=True),
}


def count(clip: Clip, tracked: list[Ids]) -> TrackCounts:
    """Counts of a sequence; a pose that stands for a person is at that person's place, others are nowhere."""
    gt, pred = TrackedPeople([], []), TrackedPeople([], [])
    for ids, keypoints, visible, (found, poses, scores) in zip(
        clip.ids, clip.keypoints, clip.visible, tracked, strict=True
    ):
        places = np.arange(len(ids))[:, None] * 10.0
        rows = stands_for(keypoints, visible, poses, scores)
        roots = np.full((len(found), 1), np.nan)
        roots[rows[rows >= 0]] = places[rows >= 0]
        for people, numbers, where in ((gt, ids, places), (pred, found, roots)):
            people.ids.append(numbers)
            people.roots.append(where)
    return count_tracks(gt, pred, 1.0)


def stands_for(keypoints: np.ndarray, visible: np.ndarray, poses: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(G,) row of the found pose that is each annotated person's, -1 for none."""
    if not len(keypoints) or not len(poses):
        return np.full(len(keypoints), -1)
    distances = np.stack([
        mean_joint_distances(
            pose[None, None], keypoints[None], np.ones((1, 1), bool), np.ones((1, len(keypoints)), bool),
            (visible * (score > 0))[None])[0, :, 0]
        for pose, score in zip(poses, scores, strict=True)], axis=1)  # fmt: skip
    boxes = boxes_around(keypoints, visible > 0)
    sizes = np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))
    return optimal_assignment((distances / sizes[:, None])[None], NEAR)[0]


def found_boxes(frame: FramePoses) -> np.ndarray:
    """(M, 4) xyxy px around the joints found."""
    return boxes_around(frame.keypoints, frame.scores > 0)


def rows(clips: dict[str, Clip], names: Sequence[str], rate: float) -> Iterator[tuple]:
    """One row a tracker."""
    people = sum(len(ids) for clip in clips.values() for ids in clip.ids)
    frames = sum(len(clip.frames) for clip in clips.values())
    print(f'{len(clips)} sequences, {frames} frames, {people} annotated people')
    for name in names:
        tracker = TRACKERS[name]
        try:
            start = time.process_time()
            tracked = [tracker(clip.frames, rate) for clip in clips.values()]
            seconds = time.process_time() - start
        except RuntimeError as error:
            print(f'{name}: left out, {error}')
            continue
        total = [sum(each) for each in zip(*map(count, clips.values(), tracked), strict=True)]
        counts = TrackCounts(*total)
        scores = tracking_scores(counts)
        missed, false = counts.people - counts.matches, counts.predictions - counts.matches
        yield name, scores['IDF1'], scores['MOTA'], counts.switches, missed, false, frames / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data_root', help="folder in MuPoTS-3D's layout")
    parser.add_argument('--pose2d', default='poses2d.json', help='2D poses, any format of docs/datasets.md')
    parser.add_argument('--sequences', type=int, nargs='+', help='numbers; all without it')
    parser.add_argument('--stride', type=int, default=1, help='take every so many-th frame only')
    parser.add_argument('--fps', type=float, default=USUAL_FPS, help='frames a second of the data set (30)')
    parser.add_argument('--trackers', default='', help='only those whose name contains this, such as "ours"')
    args = parser.parse_args()
    names = [name for name in TRACKERS if args.trackers in name]
    if not names:
        parser.error(f'no tracker has {args.trackers!r} in its name; there are {list(TRACKERS)}')
    clips = read_clips(args)
    print('| tracker | IDF1 % | MOTA % | switches | missed | false | frames / s |\n' + 7 * '| --- ' + '|')
    for name, idf1, mota, *numbers, speed in rows(clips, names, args.fps / args.stride):
        print(f'| {name} | {100 * idf1:.1f} | {100 * mota:.1f} | {" | ".join(map(str, numbers))} | {speed:.0f} |')


if __name__ == '__main__':
    main()

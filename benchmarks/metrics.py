"""How fast the metrics are: each beside plain Python loops that follow the protocol's description, in one run.

python benchmarks/metrics.py [NAME ...]

Seconds of processor time on one core, from arrays in memory to all numbers, on synthetic people in the sizes of the
benchmarks. Both sides must come to the same numbers, or the run fails. Where loops would take too long they get a part
of the frames; their time is then scaled, and the table says so.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import plain_loops
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger

from mmp3d.evaluation.functional.bone_lengths import map_bone_lengths
from mmp3d.evaluation.functional.joint_detection import bag_of_people, count_joints, detection_scores
from mmp3d.evaluation.functional.mupots_matching import match_people
from mmp3d.evaluation.functional.padding import pad_people
from mmp3d.evaluation.functional.pck import (
    auc_credit,
    average_scores,
    joint_errors,
    mean_of_sequences,
    pck_credit,
    sequence_scores,
)
from mmp3d.evaluation.functional.pose_errors import pa_mpjpe
from mmp3d.evaluation.functional.release_alignment import align_as_released
from mmp3d.evaluation.functional.release_matching import match_people_by_shape
from mmp3d.evaluation.functional.root_ap import average_precision, nearest_roots, rank_true_positives
from mmp3d.evaluation.metrics import PCK, AUCrel, PCKabs

# Frames and annotated people of TS1 to TS20 of MuPoTS-3D: 8370 frames, 20899 people.
MUPOTS_FRAMES = (201, 251, 401, 301, 261, 541, 431, 551, 501, 251, 701, 251, 341, 626, 801, 501, 401, 126, 431, 501)
MUPOTS_PEOPLE = (2, 2, 2, 2, 2, 2, 3, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3)
JTA_FRAMES, JTA_PEOPLE, JTA_RADII = 11520, 30, (400.0, 800.0, 1200.0)
H36M_POSES = 100_000
FOCAL = 1500.0
ROOT = 14
REPEATS = 5


class MuPoTS(NamedTuple):
    """People of each frame: 2D (N, 17, 2) px, 3D (N, 17, 3) mm, scores (N,), and (F,) sequence of the frames."""

    pred_2d: list[np.ndarray]
    pred_3d: list[np.ndarray]
    scores: list[np.ndarray]
    gt_2d: list[np.ndarray]
    gt_3d: list[np.ndarray]
    sequence: np.ndarray


class Row(NamedTuple):
    """One line of the table: seconds of both sides, and the share of the work that the loops were given."""

    name: str
    seconds: float
    loop_seconds: float
    share: float = 1.0


def random_people(rng: np.random.Generator, count: int, joints: int = 17, spread: float = 250.0) -> np.ndarray:
    """(count, joints, 3) mm: random joints about roots 2 to 6 m away."""
    roots = rng.uniform((-1500, -300, 2000), (1500, 300, 6000), (count, 3))
    people = roots[:, None] + rng.normal(0, spread, (count, joints, 3))
    people[..., 2] = np.maximum(people[..., 2], 500)
    return people.astype(np.float32)


def project(people: np.ndarray) -> np.ndarray:
    """(N, K, 3) mm to (N, K, 2) px."""
    return people[..., :2] / people[..., 2:] * FOCAL + 1000


def make_mupots(rng: np.random.Generator) -> MuPoTS:
    """The set's frames and people; noisy predictions, a tenth missed, a ghost in every third frame."""
    frames = []
    for sequence, (length, people) in enumerate(zip(MUPOTS_FRAMES, MUPOTS_PEOPLE, strict=True)):
        for _ in range(length):
            gt = random_people(rng, people)
            kept = gt[rng.random(people) > 0.1]
            extra = random_people(rng, int(rng.random() < 1 / 3))
            noise = rng.normal(0, 80, kept.shape) + rng.normal(0, 100, (len(kept), 1, 3))
            pred = np.concatenate([kept + noise.astype(np.float32), extra])
            frames.append((project(pred), pred, rng.random(len(pred)), project(gt), gt, sequence))
    *lists, sequence = zip(*frames, strict=True)
    return MuPoTS(*map(list, lists), np.array(sequence))


def official(data: MuPoTS) -> np.ndarray:
    """As :func:`plain_loops.official`, with the tables of all sequences besides."""
    pred_2d, pred_present = pad_people(data.pred_2d)
    gt_2d, gt_present = pad_people(data.gt_2d)
    matches = match_people(pred_2d, gt_2d, pred_present, gt_present)[gt_present]
    frames, _ = np.nonzero(gt_present)
    found = matches >= 0
    starts = np.cumsum([0] + [len(people) for people in data.pred_3d])[frames]
    chosen, gt = np.concatenate(data.pred_3d)[(starts + matches)[found]], np.concatenate(data.gt_3d)
    sequence, count = data.sequence[frames], len(MUPOTS_FRAMES)
    # The bone map keeps the root, so that one map serves both positions.
    mapped = map_bone_lengths(chosen, gt[found])
    credits = []
    for relative in (True, False):
        errors = np.full(gt.shape[:2], np.inf)
        errors[found] = joint_errors(mapped, gt[found], root_relative=relative, bone_map=False)
        credits += [pck_credit(errors), auc_credit(errors)] if relative else [pck_credit(errors)]
    pck, auc, pck_abs = credits
    everyone = np.ones(pck.shape)
    means = []
    for weight in (everyone, everyone * found[:, None]):
        for credit in (pck, pck_abs, auc):
            means.append(mean_of_sequences(sequence_scores(credit, weight, sequence, count)))
    return np.array(means)


def root_ap(data: MuPoTS) -> float:
    """As :func:`plain_loops.root_ap`."""
    roots, present = pad_people([people[:, ROOT] for people in data.pred_3d])
    gt_roots, gt_present = pad_people([people[:, ROOT] for people in data.gt_3d])
    nearest, distances = nearest_roots(roots, gt_roots, gt_present)
    nearest = nearest + np.arange(len(nearest))[:, None] * gt_present.shape[1]
    right, _ = rank_true_positives(np.concatenate(data.scores), nearest[present], distances[present], 250.0)
    return 100 * average_precision(right, int(gt_present.sum()))


def release(data: MuPoTS) -> np.ndarray:
    """As :func:`plain_loops.release`."""
    pred, pred_present = pad_people(data.pred_3d)
    gt, gt_present = pad_people(data.gt_3d)
    matches = match_people_by_shape(pred, gt, pred_present, gt_present)
    people = np.nonzero(matches >= 0)
    errors = np.full(gt.shape[:3], np.inf)
    errors[people] = np.linalg.norm(align_as_released(pred[people[0], matches[people]], gt[people]), axis=-1)
    errors, (frames, _) = errors[gt_present], np.nonzero(gt_present)
    return average_scores(pck_credit(errors), np.ones(errors.shape), data.sequence[frames], len(MUPOTS_FRAMES))


def joint_f1(pred: Sequence[np.ndarray], gt: Sequence[np.ndarray]) -> np.ndarray:
    """(3, F) F1 at each of ``JTA_RADII``."""
    bags = bag_of_people(gt), bag_of_people(pred)
    return detection_scores(count_joints(*bags, len(gt), JTA_RADII))[..., 2]


def measure(name: str, ours: Callable, loops: Callable, share: float = 1.0, part: Callable = np.asarray) -> Row:
    """Time both, the fast side as the best of several runs, and compare: ``part`` cuts from it what the loops did."""
    runs = [_timed(ours) for _ in range(REPEATS)]
    loop_seconds, expected = _timed(loops)
    np.testing.assert_allclose(part(runs[0][1]), expected, rtol=1e-9, atol=1e-9, err_msg=name)
    return Row(name, min(seconds for seconds, _ in runs), loop_seconds / share, share)


def bench_official() -> Row:
    """Matching, PCK, PCKabs and AUCrel, for all and for matched, by sequence and joint group."""
    data = make_mupots(np.random.default_rng(0))
    lists = [[people.tolist() for people in frames] for frames in data[:5] if frames is not data.scores]
    loops = partial(plain_loops.official, *lists, data.sequence.tolist())
    return measure('PCK, PCKabs, AUCrel: MuPoTS-3D, 8370 frames', partial(official, data), loops)


def data_samples(data: MuPoTS) -> list[dict]:
    """What a test run hands to the metrics, an image each."""
    samples = []
    for image, (pred_2d, pred_3d, scores, gt_2d, gt_3d, sequence) in enumerate(zip(*data, strict=True)):
        ones = np.ones(gt_2d.shape[:2], np.float32)
        found = {'keypoints': pred_2d, 'keypoints_cam': pred_3d, 'root_cam': pred_3d[:, ROOT].copy()}
        found['bbox_scores'] = scores.astype(np.float32)
        truth = {'keypoints': gt_2d, 'keypoints_cam': gt_3d, 'keypoints_cam_univ': gt_3d}
        truth |= {'keypoints_visible': ones, 'keypoints_3d_valid': ones, 'keypoints_occluded': 0 * ones}
        truth['person_valid'] = np.ones(len(gt_2d), np.float32)
        names = {'img_id': image, 'seq_name': f'TS{sequence + 1}'}
        samples.append({**names, 'pred_instances': found, 'gt_instances': truth})
    return samples


def registered(samples: Sequence[dict]) -> np.ndarray:
    """(6,) totals of PCK, PCKabs and AUCrel, all and matched, from one evaluator, an image at a time."""
    metrics = [PCK(), PCKabs(), AUCrel()]
    evaluator = Evaluator(metrics)
    for sample in samples:
        evaluator.process([sample])
    scores = evaluator.evaluate(len(samples))
    return np.array([scores[f'{metric.prefix}/{mode}'] for mode in ('all', 'matched') for metric in metrics])


def bench_registered() -> Row:
    """The same from data samples, through the registered metrics, with tables and curves."""
    data = make_mupots(np.random.default_rng(0))
    lists = [[people.tolist() for people in frames] for frames in data[:5] if frames is not data.scores]
    samples = data_samples(data)
    # A test run does not hold all samples: their number must not weigh on the collection of garbage.
    gc.freeze()
    MMLogger.get_current_instance().setLevel('ERROR')
    name = 'the same as registered metrics, an image at a time'
    loops = partial(plain_loops.official, *lists, data.sequence.tolist())
    return measure(name, partial(registered, samples), lambda: loops()[:, -1])


def bench_root_ap() -> Row:
    """AP25root."""
    data = make_mupots(np.random.default_rng(1))
    roots, gt_roots = ([people[:, ROOT].tolist() for people in frames] for frames in (data.pred_3d, data.gt_3d))
    scores = [scores.tolist() for scores in data.scores]
    return measure(
        'AP25root: MuPoTS-3D, 8370 frames',
        partial(root_ap, data),
        partial(plain_loops.root_ap, roots, scores, gt_roots),
    )


def bench_release() -> Row:
    """Shape matching, the ported bone map and PCK."""
    data = make_mupots(np.random.default_rng(2))
    pred, gt = ([people.astype(np.float64) for people in frames] for frames in (data.pred_3d, data.gt_3d))
    loops = partial(plain_loops.release, pred, gt, data.sequence.tolist())
    return measure('release protocol: MuPoTS-3D, 8370 frames', partial(release, data), loops)


def bench_joint_f1(loop_frames: int = 12) -> Row:
    """F1 at three radii of 30 people a frame."""
    rng = np.random.default_rng(3)
    gt = [people * [8, 1, 8] for people in np.split(random_people(rng, JTA_FRAMES * JTA_PEOPLE, 14), JTA_FRAMES)]
    pred = [people + rng.normal(0, 400, people.shape) for people in gt]
    lists = [[people.tolist() for people in frames[:loop_frames]] for frames in (pred, gt)]

    def loops() -> np.ndarray:
        return np.array([plain_loops.joint_f1(*lists, radius) for radius in JTA_RADII])

    name = f'F1 at 0.4, 0.8, 1.2 m: JTA, {JTA_FRAMES} frames, {JTA_PEOPLE} people each'
    share = loop_frames / JTA_FRAMES
    return measure(name, partial(joint_f1, pred, gt), loops, share, lambda scores: scores[:, :loop_frames])


def bench_pa_mpjpe() -> Row:
    """PA-MPJPE of single people."""
    rng = np.random.default_rng(4)
    gt = random_people(rng, H36M_POSES).astype(np.float64)
    pred = gt + rng.normal(0, 60, gt.shape)
    name = f'PA-MPJPE: Human3.6M, {H36M_POSES} poses'
    return measure(name, lambda: pa_mpjpe(pred, gt).mean(), partial(plain_loops.pa_mpjpe, pred, gt))


BENCHMARKS = {
    'official': bench_official,
    'registered': bench_registered,
    'AP25root': bench_root_ap,
    'release': bench_release,
    'F1': bench_joint_f1,
    'PA-MPJPE': bench_pa_mpjpe,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmarks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help=f'any of {", ".join(BENCHMARKS)}; default all')
    names = parser.parse_args(arguments).names or list(BENCHMARKS)
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        parser.error(f'unknown: {", ".join(unknown)}; known are {", ".join(BENCHMARKS)}')
    if hasattr(os, 'sched_setaffinity'):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f'{"metric":60} {"seconds":>9} {"loops, s":>9} {"ratio":>7}')
    for name in names:
        row = BENCHMARKS[name]()
        note = '' if row.share == 1 else f'  loops scaled from {100 * row.share:.2g} % of the frames'
        ratio = row.loop_seconds / row.seconds
        print(f'{row.name:60} {row.seconds:9.3f} {row.loop_seconds:9.1f} {ratio:6.0f}x{note}', flush=True)


def _timed(run: Callable) -> tuple[float, object]:
    start = time.process_time()
    result = run()
    return time.process_time() - start, result


if __name__ == '__main__':
    main()

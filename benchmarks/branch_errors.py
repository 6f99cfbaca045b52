"""What the two branches get wrong on synthetic MuPoTS-3D: where the ranges of ``BranchErrors`` come from.

python benchmarks/branch_errors.py DATA_ROOT [--bottom-up CONFIG CHECKPOINT] [--lifting CONFIG CHECKPOINT]

DATA_ROOT holds what ``tools/make_synthetic.py --format mupots`` writes. The bottom-up network sees images and the 2D
poses that are there, the lifters the tracks that these 2D poses make when each is given to the person whom it shows.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from mmpose.registry import MODELS

import mmp3d
from mmp3d.apis.lifters import load_lifters
from mmp3d.apis.measured_people import same_people
from mmp3d.compat.checkpoint import load_weights
from mmp3d.datasets.pose2d_file import read_pose2d_file
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.pipeline import Track, lift_tracks

ROOT = MUPOTS17.root_index
COLUMNS = ('people', 'missed', 'joints missed', 'depth bias', 'depth spread', 'within a sequence', 'size by depth')
JOINTS = ('across, seen', 'along, seen', 'across, hidden', 'along, hidden', 'score, seen', 'score, hidden')


class Person(NamedTuple):
    """One person in one frame: truth, and by branch pose (NaN: not found) and scores."""

    sequence: str
    track_id: int
    truth: np.ndarray
    hidden: np.ndarray
    poses: dict[str, np.ndarray]
    scores: dict[str, np.ndarray]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data_root')
    for name, stem in (('bottom-up', 'bu_tiny_muco'), ('lifting', 'lifting_tiny_virtual')):
        files = [f'configs/{stem}.py', f'weights/{stem}.pth']
        parser.add_argument(f'--{name}', nargs=2, metavar=('CONFIG', 'CHECKPOINT'), default=files)
    args = parser.parse_args(arguments)
    mmp3d.register_all_modules()
    torch.set_num_threads(1)
    people = list(lifted(list(seen_bottom_up(args.data_root, *args.bottom_up)), args))
    branches = ('top-down', 'bottom-up')
    rows = tuple((name, whole_errors(people, name)) for name in branches)
    print(ScoreTable('root depth: percent', ('branch', *COLUMNS), rows).to_text())
    rows = tuple((name, joint_errors(people, name)) for name in branches)
    print(ScoreTable('joints about the root: mm', ('branch', *JOINTS), rows).to_text())
    for title, value in (('hidden', lambda p: 100 * p.hidden.mean()), ('depth, m', lambda p: p.truth[ROOT, 2] / 1000)):
        print(ScoreTable(f'spread of the root depth by {title}', *spread_by(people, branches, value)).to_text())
    both = np.array([[depth_error(person, name) for name in branches] for person in people])
    both = both[np.isfinite(both).all(axis=1)]
    print(f'correlation of both depth errors: {np.corrcoef(both.T)[0, 1]:.2f}')


def seen_bottom_up(root: str, config: str, checkpoint: str) -> Iterator[tuple]:
    """Sample, camera and people of every image; the people with what the bottom-up network says about them."""
    cfg = Config.fromfile(config)
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.data_root = root
    model = MODELS.build(cfg.model).eval()
    load_weights(model, checkpoint)
    for batch in Runner.build_dataloader(cfg.test_dataloader):
        with torch.no_grad():
            samples = model.test_step(batch)
        for sample in samples:
            truth = sample.gt_instances
            found = placed(sample.pred_instances, truth, 'keypoints_cam', 'keypoint_scores')
            yield sample, Camera.from_dict(sample.metainfo['camera']), truth, found


def placed(people: InstanceData, truth: InstanceData, *fields: str) -> list[np.ndarray]:
    """Fields of the found people in the places of the true ones; NaN where nobody was found."""
    rows, columns = same_people(people, truth)
    result = []
    for name in fields:
        values = np.asarray(people[name], np.float32)
        result.append(np.full((len(truth), *values.shape[1:]), np.nan, np.float32))
        result[-1][columns] = values[rows]
    return result


def lifted(images: list[tuple], args: argparse.Namespace) -> Iterator[Person]:
    """The people of all images, with both branches."""
    networks = load_lifters(*args.lifting)
    given = read_pose2d_file(f'{args.data_root}/poses2d.json')
    names = [sample.metainfo['seq_name'] for sample, *_ in images]
    for name in dict.fromkeys(names):
        frames = [image for image, own in zip(images, names, strict=True) if own == name]
        tracks: dict[int, list] = {}
        for number, (sample, _, truth, _) in enumerate(frames):
            path = '/'.join(sample.metainfo['img_path'].split('/')[-2:])
            keypoints, scores = given[path]
            people = InstanceData(keypoints=keypoints, keypoint_scores=scores)
            for track_id, points, confidences in zip(
                truth.track_ids, *placed(people, truth, 'keypoints', 'keypoint_scores'), strict=True
            ):
                if np.isfinite(confidences).all():
                    tracks.setdefault(int(track_id), []).append((number, points, confidences))
        built = [Track(track_id, *map(np.array, zip(*rows, strict=True))) for track_id, rows in tracks.items()]
        results = {track.track_id: track for track in lift_tracks(built, frames[0][1], networks)}
        yield from people_of(name, frames, tracks, results)


def people_of(name: str, frames: list[tuple], tracks: dict[int, list], results: dict) -> Iterator[Person]:
    """The people of a sequence's frames; the top-down branch has those of whom a 2D pose was given."""
    seen = {(track_id, number) for track_id, rows in tracks.items() for number, *_ in rows}
    for number, (_, _, truth, (poses, scores)) in enumerate(frames):
        hidden = (truth.keypoints_visible <= 0) | (truth.keypoints_occluded > 0)
        for row, track_id in enumerate(truth.track_ids.tolist()):
            if not (truth.keypoints_3d_valid[row] > 0).all():
                continue
            pose, score = np.full((17, 3), np.nan), np.full(17, np.nan)
            if (track_id, number) in seen:
                place = number - results[track_id].frame_ids[0]
                pose, score = results[track_id].keypoints_cam[place], results[track_id].keypoint_scores[place]
            yield Person(
                name,
                track_id,
                truth.keypoints_cam[row],
                hidden[row],
                {'top-down': pose, 'bottom-up': poses[row]},
                {'top-down': score, 'bottom-up': scores[row]},
            )


def depth_error(person: Person, branch: str) -> float:
    """Logarithm of found over true root depth."""
    depth = person.poses[branch][ROOT, 2]
    return float(np.log(depth / person.truth[ROOT, 2])) if depth > 0 else np.nan


def whole_errors(people: list[Person], branch: str) -> tuple[float, ...]:
    """Misses, and errors of root depth and size."""
    found = [person for person in people if np.isfinite(person.poses[branch][ROOT, 2])]
    errors = np.array([depth_error(person, branch) for person in found])
    scores = np.stack([person.scores[branch] for person in found])
    keys = [(person.sequence, person.track_id) for person in found]
    within = [errors[[own == key for own in keys]].std() for key in dict.fromkeys(keys)]
    sizes = [np.log(size_of(person.poses[branch]) / size_of(person.truth)) for person in found]
    slope = np.polyfit(errors, sizes, 1)[0]
    missed = 1 - len(found) / len(people)
    shares = (missed, (scores <= 0).mean(), errors.mean(), errors.std(), np.sqrt(np.square(within).mean()))
    return len(people), *(100 * share for share in shares), slope


def size_of(pose: np.ndarray) -> float:
    """Spread of a pose across the optical axis, mm."""
    return float(np.sqrt(np.square(pose[:, :2] - pose[:, :2].mean(axis=0)).sum(axis=1).mean()))


def joint_errors(people: list[Person], branch: str) -> tuple[float, ...]:
    """Root mean square errors about the root, and mean scores, of joints that are seen and hidden."""
    found = [person for person in people if np.isfinite(person.poses[branch][ROOT, 2])]
    poses, truths = (np.stack([pose - pose[ROOT] for pose in each]) for each in (
        [person.poses[branch] for person in found], [person.truth for person in found]))  # fmt: skip
    scores, hidden = np.stack([p.scores[branch] for p in found]), np.stack([p.hidden for p in found])
    others = np.arange(len(MUPOTS17.joint_names)) != ROOT
    squares = np.square(poses - truths)
    numbers = []
    for chosen in (~hidden, hidden):
        known = squares[chosen & others & (scores > 0)]
        numbers += [np.sqrt(known[:, :2].mean()), np.sqrt(known[:, 2].mean())]
    return (*numbers, *(scores[chosen & (scores > 0)].mean() for chosen in (~hidden, hidden)))


def spread_by(people: list[Person], branches: Sequence[str], value) -> tuple[tuple, tuple]:
    """Columns and rows of a table: bias and spread in percent, by fifths of a quantity."""
    values = np.array([value(person) for person in people])
    edges = np.quantile(values, np.linspace(0, 1, 6))
    rows = []
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        inside = [person for person, own in zip(people, values, strict=True) if low <= own <= high]
        numbers = []
        for branch in branches:
            errors = np.array([depth_error(person, branch) for person in inside])
            errors = 100 * errors[np.isfinite(errors)]
            numbers += [errors.mean(), errors.std()] if len(errors) else [np.nan, np.nan]
        rows.append((f'{low:.1f} to {high:.1f}', numbers))
    return ('', *(f'{branch} {kind}' for branch in branches for kind in ('bias', 'spread'))), tuple(rows)


if __name__ == '__main__':
    main()

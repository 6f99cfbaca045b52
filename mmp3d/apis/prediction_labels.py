"""Pseudo-labels from a prediction file: the whole system, or any other method that writes one, as the teacher.

Shapes: F frames of a track, K joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mmp3d.datasets.pseudo_labels import LABELS, load_labels, save_labels
from mmp3d.datasets.track_clips import TrackColumns, clips_of_tracks
from mmp3d.evaluation.predictions import iterate_predictions
from mmp3d.geometry import Camera
from mmp3d.version import __version__

# A person who is away for longer than this many frames is another track.
LONGEST_GAP = 5
Tracks = dict[int, dict[int, dict[str, np.ndarray]]]


def write_prediction_labels(
    predictions: str | Path, out: str | Path, clip_length: int, overwrite: bool = False
) -> dict:
    """Cut the people of a prediction file into clips and write them as pseudo-labels, with their confidences.

    A joint that is not finite, or not in the file, has the score 0. A gap of up to ``LONGEST_GAP`` frames repeats the
    pose before, at score 0.

    Args:
        predictions: ``*.json`` or ``*.json.gz``, see ``docs/predictions.md``; with ``track_ids`` and cameras.
        out: ``*.npz``.
        clip_length: Frames of a clip.
        overwrite: Replace a file of other labels.

    Returns:
        The header of the file.

    Raises:
        FileNotFoundError: There are no predictions.
        ValueError: The file is damaged, an image in it has no camera, sequence, frame or track ids, nobody is in it, or
            there is another file under the name of ``out``.
    """
    out = Path(out)
    digest = hashlib.sha256(Path(predictions).read_bytes()).hexdigest() if Path(predictions).is_file() else ''
    header = dict(teacher=digest, config=f'clip_length={clip_length}', mmp3d_version=__version__)
    if digest and out.exists() and LABELS.holds(out, header, overwrite):
        return load_labels(out)[0]
    parts = [clips_of_tracks(list(_tracks(people)), clip_length) for people in _sequences(predictions).values()]
    parts = [part for part in parts if part[0]]
    if not parts:
        raise ValueError(f'{predictions}: nobody is in it; no labels')
    columns = {name: np.concatenate([own[name] for own, _ in parts]) for name in parts[0][0]}
    counts = np.concatenate([np.diff(offsets) for _, offsets in parts])
    save_labels(out, header, columns, np.concatenate([[0], np.cumsum(counts)]))
    return load_labels(out)[0]


def _sequences(predictions: str | Path) -> dict[str, Tracks]:
    """Sequence to track to frame to a person's columns."""
    found: dict[str, Tracks] = defaultdict(lambda: defaultdict(dict))
    for image in iterate_predictions(predictions):
        people = image['instances']
        if not len(people['keypoints']):
            continue
        where = f'{predictions}: image {image["img_id"]}, sequence {image["seq_name"]}, frame {image["frame_id"]}'
        missing = [name for name in ('seq_name', 'frame_id', 'camera') if image[name] is None]
        if missing or 'track_ids' not in people or (people['track_ids'] < 0).any():
            raise ValueError(
                f'{where}: labels need {missing or "track_ids of everybody"}; tools/test.py writes them with a config '
                'of the whole system, configs/tdbu_tiny_mupots.py for example'
            )
        for number, track in enumerate(people['track_ids'].tolist()):
            found[image['seq_name']][track][image['frame_id']] = _person(people, number, image['camera'])
    return found


def _person(people: dict[str, np.ndarray], number: int, camera: Camera | dict) -> dict[str, np.ndarray]:
    camera = camera if isinstance(camera, Camera) else Camera.from_dict(camera)
    rays, poses = camera.normalize(people['keypoints'][number]), people['keypoints_cam'][number]
    scores = people['keypoint_scores'][number] if 'keypoint_scores' in people else np.ones(len(rays), np.float32)
    found = np.isfinite(rays).all(axis=-1) & np.isfinite(poses).all(axis=-1)
    return dict(
        keypoints_norm=np.where(found[:, None], rays, 0).astype(np.float32),
        keypoint_scores=np.where(found, np.clip(scores, 0, 1), 0).astype(np.float32),
        keypoints_cam=poses.astype(np.float32),
    )


def _tracks(people: Tracks) -> Iterator[TrackColumns]:
    """The tracks of a sequence; frames in which a pose is not finite do not count."""
    for frames in people.values():
        numbers = np.array(sorted(n for n, person in frames.items() if np.isfinite(person['keypoints_cam']).all()))
        for own in np.split(numbers, np.flatnonzero(np.diff(numbers) > LONGEST_GAP + 1) + 1):
            if not len(own):
                continue
            every = np.arange(own[0], own[-1] + 1)
            before = own[np.searchsorted(own, every, side='right') - 1]
            columns = {name: np.stack([frames[n][name] for n in before.tolist()]) for name in frames[int(own[0])]}
            columns['keypoint_scores'] = columns['keypoint_scores'] * (before == every)[:, None]
            yield TrackColumns(every, columns)

"""Sequences of a multi-person data set: an item is a clip, people are rows by identity.

Shapes: T frames of a clip, P people of the clip, K = 17 joints. Pixels of the full image, millimetres in the camera
frame.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, force_full_init
from mmpose.registry import DATASETS

from mmp3d.datasets.base import MultiPersonDataset
from mmp3d.datasets.seeded_items import SeededItems
from mmp3d.datasets.table import PERSON_KEYS

IMAGE_KEYS = ('img_id', 'frame_id')
CLIP_KEYS = ('seq_name', 'dataset_name', 'flip_indices', 'joints_annotated', 'action', 'subject', 'camera_id')
ROW_KEYS = tuple(key for key in PERSON_KEYS if key != 'track_ids')


@DATASETS.register_module()
class ClipDataset(SeededItems, BaseDataset):
    """Clips of consecutive frames of any data set whose people have identities.

    A clip never spans two sequences or a gap: its frames are ``frame_stride`` of the data set apart. An item before the
    transforms holds

    - of the clip: ``seq_name, dataset_name, flip_indices, joints_annotated, test_mode, sample_idx`` and, where the data
      set has them, ``action, subject, camera_id``; ``img_shape (h, w)``;
    - of each frame: ``img_ids (T,), frame_ids (T,)``, lists ``img_paths`` and ``cameras`` of T entries;
    - of each person: ``track_ids (P,)``, ascending;
    - of each person in each frame: ``present (T, P)`` (1: annotated there), and, zero where not present,
      ``keypoints (T, P, K, 2), keypoints_visible, keypoints_3d_valid, keypoints_occluded (T, P, K), keypoints_cam``
      and ``keypoints_cam_univ (T, P, K, 3), bbox (T, P, 4), bbox_score`` and ``person_valid (T, P)``.

    No image is read. :meth:`frames` serves the images of a clip in chunks, through the data set's own pipeline, so that
    memory does not grow with the clip's length.

    Args:
        dataset: Config of a :class:`MultiPersonDataset`, whose pipeline is that of single frames. Its frames without
            people are kept.
        clip_length: T; None: as long as the frames go on.
        clip_stride: Frames from the start of a clip to that of the next; None: ``clip_length``, no overlap.
        keep_rest: Serve the frames at the end of a sequence that do not fill a clip, as a shorter one. None: at test
            only, where every frame must be served.
        pipeline: Transforms of clips.
        test_mode: As in mmengine.
        lazy_init: Read the files only when an item or the length is asked for.

    Raises:
        ValueError: An option is not as above, people have no identity, one identity stands twice in a frame, or no clip
            is left.
    """

    def __init__(
        self,
        dataset: dict | MultiPersonDataset,
        clip_length: int | None = None,
        clip_stride: int | None = None,
        keep_rest: bool | None = None,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        for name, value in (('clip_length', clip_length), ('clip_stride', clip_stride)):
            if value is not None and not (isinstance(value, int) and value >= 1):
                raise ValueError(f'{name} must be None or a whole number from 1 on, got {value!r}')
        if clip_length is None and clip_stride is not None:
            raise ValueError('clip_stride needs a clip_length')
        if isinstance(dataset, dict):
            options = {'filter_cfg': {'filter_empty': False}, 'test_mode': test_mode, 'lazy_init': True}
            dataset = DATASETS.build({**options, **dataset})
        self.dataset = dataset
        self.clip_length, self.clip_stride = clip_length, clip_stride or clip_length
        self.keep_rest = test_mode if keep_rest is None else keep_rest
        super().__init__(
            metainfo=dict(dataset.metainfo),
            serialize_data=False,
            pipeline=list(pipeline),
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

    def load_data_list(self) -> np.ndarray:
        """(clips, 2) first item of the data set, and number of frames, of each clip."""
        self.dataset.full_init()
        rows = np.asarray(self.dataset.data_list)
        self._check_identities(rows)
        clips = [clip for run in runs_of_frames(self.dataset) for clip in self._clips_of(*run)]
        if not clips:
            raise ValueError(
                f'{self.dataset.source}: no clip of {self.clip_length} frames is left; the sequences are too short, or '
                'have gaps, for this clip_length and frame_stride'
            )
        return np.array(clips, np.int64)

    @force_full_init
    def get_data_info(self, idx: int) -> dict[str, Any]:
        """The clip at ``idx`` before the transforms, in fresh arrays."""
        first, count = (int(number) for number in self.data_list[idx])
        frames = [self.dataset.get_data_info(first + frame) for frame in range(count)]
        clip = {key: frames[0][key] for key in CLIP_KEYS if key in frames[0]}
        clip.update({f'{key}s': np.array([frame[key] for frame in frames], np.int64) for key in IMAGE_KEYS})
        clip.update(
            img_shape=frames[0]['img_shape'],
            img_paths=[frame['img_path'] for frame in frames],
            cameras=[frame['camera'] for frame in frames],
            test_mode=self.test_mode,
            sample_idx=idx % len(self),
            **_people(frames),
        )
        return clip

    @force_full_init
    def frames(self, idx: int, chunk: int) -> Iterator[list[dict]]:
        """The frames of a clip as items of the data set, through its pipeline, ``chunk`` at a time.

        Raises:
            ValueError: ``chunk`` is less than 1.
        """
        if chunk < 1:
            raise ValueError(f'chunk must be a whole number from 1 on, got {chunk!r}')
        first, count = (int(number) for number in self.data_list[idx])
        return (
            [self.dataset[first + frame] for frame in range(start, min(start + chunk, count))]
            for start in range(0, count, chunk)
        )

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        # That of the data set, parsed already.
        return copy.deepcopy(metainfo or {})

    def _clips_of(self, start: int, count: int) -> list[tuple[int, int]]:
        length, stride = self.clip_length or count, self.clip_stride or count
        clips = [(start + at, length) for at in range(0, count - length + 1, stride)]
        covered = clips[-1][0] - start + length if clips else 0
        if self.keep_rest and covered < count:
            clips.append((start + covered, count - covered))
        return clips

    def _check_identities(self, rows: np.ndarray) -> None:
        annotations = self.dataset.annotations
        unknown, shared = (flags[rows] for flags in annotations.identity_defects())
        if unknown.any():
            name = annotations.images.name(rows[unknown.argmax()])
            raise ValueError(
                f'{self.dataset.source}: people of {name} have no identity (track_ids -1), so there are no sequences '
                'of them; MuPoTS-3D and 3DPW have identities in their official layout'
            )
        if shared.any():
            name = annotations.images.name(rows[shared.argmax()])
            raise ValueError(f'{self.dataset.source}: two people of {name} have one identity')


def runs_of_frames(dataset: MultiPersonDataset) -> Iterator[tuple[int, int]]:
    """First item and number of items of each run of frames that follow each other in one sequence."""
    images, rows = dataset.annotations.images, np.asarray(dataset.data_list)
    names, frames = images.seq_names[rows], images.frame_ids[rows]
    breaks = (names[1:] != names[:-1]) | (np.diff(frames) != dataset.frame_stride)
    borders = np.concatenate([[0], np.flatnonzero(breaks) + 1, [len(rows)]])
    return ((int(start), int(end - start)) for start, end in zip(borders[:-1], borders[1:], strict=True))


def _people(frames: Sequence[dict[str, Any]]) -> dict[str, np.ndarray]:
    """The people of all frames, by identity."""
    tracks = np.unique(np.concatenate([frame['track_ids'] for frame in frames]))
    places = [np.searchsorted(tracks, frame['track_ids']) for frame in frames]
    present = np.zeros((len(frames), len(tracks)), np.float32)
    people = {'track_ids': tracks, 'present': present}
    for key in ROW_KEYS:
        people[key] = np.zeros((len(frames), len(tracks), *frames[0][key].shape[1:]), np.float32)
    for number, (frame, place) in enumerate(zip(frames, places, strict=True)):
        present[number, place] = 1
        for key in ROW_KEYS:
            people[key][number, place] = frame[key]
    return people

"""Turns annotated images and clips into what the lifters are trained on.

Shapes: P people, T frames, K = 17 joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from mmp3d.geometry import Camera
from mmp3d.synthetic.clip_noise import ClipNoise, TrueClips, observe
from mmp3d.synthetic.counter_random import CounterRandom, keys_of

PEOPLE_KEYS = (
    'keypoints', 'keypoints_visible', 'keypoints_occluded', 'keypoints_cam', 'keypoints_3d_valid', 'person_valid'
)  # fmt: skip


@TRANSFORMS.register_module()
class PackPoseClip(BaseTransform):
    """A clip of ``ClipDataset``, or an image as a clip of one frame, in the keys of ``VirtualPoseDataset``.

    Args:
        noise: Fields of :class:`~mmp3d.synthetic.clip_noise.ClipNoise`: the 2D poses are what such a detector finds of
            the annotated ones. None: they are the annotated ones, at score 1.
        fps: Frames a second, for errors that last.
        one_person: Take one person at random, and leave out the axis of people; else everybody is there.
        repeat: A single image is this many frames long: a person who stands still, for temporal nets on data sets
            without video.
        max_people: Places for people, so that items of different images stack: of an image with more, the first ones
            are served, and empty places have ``person_valid (max_people,)`` 0. None: as many as there are.
        assume_camera: An image without a camera gets an assumed one (``Camera.assumed``): for 2D data sets.

    Raises:
        ValueError: ``max_people`` is less than 1, or given with ``one_person``.
    """

    def __init__(
        self,
        noise: dict | None = None,
        fps: float = 50.0,
        one_person: bool = True,
        repeat: int = 1,
        max_people: int | None = None,
        assume_camera: bool = False,
    ) -> None:
        super().__init__()
        if max_people is not None and (one_person or max_people < 1):
            raise ValueError(f'max_people: expected 1 or more, and one_person=False, got {max_people!r}')
        self.noise = None if noise is None else ClipNoise(**noise)
        self.fps, self.one_person, self.repeat = fps, one_person, repeat
        self.max_people, self.assume_camera = max_people, assume_camera

    def transform(self, results: dict) -> dict[str, torch.Tensor]:
        """Stackable tensors: those that :class:`PoseClipPreprocessor` reads.

        Raises:
            ValueError: The item has no camera, or nobody in it.
        """
        people, cameras, size = self._people(results)
        if any(camera is None for camera in cameras) or not people['keypoints'].shape[0]:
            name = results.get('img_path') or results.get('seq_name')
            raise ValueError(
                f'{name}: a clip for lifting needs a camera and a person; choose a data set with 3D, and '
                'filter_cfg=dict(filter_empty=True)'
            )
        if self.one_person:
            chosen = np.random.randint(len(people['keypoints']))
            people = {key: values[chosen : chosen + 1] for key, values in people.items()}
        keypoints, scores = self._found(people, cameras, size)
        norm = np.zeros_like(keypoints)
        for camera, frames in _frames_by_camera(cameras):
            norm[:, frames] = camera.normalize(keypoints[:, frames])
        scores[~np.isfinite(norm).all(axis=-1)] = 0
        packed = dict(
            keypoints=keypoints,
            keypoint_scores=scores,
            keypoints_norm=np.where(scores[..., None] > 0, norm, 0),
            keypoints_cam=people['keypoints_cam'],
            keypoints_3d_valid=people['keypoints_3d_valid'] * people['person_valid'][..., None],
        )
        if self.max_people is not None:
            packed = self._in_places(packed)
        return {
            key: torch.from_numpy(np.ascontiguousarray(values[0] if self.one_person else values, np.float32))
            for key, values in packed.items()
        }

    def _in_places(self, packed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """(P, ...) people in ``max_people`` places, and which places somebody is in."""
        count = min(len(packed['keypoints']), self.max_people)
        empty = self.max_people - count
        placed = {
            key: np.pad(values[:count], [(0, empty), *[(0, 0)] * (values.ndim - 1)]) for key, values in packed.items()
        }
        return {**placed, 'person_valid': (np.arange(self.max_people) < count).astype(np.float32)}

    def _people(self, results: dict) -> tuple[dict[str, np.ndarray], list[Camera | None], tuple[int, int]]:
        """(P, T, ...) arrays by key, T cameras, and (width, height)."""
        if 'cameras' in results:
            people = {key: np.swapaxes(results[key], 0, 1) for key in PEOPLE_KEYS}
            cameras = list(results['cameras'])
        else:
            people = {key: np.repeat(results[key][:, None], self.repeat, axis=1) for key in PEOPLE_KEYS}
            cameras = [results['camera']] * self.repeat
        height, width = results['img_shape'][:2]
        if self.assume_camera:
            cameras = [Camera.assumed((width, height)) if camera is None else camera for camera in cameras]
        return people, cameras, (width, height)

    def _found(self, people: dict[str, Any], cameras: list[Camera], size: tuple[int, int]) -> tuple:
        """(P, T, K, 2) px and (P, T, K) scores of what the detector finds."""
        keypoints = people['keypoints'].astype(np.float32)
        labelled = people['keypoints_visible'] > 0
        inside = labelled & ((keypoints >= 0) & (keypoints <= np.array(size) - 1)).all(axis=-1)
        if self.noise is None:
            return keypoints, labelled.astype(np.float32)
        count = len(keypoints)
        streams = CounterRandom(keys_of(np.random.randint(2**31), np.arange(count + 1)))
        clips = TrueClips(
            keypoints=keypoints,
            keypoints_cam=np.where(people['keypoints_3d_valid'][..., None] > 0, people['keypoints_cam'], 1.0),
            inside=inside,
            occluded=people['keypoints_occluded'] > 0,
            focal=np.full(count, cameras[0].focal, np.float32),
            rows=np.arange(count)[:, None],
        )
        return observe(streams.fork(0, np.arange(count)), streams.fork(1, [count]), clips, self.noise, self.fps)


def _frames_by_camera(cameras: list[Camera]) -> list[tuple[Camera, list[int]]]:
    """The different cameras, with the frames of each."""
    groups: dict[bytes, tuple[Camera, list[int]]] = {}
    for frame, camera in enumerate(cameras):
        lens = b'' if camera.distortion is None else camera.distortion.tobytes()
        groups.setdefault(camera.K.tobytes() + lens, (camera, []))[1].append(frame)
    return list(groups.values())

"""Draws clips of people before virtual cameras, with what a 2D detector would find, as stacked arrays.

Shapes: B clips, N people, T frames, K = 17 MuPoTS-17 joints. Pixels; millimetres in the camera frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mmp3d.geometry.skeleton import MUPOTS17
from mmp3d.synthetic.clip_noise import ClipNoise, TrueClips, observe
from mmp3d.synthetic.counter_random import CounterRandom
from mmp3d.synthetic.motion_bank import MotionBank
from mmp3d.synthetic.motion_clips import MotionVariation
from mmp3d.synthetic.virtual_camera import CameraRanges
from mmp3d.synthetic.virtual_occlusion import occluded_joints
from mmp3d.synthetic.virtual_scene import Scenes, SceneVariation, draw_scenes

_SCENE_NOISE_TAG, _PERSON_NOISE_TAG = 6000, 7000


@dataclass(frozen=True)
class ClipRecipe:
    """All that clips depend on, apart from motions and random numbers.

    Args:
        num_frames: T.
        fps: Frames a second.
        cameras, scene, motion, noise: Ranges of each.
        self_occlusion: Whether joints behind the own body count as occluded.
    """

    num_frames: int = 1
    fps: float = 30.0
    cameras: CameraRanges = field(default_factory=CameraRanges)
    scene: SceneVariation = field(default_factory=SceneVariation)
    motion: MotionVariation = field(default_factory=MotionVariation)
    noise: ClipNoise = field(default_factory=ClipNoise)
    self_occlusion: bool = True


def draw_virtual_clips(random: CounterRandom, bank: MotionBank, recipe: ClipRecipe) -> dict[str, np.ndarray]:
    """Draw one clip for each stream of ``random``.

    Returns:
        Fields as :class:`~mmp3d.datasets.virtual_pose.VirtualPoseDataset` lists them: (B, N, ...) of people, (B, ...)
        of cameras. N is the greatest number of people, and empty places hold zeros.
    """
    scenes = draw_scenes(random, bank, recipe.num_frames, recipe.fps, recipe.cameras, recipe.scene, recipe.motion)
    corner = scenes.cameras.image_size[scenes.scenes][:, None, None] - 1
    within = (scenes.keypoints >= 0) & (scenes.keypoints <= corner)
    # Here and in what this calls: numpy reduces so short an axis many times slower than it takes the two by name.
    inside = within[..., 0] & within[..., 1]
    occluded = occluded_joints(scenes, recipe.self_occlusion)
    clips = TrueClips(scenes.keypoints, scenes.keypoints_cam, inside, occluded, scenes.focal, scenes.rows)
    people = CounterRandom.joined(
        [random.fork(_PERSON_NOISE_TAG + place, np.flatnonzero(row >= 0)) for place, row in enumerate(scenes.rows)]
    )
    keypoints, scores = observe(people, random.fork(_SCENE_NOISE_TAG), clips, recipe.noise, recipe.fps)
    fields = {**_of_people(scenes, clips), 'keypoints': keypoints, 'keypoint_scores': scores}
    fields['keypoints_norm'] = _rays(scenes, keypoints, scores)
    rows = scenes.rows[:-1].T
    present = rows >= 0
    placed = {key: _in_places(values, rows, present) for key, values in fields.items()}
    placed['person_valid'] = present.astype(np.float32)
    placed['motion_ids'] = np.where(present, scenes.motions[np.maximum(rows, 0)], -1)
    placed['track_ids'] = np.where(present, np.arange(rows.shape[1]), -1)
    return {**placed, **_of_cameras(scenes)}


def _of_people(scenes: Scenes, clips: TrueClips) -> dict[str, np.ndarray]:
    """Fields of the P people, occluders too."""
    root = scenes.keypoints_cam[:, :, MUPOTS17.root_index]
    valid = scenes.frame_valid.astype(np.float32)
    return dict(
        keypoints_gt=scenes.keypoints,
        keypoints_visible=clips.inside.astype(np.float32),
        keypoints_occluded=clips.occluded.astype(np.float32),
        keypoints_cam=scenes.keypoints_cam,
        keypoints_3d=scenes.keypoints_cam - root[:, :, None],
        keypoints_3d_valid=np.repeat(valid[..., None], MUPOTS17.num_joints, axis=-1),
        root_cam=root,
        root_depth_norm=root[..., 2] / scenes.focal[:, None],
        frame_valid=valid,
    )


def _rays(scenes: Scenes, keypoints: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(P, T, K, 2) pixels with K^-1 applied, 0 where the score is 0."""
    centre = scenes.cameras.centre[scenes.scenes][:, None, None]
    return (keypoints - centre) / scenes.focal[:, None, None, None] * (scores > 0)[..., None]


def _in_places(values: np.ndarray, rows: np.ndarray, present: np.ndarray) -> np.ndarray:
    """(P, ...) values by person to (B, N, ...) by scene and place."""
    placed = values[np.maximum(rows, 0)]
    placed[~present] = 0
    return placed


def _of_cameras(scenes: Scenes) -> dict[str, np.ndarray]:
    cameras = scenes.cameras
    return dict(
        K=cameras.K,
        R=cameras.R,
        t=cameras.R[:, :, 1] * cameras.height[:, None],
        image_size=cameras.image_size,
    )

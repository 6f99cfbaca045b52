"""A clip of two people who walk past each other, the nearer one hiding the other for a while.

World frame y down; millimetres, seconds. Pixels of the full image.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmp3d.geometry import Camera
from mmp3d.synthetic.body import sample_appearance, sample_body
from mmp3d.synthetic.clip import clip_times, video_of
from mmp3d.synthetic.files import write_json
from mmp3d.synthetic.motion import sample_motion
from mmp3d.synthetic.path import Path as Way
from mmp3d.synthetic.person import Person
from mmp3d.synthetic.picture import PictureMaker
from mmp3d.synthetic.poses2d import detection_record, write_poses2d
from mmp3d.synthetic.recipe import Recipe
from mmp3d.synthetic.scene import Scene, sample_lamp

FPS = 25.0
CAMERA_HEIGHT = 1000.0
# Where they meet on the camera's axis, and which way they go.
MEETINGS = ((3600.0, np.pi / 2), (4700.0, -np.pi / 2))
VIDEO, POSES, CAMERA, TRUTH = 'crossing.mp4', 'poses2d.json', 'camera.json', 'truth.npz'


def crossing_scene(rng: np.random.Generator, size: tuple[int, int]) -> Scene:
    """Two people who pass each other before the camera at t = 0."""
    camera = Camera.from_fov(60, size)
    camera = Camera(camera.K, size, R=np.eye(3), t=np.array([0, CAMERA_HEIGHT, 0]), source='given')
    people = [_walker(rng, *meeting) for meeting in MEETINGS]
    return Scene(camera, people, [], sample_lamp(rng), int(rng.integers(2**31)))


def _walker(rng: np.random.Generator, depth: float, heading: float) -> Person:
    way = Way(np.array([0.0, depth]), heading)
    return Person(sample_body(rng), sample_appearance(rng, True), sample_motion(rng, 'walk', 'relaxed'), way)


def write_crossing(folder: Path, frames: int = 75, size: tuple[int, int] = (480, 270), seed: int = 0) -> Path:
    """Write the clip, its camera, simulated 2D poses by frame number, and where the people are.

    ``truth.npz`` holds ``keypoints_cam`` (T, 2, 21, 3) mm in the camera frame, MuCo joints.

    Returns:
        The video.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    recipe = Recipe('mupots', units=1, seed=seed, frames=frames, size=size, video=True)
    scene = crossing_scene(rng, size)
    maker = PictureMaker(scene, clip_times(recipe, FPS))
    records, truth = [], []
    with video_of(recipe, folder / VIDEO, FPS) as record:
        for frame in range(frames):
            picture, annotation = maker.draw(frame)
            record(picture)
            people = detection_record(rng, '', annotation, size)['people']
            records.append(dict(frame_id=frame, people=people))
            truth.append(annotation.keypoints_cam)
    write_poses2d(folder, recipe, records)
    write_json(folder / CAMERA, scene.camera.to_dict())
    np.savez(folder / TRUTH, keypoints_cam=np.array(truth, np.float32))
    return folder / VIDEO

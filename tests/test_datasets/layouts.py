"""Tiny data sets on disk with known content, in the layouts of JTA, 3DPW and Human3.6M."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from mmp3d.geometry import H36M17, Camera, jta_camera
from mmp3d.geometry.dataset_cameras import pw3d_camera
from tests.test_datasets.scenes import write_image

PW3D_SIZE = (108, 192)
PW3D_K = np.array([[196.0, 0, 54], [0, 196, 96], [0, 0, 1]])
H36M_SIZE = (100, 102)
H36M_MOTION = {(2, 1): 4, (2, 2): 3, (10, 2): 2}


def body(joints: int, depth: float, seed: int, spread: float = 0.15) -> np.ndarray:
    """(joints, 3) mm before the camera, well inside of its image."""
    generator = np.random.default_rng(seed)
    points = generator.uniform(-spread, spread, (joints, 3)) * depth
    points[:, 2] = depth * generator.uniform(0.95, 1.05, joints)
    return points


def jta_rows(frames: int, people: int, camera: Camera | None = None) -> list[list]:
    """Rows of a JTA sequence: person ``7 + n`` at ``5 + n`` metres; joint 3 of everybody is occluded by something."""
    rows = []
    for frame in range(1, frames + 1):
        for number in range(people):
            points = body(22, 5000.0 + 1000 * number, 100 * frame + number)
            pixels = (camera or jta_camera()).project(points)
            rows += [
                [frame, 7 + number, joint, *pixels[joint].tolist(), *(points[joint] / 1000).tolist(), int(joint == 3),
                 int(joint == 5)] for joint in range(22)
            ]  # fmt: skip
    return rows


def write_jta(root: Path, sequences: Mapping[int, list], split: str = 'train', images: int = 0) -> Path:
    """Write the files of sequences given as rows, and the first ``images`` frames of each."""
    folder = root / 'annotations' / split
    folder.mkdir(parents=True, exist_ok=True)
    for number, rows in sequences.items():
        (folder / f'seq_{number}.json').write_text(json.dumps(rows))
        for frame in range(1, images + 1):
            write_image(root / 'frames' / split / f'seq_{number}' / f'{frame}.jpg', jta_camera().image_size)
    return root


def pw3d_camera_poses(frames: int) -> np.ndarray:
    """(T, 4, 4) world to camera, metres; the camera turns and walks."""
    poses = np.tile(np.eye(4), (frames, 1, 1))
    poses[:, :3, :3] = Rotation.from_euler('yx', [[0.1 * frame, 0.02 * frame] for frame in range(frames)]).as_matrix()
    poses[:, :3, 3] = [[0.3 * frame, 0.1, 0.2] for frame in range(frames)]
    return poses


def pw3d_content(frames: int = 4, people: int = 2) -> dict:
    """What the pickle of a sequence holds; the people of a frame are ``body(24, 3000 + 500 n, 10 frame + n)``."""
    poses = pw3d_camera_poses(frames)
    world = np.zeros((people, frames, 72))
    for person, frame in np.ndindex(people, frames):
        camera = pw3d_camera(PW3D_K, poses[frame], PW3D_SIZE)
        points = body(24, 3000.0 + 500 * person, 10 * frame + person)
        world[person, frame] = (camera.camera_to_world(points) / 1000).ravel()
    return {
        'sequence': 'downtown_walk_00',
        'jointPositions': list(world),
        'cam_poses': poses,
        'cam_intrinsics': PW3D_K,
        'campose_valid': [np.ones(frames, int) for _ in range(people)],
        'genders': ['m'] * people,
        'poses2d': [np.zeros((frames, 3, 18)) for _ in range(people)],
        'img_frame_ids': np.arange(frames) * 2,
    }


def write_pw3d(root: Path, sequences: Mapping[str, dict], split: str = 'test', images: bool = True) -> Path:
    """Write sequences given as contents of their pickles, in the form that Python 2 could read."""
    folder = root / 'sequenceFiles' / split
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in sequences.items():
        (folder / f'{name}.pkl').write_bytes(pickle.dumps(content, protocol=2))
        for frame in range(len(content['cam_poses']) if images else 0):
            write_image(root / 'imageFiles' / name / f'image_{frame:05d}.jpg', PW3D_SIZE)
    return root


def h36m_cameras() -> dict[int, Camera]:
    """Cameras 1 to 4 around the studio, looking at its middle from 5 m away, z of the world upwards."""
    cameras = {}
    for number in range(1, 5):
        angle = np.pi / 2 * number
        forward = -np.array([np.cos(angle), np.sin(angle), 0])
        down = np.array([0.0, 0, -1])
        R = np.stack([np.cross(down, forward), down, forward])
        place = np.array([0, 0, 1000.0]) - 5000 * forward
        cameras[number] = Camera.from_intrinsics((115, 114), (51, 50), H36M_SIZE, R=R, t=-R @ place)
    return cameras


def h36m_pose(action: int, take: int, frame: int) -> np.ndarray:
    """(17, 3) mm in the world."""
    generator = np.random.default_rng([action, take, frame])
    return np.array([0, 0, 1000]) + generator.uniform(-800, 800, (H36M17.num_joints, 3))


def h36m_content(subject: int, motion: Mapping[tuple, int] | None = None) -> dict[str, dict]:
    """Contents of the three JSON files of a subject; ``motion`` maps (action, take) to its number of frames."""
    images, poses = [], {}
    for (action, take), frames in (motion or H36M_MOTION).items():
        for camera, frame in np.ndindex(4, frames):
            name = f's_{subject:02d}_act_{action:02d}_subact_{take:02d}_ca_{camera + 1:02d}'
            images.append(
                {'id': len(images), 'file_name': f'{name}/{name}_{frame + 1:06d}.jpg', 'width': H36M_SIZE[0],
                 'height': H36M_SIZE[1], 'subject': subject, 'action_name': 'Directions' if action == 2 else 'Sitting',
                 'action_idx': action, 'subaction_idx': take, 'cam_idx': camera + 1, 'frame_idx': frame}
            )  # fmt: skip
            poses.setdefault(str(action), {}).setdefault(str(take), {})[str(frame)] = h36m_pose(
                action, take, frame
            ).tolist()
    annotations = [
        {'id': image['id'], 'image_id': image['id'], 'bbox': [10, 10, 60, 80], 'keypoints_vis': [True] * 17}
        for image in images
    ]
    cameras = {
        str(number): {'R': each.R.tolist(), 't': each.t.tolist(), 'f': [115, 114], 'c': [51, 50]}
        for number, each in h36m_cameras().items()
    }
    return {'data': {'images': images, 'annotations': annotations}, 'camera': cameras, 'joint_3d': poses}


def write_h36m(root: Path, subjects: Mapping[int, dict], images: bool = False) -> Path:
    """Write subjects given as contents of their JSON files."""
    folder = root / 'annotations'
    folder.mkdir(parents=True, exist_ok=True)
    for subject, content in subjects.items():
        for kind, value in content.items():
            (folder / f'Human36M_subject{subject}_{kind}.json').write_text(json.dumps(value))
        for image in content['data']['images'] if images else ():
            write_image(root / 'images' / image['file_name'], H36M_SIZE)
    return root

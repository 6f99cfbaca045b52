"""Cameras and joint sets: pure functions and small value types, no torch, no files."""

from mmp3d.geometry.camera import Camera
from mmp3d.geometry.chains import bones_up_to_root
from mmp3d.geometry.dataset_cameras import h36m_camera, h36m_release_camera, jta_camera, pw3d_camera
from mmp3d.geometry.depth import metric_depth, normalize_depth
from mmp3d.geometry.occlusion import hidden_behind_people, hidden_behind_person, hidden_behind_self
from mmp3d.geometry.skeleton import (
    COCO17,
    H36M17,
    H36M32,
    HALPE26,
    JTA14,
    JTA22,
    LSP14,
    MUCO21,
    MUPOTS17,
    OPENPOSE18,
    OPENPOSE25,
    PANOPTIC19,
    SKELETONS,
    SMPL24,
    Skeleton,
)

__all__ = [
    'COCO17',
    'H36M17',
    'H36M32',
    'HALPE26',
    'JTA14',
    'JTA22',
    'LSP14',
    'MUCO21',
    'MUPOTS17',
    'OPENPOSE18',
    'OPENPOSE25',
    'PANOPTIC19',
    'SKELETONS',
    'SMPL24',
    'Camera',
    'Skeleton',
    'bones_up_to_root',
    'h36m_camera',
    'h36m_release_camera',
    'hidden_behind_people',
    'hidden_behind_person',
    'hidden_behind_self',
    'jta_camera',
    'metric_depth',
    'normalize_depth',
    'pw3d_camera',
]

"""Cameras and joint sets: pure functions and small value types, no torch, no files."""

from mmp3d.geometry.camera import Camera
from mmp3d.geometry.depth import metric_depth, normalize_depth
from mmp3d.geometry.occlusion import hidden_behind_people
from mmp3d.geometry.skeleton import COCO17, MUCO21, MUPOTS17, SKELETONS, Skeleton

__all__ = [
    'COCO17',
    'MUCO21',
    'MUPOTS17',
    'SKELETONS',
    'Camera',
    'Skeleton',
    'hidden_behind_people',
    'metric_depth',
    'normalize_depth',
]

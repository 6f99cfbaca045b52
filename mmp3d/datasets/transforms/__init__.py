"""Transforms of items that follow the data contract."""

from mmp3d.datasets.transforms.colour import RandomHSV
from mmp3d.datasets.transforms.input_poses import SimulateInputPoses, WarpInputPoses
from mmp3d.datasets.transforms.loading import LoadMultiPersonImage
from mmp3d.datasets.transforms.packing import PackMultiPersonInputs
from mmp3d.datasets.transforms.person_crop import PersonCrop, RandomPersonCrop
from mmp3d.datasets.transforms.pose_clips import PackPoseClip
from mmp3d.datasets.transforms.random_warp import RandomBottomUpWarp
from mmp3d.datasets.transforms.valid_region import ValidRegionMask

__all__ = [
    'LoadMultiPersonImage',
    'PackMultiPersonInputs',
    'PackPoseClip',
    'PersonCrop',
    'RandomBottomUpWarp',
    'RandomHSV',
    'RandomPersonCrop',
    'SimulateInputPoses',
    'ValidRegionMask',
    'WarpInputPoses',
]

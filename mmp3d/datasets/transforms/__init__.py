"""Transforms of items that follow the data contract."""

from mmp3d.datasets.transforms.input_poses import SimulateInputPoses, WarpInputPoses
from mmp3d.datasets.transforms.packing import PackMultiPersonInputs
from mmp3d.datasets.transforms.random_warp import RandomBottomUpWarp

__all__ = ['PackMultiPersonInputs', 'RandomBottomUpWarp', 'SimulateInputPoses', 'WarpInputPoses']

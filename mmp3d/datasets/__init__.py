"""Data sets with all people of an image in one item, and the transforms of such items."""

from mmp3d.datasets import transforms
from mmp3d.datasets.base import MultiPersonDataset
from mmp3d.datasets.coco import CocoMultiPersonDataset
from mmp3d.datasets.combined import CombinedMultiPersonDataset
from mmp3d.datasets.measured_people import MeasuredPeopleDataset
from mmp3d.datasets.muco import MuCoDataset
from mmp3d.datasets.mupots import MuPoTSDataset
from mmp3d.datasets.pose2d_file import read_pose2d_file
from mmp3d.datasets.transforms.loading import LoadMultiPersonImage

__all__ = [
    'CocoMultiPersonDataset', 'CombinedMultiPersonDataset', 'LoadMultiPersonImage', 'MeasuredPeopleDataset',
    'MuCoDataset', 'MuPoTSDataset', 'MultiPersonDataset', 'read_pose2d_file', 'transforms']  # fmt: skip

"""Data sets with all people of an image in one item, and the transforms of such items."""

from mmp3d.datasets import transforms
from mmp3d.datasets.base import MultiPersonDataset
from mmp3d.datasets.branch_pairs import BranchPairsDataset
from mmp3d.datasets.clip_batch_sampler import ClipBatchSampler
from mmp3d.datasets.clips import ClipDataset
from mmp3d.datasets.coco import CocoMultiPersonDataset
from mmp3d.datasets.combined import CombinedMultiPersonDataset
from mmp3d.datasets.fresh_index_sampler import FreshIndexSampler
from mmp3d.datasets.h36m import H36MDataset
from mmp3d.datasets.item_batch import collate_drawn_items
from mmp3d.datasets.jta import JTADataset
from mmp3d.datasets.measured_people import MeasuredPeopleDataset
from mmp3d.datasets.mpi_inf_3dhp import MPIInf3DHPDataset
from mmp3d.datasets.muco import MuCoDataset
from mmp3d.datasets.mupots import MuPoTSDataset
from mmp3d.datasets.person_boxes import PersonBoxDataset
from mmp3d.datasets.pose2d_clips import Pose2DClipDataset
from mmp3d.datasets.pose2d_file import read_pose2d_file
from mmp3d.datasets.pseudo_labels import PseudoLabelDataset
from mmp3d.datasets.pw3d import PW3DDataset
from mmp3d.datasets.resumable_sampler import ResumableSampler
from mmp3d.datasets.transforms.loading import LoadMultiPersonImage
from mmp3d.datasets.travelling_batch import collate_samples
from mmp3d.datasets.two_source import TwoSourceDataset, collate_sources
from mmp3d.datasets.virtual_pose import VirtualPoseDataset

__all__ = [
    'BranchPairsDataset', 'ClipBatchSampler', 'ClipDataset', 'CocoMultiPersonDataset',
    'CombinedMultiPersonDataset', 'FreshIndexSampler', 'H36MDataset', 'JTADataset', 'LoadMultiPersonImage',
    'MPIInf3DHPDataset', 'MeasuredPeopleDataset', 'MuCoDataset', 'MuPoTSDataset', 'MultiPersonDataset',
    'PW3DDataset', 'PersonBoxDataset', 'Pose2DClipDataset', 'PseudoLabelDataset', 'ResumableSampler',
    'TwoSourceDataset', 'VirtualPoseDataset', 'collate_drawn_items', 'collate_samples', 'collate_sources',
    'read_pose2d_file', 'transforms']  # fmt: skip

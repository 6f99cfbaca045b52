"""Networks from 2D poses to depth; they never see pixels."""

from mmp3d.models.lifters.measured_people import MeasuredPeople, RefinedPeople, TruePeople
from mmp3d.models.lifters.pose_refiner import PoseRefiner

__all__ = ['MeasuredPeople', 'PoseRefiner', 'RefinedPeople', 'TruePeople']

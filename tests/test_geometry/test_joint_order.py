"""The same joints in the order of another set."""

import pytest

from mmp3d.geometry import MUPOTS17, SKELETONS
from mmp3d.geometry.joint_order import joint_order


@pytest.mark.parametrize('joint_set', ['mupots17', 'h36m17', 'jta14'])
def test_names_stay_with_their_joints(joint_set):
    order = joint_order(joint_set)
    assert [MUPOTS17.joint_names[number] for number in order] == list(SKELETONS[joint_set].joint_names)


def test_an_unknown_set_is_named_with_those_that_are_known():
    with pytest.raises(ValueError, match=r"joint set 'mupots': expected .* of mupots17, known are \['coco17', "):
        joint_order('mupots')


def test_a_set_with_other_joints_is_refused_with_three_of_them():
    with pytest.raises(ValueError, match='left_ear, left_eye, nose beside$'):
        joint_order('coco17')
    with pytest.raises(ValueError, match="joint set 'muco21': .* this has left_hand, left_toe, right_hand beside"):
        joint_order('muco21')

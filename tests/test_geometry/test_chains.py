"""Which bones add up to a joint."""

import numpy as np

from mmp3d.geometry import MUCO21, MUPOTS17, bones_up_to_root


def test_offsets_from_parents_add_up_to_joints_the_place_of_the_root_included():
    for skeleton in (MUPOTS17, MUCO21):
        joints = np.random.default_rng(0).normal(size=(skeleton.num_joints, 3))
        bones = joints - joints[list(skeleton.parents)]
        bones[skeleton.root_index] = joints[skeleton.root_index]
        np.testing.assert_allclose(bones_up_to_root(skeleton) @ bones, joints)

"""Motions in one block of memory give back the joints that went in."""

import numpy as np
import pytest

from mmp3d.geometry.skeleton import MUCO21, MUPOTS17
from mmp3d.synthetic.body import UNIVERSAL_HEIGHT, standard_body
from mmp3d.synthetic.motion_bank import bank_from_positions, bank_of, procedural_bank, recorded_bank
from mmp3d.synthetic.motion_library import load_motion_library
from mmp3d.synthetic.motion_split import files_of_split, split_of
from tests.test_synthetic.bvh_text import bvh_text

PARENTS = list(MUCO21.parents)


def joints_of(bank, motion, frame):
    """Joints relative to the pelvis, one bone after the other."""
    bones = bank.directions[bank.starts[motion] + frame] * bank.bone_lengths[motion]
    joints = np.zeros((21, 3))
    for joint in range(21):
        at = joint
        while PARENTS[at] != at:
            joints[joint] += bones[:, at]
            at = PARENTS[at]
    return joints


def recordings(folder):
    (folder / 'b').mkdir()
    (folder / 'b' / 'turn.bvh').write_text(bvh_text([{'LeftArm': (10 * i, 0, 0), 'at': (0, 2, i)} for i in range(5)]))
    (folder / 'still.bvh').write_text(bvh_text([{}] * 3, frame_time=0.05))
    return files_of_split(folder, None, 0.5)


def test_recorded_motions_are_those_of_the_motion_library(tmp_path):
    bank = recorded_bank(recordings(tmp_path), tmp_path)
    assert bank.names == ('b/turn.bvh', 'still.bvh')
    np.testing.assert_array_equal(bank.starts, [0, 5, 8])
    np.testing.assert_allclose(bank.fps, [10, 20])
    clip = load_motion_library(tmp_path)[0].positions
    np.testing.assert_allclose(joints_of(bank, 0, 3)[:17], clip[3] - clip[3, MUPOTS17.root_index], atol=0.02)
    way = (clip[:, MUPOTS17.root_index] - clip[0, MUPOTS17.root_index])[:, [0, 2]]
    np.testing.assert_allclose(bank.ground[:5] * standard_body().leg_length, way, atol=0.02)


def test_clips_between_frames_keep_unit_bones():
    bank = procedural_bank(1, 3, seconds=1)
    motions = np.array([0, 2])
    places = np.array([[0, 3.25, 29], [1, 1.5, 28.999]])
    directions = bank.directions_at(motions, places)
    norms = np.linalg.norm(directions, axis=2)
    np.testing.assert_allclose(np.delete(norms, MUCO21.root_index, axis=-1), 1, atol=1e-5)
    np.testing.assert_array_equal(norms[..., MUCO21.root_index], 0)
    np.testing.assert_allclose(directions[0, 0], bank.directions[0], atol=1e-6)
    np.testing.assert_allclose(directions[0, 2], bank.directions[29], atol=1e-6)
    ground, lift = bank.ground_and_lift_at(motions, places)
    np.testing.assert_allclose(ground[0, 1], bank.ground[3] * 0.75 + bank.ground[4] * 0.25, atol=1e-6)
    assert lift.shape == (2, 3)


def test_every_frame_belongs_to_its_motion():
    bank = bank_of([procedural_bank(0, 2, seconds=1), procedural_bank(0, 1, seconds=0.5)])
    np.testing.assert_array_equal(bank.motion_at(np.array([0, 29, 30, 59, 60, 74])), [0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(bank.frames_of(np.array([0, 2])), [30, 15])


def test_procedural_motions_do_not_depend_on_their_number_and_have_one_height():
    few, many = procedural_bank(5, 2, seconds=0.5), procedural_bank(5, 4, seconds=0.5)
    np.testing.assert_array_equal(few.directions, many.directions[: len(few.directions)])
    ankle, knee, head_top = (list(MUCO21.joint_names).index(name) for name in ('right_ankle', 'right_knee', 'head_top'))
    legs = many.bone_lengths[:, [ankle, knee]].sum(axis=1)
    assert (legs > 0.4 * UNIVERSAL_HEIGHT).all() and (legs < 0.56 * UNIVERSAL_HEIGHT).all()
    assert not np.array_equal(procedural_bank(6, 2, seconds=0.5).directions, few.directions)


def test_motion_that_is_not_finite_or_empty_is_refused_by_name():
    joints = np.zeros((4, 21, 3))
    joints[2, 5] = np.nan
    with pytest.raises(ValueError, match=r'motion broken.bvh: .* 4 frames of which 1 are not finite \(first: \[2\]'):
        bank_from_positions('broken.bvh', joints, np.zeros(21), np.zeros(4), 30)
    with pytest.raises(ValueError, match='motion empty.bvh: .* 0 frames'):
        bank_from_positions('empty.bvh', joints[:0], np.zeros(21), np.zeros(0), 30)
    with pytest.raises(ValueError, match='at least one motion'):
        bank_of([])


def test_files_are_split_by_their_names_alone(tmp_path):
    files = recordings(tmp_path)
    assert [file.name for file in files_of_split(tmp_path, 'val', 0.5)] == ['still.bvh']
    assert [file.name for file in files_of_split(tmp_path, 'train', 0.5)] == ['turn.bvh']
    assert len(files) == 2
    # Names, not contents, order or number of files; fixed for ever: crc32('turn.bvh') / 2^32 is 0.634.
    assert split_of('turn.bvh', 0.64) == 'val' and split_of('turn.bvh', 0.63) == 'train'
    names = [f'walk_{number}.bvh' for number in range(2000)]
    held_out = {name for name in names if split_of(name, 0.1) == 'val'}
    assert 150 < len(held_out) < 250
    assert held_out < {name for name in names if split_of(name, 0.2) == 'val'}


def test_empty_folders_and_splits_are_named_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match='holds no file'):
        files_of_split(tmp_path, None, 0.1)
    with pytest.raises(FileNotFoundError, match='nowhere'):
        files_of_split(tmp_path / 'nowhere', 'train', 0.1)
    (tmp_path / 'still.bvh').write_text(bvh_text([{}]))
    with pytest.raises(ValueError, match="none of its 1 motion files belongs to the split 'val'"):
        files_of_split(tmp_path, 'val', 1e-6)
    with pytest.raises(ValueError, match='val_fraction'):
        files_of_split(tmp_path, 'val', 1.5)

"""MPI-INF-3DHP from its own files, of known content."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from mmp3d.datasets import ClipDataset, MPIInf3DHPDataset, mpi_inf_3dhp
from mmp3d.datasets.inspection import check_dataset
from mmp3d.datasets.mpi_inf_3dhp_files import read_calibration
from mmp3d.geometry import MUPOTS17, Camera
from tests.shared_data import shared_path
from tests.test_datasets.layouts import body
from tests.test_datasets.scenes import write_image, write_mat

SIZE = (64, 48)
# The release's 28 joints that have a name in MuPoTS-17.
NAMED = {7: 'head_top', 5: 'neck', 14: 'right_shoulder', 11: 'left_wrist', 25: 'right_ankle', 4: 'pelvis', 6: 'head'}


def camera(number):
    angle = 0.3 * number
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    return Camera.from_intrinsics((60 + number, 61), (32, 24), SIZE, R=turn, t=(10.0, 20, 30 + number))


def calibration_text(cameras):
    lines = ['Skeletool Camera Calibration File V1.0']
    for number, each in enumerate(cameras):
        K, pose = np.eye(4), np.eye(4)
        K[:3, :3], pose[:3, :3], pose[:3, 3] = each.K, each.R, each.t
        numbers = {'size': each.image_size, 'intrinsic': K.ravel(), 'extrinsic': pose.ravel()}
        lines += [f'name          {number}', '  sensor      10 10', '  animated    0', '  radial      0']
        lines += [f'  {key:11} {" ".join(map(str, values))}' for key, values in numbers.items()]
    return '\n'.join(lines)


def pose(number, frame):
    return body(28, 3000.0, 100 * number + frame, spread=0.1)


def write(root, frames=3, cameras=9, folder='S2/Seq1', images=(0, 8)):
    target = root / folder
    target.mkdir(parents=True)
    cells = {name: np.empty((cameras, 1), object) for name in ('annot2', 'annot3', 'univ_annot3')}
    for number in range(cameras):
        points = np.array([pose(number, frame) for frame in range(frames)])
        cells['annot2'][number, 0] = camera(number).project(points).reshape(frames, -1)
        cells['annot3'][number, 0] = points.reshape(frames, -1)
        cells['univ_annot3'][number, 0] = points.reshape(frames, -1) * 1.1
    write_mat(target / 'annot.mat', **cells)
    (target / 'camera.calibration').write_text(calibration_text([camera(number) for number in range(cameras)]))
    for number in images:
        for frame in range(frames):
            write_image(root / f'images/S2_Seq1_Cam{number}_{frame + 1:06d}.jpg', SIZE)
    return root


def build(root, **options):
    return MPIInf3DHPDataset(data_root=str(root), **{'needs_images': False, **options})


def test_an_image_of_each_camera_and_frame(tmp_path):
    dataset = build(write(tmp_path), cameras=(8, 0), needs_images=True)
    assert len(dataset) == 6
    item = dataset.get_data_info(4)
    assert (item['seq_name'], item['frame_id'], item['track_ids'].tolist()) == ('S2_Seq1_Cam8', 1, [0])
    assert item['img_path'].endswith('images/S2_Seq1_Cam8_000002.jpg')
    for place, name in NAMED.items():
        joint = MUPOTS17.joint_names.index(name)
        np.testing.assert_allclose(item['keypoints_cam'][0, joint], pose(8, 1)[place], rtol=1e-6)
    np.testing.assert_allclose(item['keypoints_cam_univ'], item['keypoints_cam'] * 1.1, rtol=1e-5)
    np.testing.assert_allclose(item['camera'].project(item['keypoints_cam']), item['keypoints'], atol=1e-3)
    np.testing.assert_allclose(item['camera'].t, camera(8).t)
    assert len({dataset.get_data_info(index)['img_id'] for index in range(6)}) == 6


def test_annotations_beyond_the_end_of_the_video_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setitem(mpi_inf_3dhp.VIDEO_FRAMES, 2, (2, 1))
    assert len(build(write(tmp_path), cameras=(0, 1))) == 2 * 2


def test_clips_are_of_one_camera(tmp_path):
    clips = ClipDataset(build(write(tmp_path), cameras=(1, 2)))
    assert [clips.get_data_info(index)['seq_name'] for index in range(len(clips))] == ['S2_Seq1_Cam1', 'S2_Seq1_Cam2']


def test_options_and_folders(tmp_path):
    write(tmp_path / 'data')
    assert len(build(tmp_path / 'data')) == 3 * 8
    with pytest.raises(ValueError, match=r'subjects \[1\] are not in .*it has 2'):
        build(tmp_path / 'data', subjects=[1])
    with pytest.raises(ValueError, match='cameras must be numbers from 0 to 13'):
        build(tmp_path / 'data', cameras=[14])
    with pytest.raises(ValueError, match='annot.mat: has 9 cameras, but number 13'):
        build(tmp_path / 'data', cameras=[13])
    assert len(build(tmp_path, ann_file='data')) == 3 * 8
    with pytest.raises(FileNotFoundError, match='S1/Seq1/annot.mat does not exist.*3dhp-dataset'):
        build(tmp_path)
    with pytest.raises(FileNotFoundError, match='not an existing folder'):
        build(tmp_path / 'nowhere')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (('intrinsic', 'intrinsic x'), "camera 0: 'intrinsic' must be 16 numbers"),
        (('size        64 48', ''), r"camera 0 lacks \['size'\]"),
        (('name ', 'label '), 'holds no camera'),
        (('60.0', '-60.0'), 'camera 0: '),
        (('64 48', '64 1e9'), "camera 0: 'size' must be 1 to"),
    ],
)
def test_damaged_calibrations_are_named(tmp_path, change, message):
    path = write(tmp_path) / 'S2/Seq1/camera.calibration'
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(ValueError, match=f'camera.calibration: {message}'):
        build(tmp_path)


def test_damaged_annotations_are_named(tmp_path):
    path = write(tmp_path) / 'S2/Seq1/annot.mat'
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match='annot.mat: not a readable MATLAB v5 file'):
        build(tmp_path)
    cells = np.empty((9, 1), object)
    cells[:, 0] = [np.zeros((3, 34))] * 9
    write_mat(path, annot2=cells, annot3=cells, univ_annot3=cells)
    with pytest.raises(ValueError, match=r'annot2\{1\} must be numbers of shape \(frames, 56\), got \(3, 34\)'):
        build(tmp_path)
    write_mat(path, annot2=np.zeros((3, 56)))
    with pytest.raises(ValueError, match="'annot2' must be a cell array"):
        build(tmp_path)


def test_the_check_of_a_part_says_what_is_missing(tmp_path):
    write(tmp_path, images=(0, 1, 2, 4, 5, 6, 7, 8))
    findings = {each.name: each for each in check_dataset('mpi_inf_3dhp', tmp_path, bar=lambda rows, **_: rows)}
    assert {name for name, each in findings.items() if each.problem} == {'sequences', 'frames'}
    assert findings['sequences'].expected == '128'
    assert 'S2_Seq1_Cam0 has 3 of 6502' in findings['frames'].problem
    assert findings['images read'].found == '24'


def test_a_real_camera_sees_its_own_poses(tmp_path):
    folder = shared_path('real/samples/mpi_inf_3dhp/mmpose')
    with open(folder / 'cameras_train.pkl', 'rb') as stream:
        stored = pickle.load(stream)
    sample = np.load(folder / 'test_3dhp_train.npz')
    name = str(sample['imgname'][0]).rpartition('_')[0]
    real = stored[name]
    given = Camera.from_intrinsics(np.ravel(real['f']), np.ravel(real['c']), (2048, 2048))
    (tmp_path / 'camera.calibration').write_text(calibration_text([given]))
    (read,) = read_calibration(tmp_path / 'camera.calibration')
    off = read.project(sample['S'][0, :, :3] * 1000) - sample['part'][0, :, :2]
    assert np.abs(off).max() < 2

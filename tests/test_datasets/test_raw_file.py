"""What lies under a file's name in place of the data is recognised, in every data set."""

from __future__ import annotations

import pytest

from mmp3d.datasets import (
    CocoMultiPersonDataset,
    H36MDataset,
    JTADataset,
    LoadMultiPersonImage,
    MuCoDataset,
    MuPoTSDataset,
    PW3DDataset,
    read_pose2d_file,
)
from mmp3d.datasets.image_file import read_image
from tests.test_datasets.layouts import h36m_content, jta_rows, pw3d_content, write_h36m, write_jta, write_pw3d
from tests.test_datasets.scenes import muco_content, write_coco, write_muco, write_mupots

POINTER = b'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 345316\n'


def muco(root) -> tuple:
    write_muco(root, muco_content([[3000]]))
    return root / 'MuCo-3DHP.json', lambda: MuCoDataset(data_root=str(root))


def mupots(root) -> tuple:
    write_mupots(root, {'TS1': 2})
    return root / 'MultiPersonTestSet' / 'TS1' / 'occlusion.mat', lambda: MuPoTSDataset(data_root=str(root))


def coco(root) -> tuple:
    write_coco(root, [])
    return root / 'coco.json', lambda: CocoMultiPersonDataset(data_root=str(root), ann_file='coco.json')


def jta(root) -> tuple:
    write_jta(root, {3: jta_rows(1, 1)})
    return root / 'annotations' / 'train' / 'seq_3.json', lambda: JTADataset(data_root=str(root), needs_images=False)


def pw3d(root) -> tuple:
    write_pw3d(root, {'a': pw3d_content()})
    return root / 'sequenceFiles' / 'test' / 'a.pkl', lambda: PW3DDataset('test', data_root=str(root))


def h36m(root) -> tuple:
    write_h36m(root, {9: h36m_content(9)})
    path = root / 'annotations' / 'Human36M_subject9_joint_3d.json'
    return path, lambda: H36MDataset('test', data_root=str(root), needs_images=False)


def pose2d(root) -> tuple:
    return root / 'poses.json', lambda: read_pose2d_file(root / 'poses.json')


@pytest.mark.parametrize('layout', [muco, mupots, coco, jta, pw3d, h36m, pose2d])
def test_pointer_of_git_lfs_is_named(tmp_path, layout):
    path, build = layout(tmp_path)
    path.write_bytes(POINTER)
    with pytest.raises(ValueError, match=rf'{path.name}: is a Git LFS pointer, not the data; run `git lfs pull`'):
        build()
    path.write_bytes(b'')
    with pytest.raises(ValueError, match=rf'{path.name}: the file is empty'):
        build()
    path.unlink()
    path.mkdir()
    with pytest.raises((ValueError, FileNotFoundError), match=f'{path.name}.*(cannot be read|not exist|OpenPose)'):
        build()


def test_pointer_in_place_of_an_image(tmp_path):
    (tmp_path / 'a.jpg').write_bytes(POINTER)
    with pytest.raises(ValueError, match=r'cannot read image .*a.jpg: is a Git LFS pointer.*git lfs pull'):
        read_image(tmp_path / 'a.jpg')
    root = write_muco(tmp_path / 'muco', muco_content([[3000], [3000]]))
    (root / 'augmented_set' / '000001.jpg').write_bytes(POINTER)
    items = list(MuCoDataset(data_root=str(root), pipeline=[LoadMultiPersonImage()], test_mode=True))
    assert [item['img_unreadable'] for item in items] == [True, False]


@pytest.mark.parametrize('start', [b'\x89HDF\r\n\x1a\n', b'MATLAB 7.3 MAT-file, Platform: GLNXA64'])
def test_matlab_of_another_version_is_named(tmp_path, start):
    path, build = mupots(tmp_path)
    path.write_bytes(start + b'\x00' * 600)
    with pytest.raises(ValueError, match=r"occlusion.mat: is MATLAB v7.3 \(HDF5\).*'-v7'"):
        build()

"""Annotation files of every layout and 2D poses of every format, to be mutated."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mmp3d.datasets import (
    CocoMultiPersonDataset,
    H36MDataset,
    JTADataset,
    MPIInf3DHPDataset,
    MuCoDataset,
    MultiPersonDataset,
    MuPoTSDataset,
    PW3DDataset,
    read_pose2d_file,
)
from mmp3d.geometry import Camera
from tests.fuzzing.mutations import ARRAYS, JUNK
from tests.fuzzing.target import Target
from tests.test_datasets.layouts import h36m_content, jta_rows, pw3d_content, write_h36m, write_jta, write_pw3d
from tests.test_datasets.scenes import coco_person, muco_content, write_coco, write_muco, write_mupots
from tests.test_datasets.test_h36m import NAMES as NPZ_NAMES
from tests.test_datasets.test_h36m import write_npz
from tests.test_datasets.test_mpi_inf_3dhp import write as write_mpi_inf_3dhp
from tests.test_datasets.test_mupots import json_content
from tests.test_datasets.test_pw3d import community

OPTIONS = {'needs_images': False, 'annotation_cache': False}


def check_items(data_set: MultiPersonDataset) -> None:
    """What is served is whole: right shapes and types, labels finite and in front, cameras usable."""
    for index in {0, len(data_set) // 2, len(data_set) - 1}:
        item = data_set.get_data_info(index)
        people = len(item['bbox'])
        for key, shape in (('keypoints', (17, 2)), ('keypoints_cam', (17, 3)), ('keypoints_3d_valid', (17,)),
                           ('keypoints_visible', (17,)), ('bbox', (4,)), ('person_valid', ())):  # fmt: skip
            assert item[key].shape == (people, *shape) and item[key].dtype == np.float32, key
        assert np.isfinite(item['keypoints'][item['keypoints_visible'] > 0]).all()
        points = item['keypoints_cam'][item['keypoints_3d_valid'] > 0]
        assert np.isfinite(points).all() and (points[:, 2] >= 0).all()
        assert item['camera'] is None or isinstance(item['camera'], Camera)


def npz_bytes(content: Any) -> bytes:
    content = content if isinstance(content, dict) else {'S': content}
    stream = io.BytesIO()
    np.savez(stream, **{str(name): np.asarray(value) for name, value in content.items()})
    return stream.getvalue()


def _npz_content(root: Path) -> dict:
    write_npz(root, NPZ_NAMES)
    with np.load(root / 'h36m.npz') as arrays:
        return dict(arrays)


def _coco_content() -> dict:
    people = [coco_person(7, {5: (10, 10, 2), 6: (20, 10, 1)}), coco_person(8, {}), coco_person(8, {}, iscrowd=1)]
    images = [{'id': 7 + each, 'file_name': f'{each}.jpg', 'width': 64, 'height': 48} for each in range(2)]
    return {'images': images, 'annotations': people}


def _poses2d() -> dict:
    person = {'keypoints': [[1.0, 2.0, 0.5]] * 17}
    images = [{'file_name': f'{each}.jpg', 'people': [person] * each} for each in range(3)]
    return {'format': 'mmp3d-poses2d', 'version': 1, 'joint_set': 'coco17', 'images': images}


def _json_at(file: str, content: Any) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(json.dumps(content))

    return write


def _pose2d_specs() -> dict[str, tuple]:
    """Writer, file, reader and content of every format of 2D poses."""
    poses = _poses2d()
    results = [{'image_id': 1, 'category_id': 1, 'keypoints': [1.0] * 51, 'score': 1}] * 2
    frames = {'frames': [{'frame': 0, 'persons': [{'keypoints': [[1, 2]] * 17, 'scores': [0.5] * 17}]}]}
    alphapose = [{'image_id': f'{each}.jpg', 'keypoints': [1.0] * 78, 'score': 2, 'idx': [each]} for each in range(2)]
    openpose = {'version': 1.3, 'people': [{'person_id': [-1], 'pose_keypoints_2d': [2.0] * 75}]}
    return {
        'pose2d file': (_json_at('poses.json', poses), 'poses.json', _read_poses, poses),
        'pose2d COCO results': (_json_at('poses.json', results), 'poses.json', _read_poses, results),
        'pose2d frames': (_json_at('poses.json', frames), 'poses.json', _read_poses, frames),
        'pose2d AlphaPose': (_json_at('poses.json', alphapose), 'poses.json', _read_poses, alphapose),
        'pose2d OpenPose': (_json_at('clip_000000000007_keypoints.json', openpose), 'clip_000000000007_keypoints.json',
                            read_pose2d_file, openpose),
    }  # fmt: skip


def annotation_targets(folder: Path) -> dict[str, Target]:
    """Targets by name, written below ``folder``."""
    muco, coco = muco_content([[3000, 4000], [3500], []]), _coco_content()
    jta, pw3d, h36m = jta_rows(2, 1), pw3d_content(4, 2), h36m_content(9, {(2, 1): 2})

    def h36m_file(kind: str) -> tuple:
        file = f'annotations/Human36M_subject9_{kind}.json'
        return lambda root: write_h36m(root, {9: h36m}), file, _reader(H36MDataset, split='test')

    specs = {
        'MuCo JSON': ((lambda root: write_muco(root, muco, False)), 'MuCo-3DHP.json', _reader(MuCoDataset), muco),
        'MuPoTS annot.mat': ((lambda root: write_mupots(root, {'TS1': 2}, images=False)),
                             'MultiPersonTestSet/TS1/annot.mat', _reader(MuPoTSDataset), None),
        'MuPoTS occlusion.mat': ((lambda root: write_mupots(root, {'TS1': 2}, images=False)),
                                 'MultiPersonTestSet/TS1/occlusion.mat', _reader(MuPoTSDataset), None),
        'MuPoTS JSON': (_json_at('MuPoTS-3D.json', json_content()), 'MuPoTS-3D.json',
                        _reader(MuPoTSDataset, ann_file='MuPoTS-3D.json'), json_content()),
        'COCO JSON': ((lambda root: write_coco(root, coco['annotations'])), 'coco.json',
                      _reader(CocoMultiPersonDataset, ann_file='coco.json'), coco),
        'JTA JSON': ((lambda root: write_jta(root, {3: jta})), 'annotations/train/seq_3.json',
                     _reader(JTADataset), jta),
        '3DPW JSON': (_json_at('3DPW_test.json', community(True)), '3DPW_test.json',
                      _reader(PW3DDataset, split='test', ann_file='3DPW_test.json'), community(True)),
        'H36M data.json': (*h36m_file('data'), h36m['data']),
        'H36M camera.json': (*h36m_file('camera'), h36m['camera']),
        'H36M joint_3d.json': (*h36m_file('joint_3d'), h36m['joint_3d']),
        '3DHP annot.mat': ((lambda root: write_mpi_inf_3dhp(root, images=())), 'S2/Seq1/annot.mat',
                           _reader(MPIInf3DHPDataset), None),
        '3DHP camera.calibration': ((lambda root: write_mpi_inf_3dhp(root, images=())), 'S2/Seq1/camera.calibration',
                                    _reader(MPIInf3DHPDataset), None),
    }  # fmt: skip
    built = _built(folder, specs)
    built['3DPW pickle'] = Target(
        folder / 'pw3d', lambda root: write_pw3d(root, {'a': pw3d}, images=False), 'sequenceFiles/test/a.pkl',
        _reader(PW3DDataset, split='test'), content=pw3d, encode=lambda content: pickle.dumps(content, 2),
        junk=JUNK + ARRAYS,
    )  # fmt: skip
    built['H36M npz'] = Target(
        folder / 'npz', lambda root: write_npz(root, NPZ_NAMES), 'h36m.npz',
        _reader(H36MDataset, split='test', ann_file='h36m.npz'), content=_npz_content(folder / 'npz_content'),
        encode=npz_bytes, junk=ARRAYS,
    )  # fmt: skip
    built['H36M cameras.pkl'] = Target(
        folder / 'cameras', lambda root: write_npz(root, NPZ_NAMES), 'cameras.pkl',
        _reader(H36MDataset, split='test', ann_file='h36m.npz'),
        content=pickle.loads((folder / 'npz_content' / 'cameras.pkl').read_bytes()), encode=pickle.dumps,
        junk=JUNK + ARRAYS,
    )  # fmt: skip
    return built


def poses2d_targets(folder: Path) -> dict[str, Target]:
    """Targets by name, written below ``folder``."""
    return _built(folder, _pose2d_specs())


def _built(folder: Path, specs: dict[str, tuple]) -> dict[str, Target]:
    return {
        name: Target(folder / name.replace(' ', '_'), write, file, read, content=content)
        for name, (write, file, read, content) in specs.items()
    }


def _reader(data_set: type, **options: Any) -> Callable[[str], None]:
    return lambda root: check_items(data_set(**{'test_mode': True, 'data_root': root, **OPTIONS, **options}))


def _read_poses(root: str) -> Any:
    return read_pose2d_file(Path(root) / 'poses.json')

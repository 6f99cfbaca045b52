"""ClipDataset: clips of consecutive frames with people by identity."""

from __future__ import annotations

import numpy as np
import pytest

from mmp3d.datasets import ClipDataset, JTADataset, MuPoTSDataset
from tests.test_datasets.layouts import h36m_content, jta_rows, pw3d_content, write_h36m, write_jta, write_pw3d
from tests.test_datasets.scenes import muco_content, write_muco, write_mupots


def jta_clips(root, lengths: dict, people: int = 2, left_out: tuple = (), **options) -> ClipDataset:
    sequences = {
        number: [row for row in jta_rows(frames, people) if tuple(row[:2]) not in left_out]
        for number, frames in lengths.items()
    }
    data_set = options.pop('data_set', {})
    config = dict(type='JTADataset', data_root=str(write_jta(root, sequences)), needs_images=False, **data_set)
    return ClipDataset(config, **options)


def spans(clips: ClipDataset) -> list[tuple]:
    return [(clip['seq_name'], *clip['frame_ids'].tolist()) for clip in map(clips.get_data_info, range(len(clips)))]


def test_clips_stay_in_their_sequence(tmp_path):
    assert spans(jta_clips(tmp_path, {3: 5, 4: 3}, clip_length=2)) == [
        ('seq_3', 0, 1),
        ('seq_3', 2, 3),
        ('seq_4', 0, 1),
    ]
    overlapping = jta_clips(tmp_path / 'other', {3: 4}, clip_length=3, clip_stride=1)
    assert spans(overlapping) == [('seq_3', 0, 1, 2), ('seq_3', 1, 2, 3)]


def test_every_frame_is_in_one_clip_at_test(tmp_path):
    assert spans(jta_clips(tmp_path, {3: 5, 4: 1}, clip_length=2, test_mode=True)) == [
        ('seq_3', 0, 1), ('seq_3', 2, 3), ('seq_3', 4), ('seq_4', 0)
    ]  # fmt: skip
    assert spans(jta_clips(tmp_path / 'other', {3: 5, 4: 2})) == [('seq_3', 0, 1, 2, 3, 4), ('seq_4', 0, 1)]


def test_stride_of_the_frames_is_that_of_the_data_set(tmp_path):
    clips = jta_clips(tmp_path, {3: 9}, clip_length=2, data_set=dict(frame_stride=3))
    assert spans(clips) == [('seq_3', 0, 3)]


def test_people_are_rows_by_identity(tmp_path):
    clips = jta_clips(tmp_path, {3: 3}, left_out=((2, 7),), clip_length=3)
    clip = clips.get_data_info(0)
    assert clip['track_ids'].tolist() == [7, 8] and clip['present'].tolist() == [[1, 1], [0, 1], [1, 1]]
    for frame in range(3):
        item = clips.dataset.get_data_info(frame)
        rows = np.searchsorted(clip['track_ids'], item['track_ids'])
        for key in ('keypoints', 'keypoints_cam', 'keypoints_3d_valid', 'bbox', 'person_valid', 'keypoints_occluded'):
            np.testing.assert_array_equal(clip[key][frame, rows], item[key])
        assert clip['cameras'][frame].K.tolist() == item['camera'].K.tolist()
        assert clip['img_ids'][frame] == item['img_id'] and clip['img_paths'][frame] == item['img_path']
    assert not clip['keypoints_cam'][1, 0].any() and not clip['person_valid'][1, 0]
    assert clip['keypoints_cam'].shape == (3, 2, 17, 3) and clip['keypoints_cam'].dtype == np.float32


def test_frames_without_people_do_not_break_a_clip(tmp_path):
    clips = jta_clips(tmp_path, {3: 3}, left_out=((2, 7), (2, 8)), clip_length=3)
    assert clips.get_data_info(0)['present'].tolist() == [[1, 1], [0, 0], [1, 1]]


def test_nobody_in_the_whole_clip(tmp_path):
    clip = jta_clips(tmp_path, {3: 4}, left_out=((1, 7), (2, 7)), people=1, clip_length=2).get_data_info(0)
    assert clip['keypoints'].shape == (2, 0, 17, 2) and clip['present'].shape == (2, 0)


def test_gaps_break_clips(tmp_path):
    data_set = JTADataset(
        data_root=str(write_jta(tmp_path, {3: jta_rows(7, 1)})), needs_images=False, indices=[0, 1, 3, 4, 5]
    )
    assert spans(ClipDataset(data_set)) == [('seq_3', 0, 1), ('seq_3', 3, 4, 5)]


def test_frames_are_read_in_chunks_through_the_data_sets_pipeline(tmp_path):
    root = write_mupots(tmp_path, {'TS1': 5})
    config = dict(type='MuPoTSDataset', data_root=str(root), pipeline=[dict(type='LoadMultiPersonImage')])
    clips = ClipDataset(config, test_mode=True)
    chunks = list(clips.frames(0, 2))
    assert [len(chunk) for chunk in chunks] == [2, 2, 1]
    assert all(item['img'].shape == (48, 64, 3) for chunk in chunks for item in chunk)
    assert [item['frame_id'] for chunk in chunks for item in chunk] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match='chunk must be'):
        clips.frames(0, 0)


def test_every_data_set_with_identities_has_clips(tmp_path):
    write_pw3d(tmp_path / 'pw3d', {'a': pw3d_content()}, images=False)
    pw3d = ClipDataset(dict(type='PW3DDataset', split='test', data_root=str(tmp_path / 'pw3d'), needs_images=False))
    clip = pw3d.get_data_info(0)
    assert clip['track_ids'].tolist() == [0, 1] and len({camera.t[0] for camera in clip['cameras']}) == 4
    write_h36m(tmp_path / 'h36m', {9: h36m_content(9)})
    h36m = ClipDataset(dict(type='H36MDataset', split='test', data_root=str(tmp_path / 'h36m'), needs_images=False))
    assert len(h36m) == 12 and h36m.get_data_info(0)['action'] == 'Directions'
    assert h36m.metainfo['dataset_name'] == 'h36m'


def test_people_without_identity_are_an_error(tmp_path):
    root = write_muco(tmp_path, muco_content([[3000]]))
    with pytest.raises(ValueError, match=r'people of augmented_set/000001.jpg have no identity'):
        ClipDataset(dict(type='MuCoDataset', data_root=str(root)))


def test_two_people_with_one_identity_are_an_error(tmp_path):
    data_set = MuPoTSDataset(data_root=str(write_mupots(tmp_path, {'TS1': 2})), annotation_cache=False)
    data_set.annotations.people.track_ids[:] = 0
    with pytest.raises(ValueError, match='two people of TS1/img_000000.jpg have one identity'):
        ClipDataset(data_set)


@pytest.mark.parametrize(
    ('options', 'message'),
    [(dict(clip_length=0), 'clip_length must be'), (dict(clip_length=2, clip_stride=0), 'clip_stride must be'),
     (dict(clip_stride=2), 'clip_stride needs'), (dict(clip_length=9), 'no clip of 9 frames is left')],
)  # fmt: skip
def test_wrong_options(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        jta_clips(tmp_path, {3: 3}, **options)


def test_pipeline_of_clips(tmp_path):
    clips = jta_clips(tmp_path, {3: 4}, clip_length=2, pipeline=[lambda clip: {'ids': clip['img_ids'].tolist()}])
    assert [clip['ids'] for clip in clips] == [[3001, 3002], [3003, 3004]]

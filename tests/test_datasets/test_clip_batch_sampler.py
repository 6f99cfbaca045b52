"""Batches that are whole clips, shared between processes."""

import pytest
from mmengine.dataset import DefaultSampler

from mmp3d.datasets import ClipBatchSampler, MuPoTSDataset, clip_batch_sampler
from mmp3d.datasets.virtual_pose import VirtualPoseDataset
from tests.test_datasets.scenes import write_mupots


def sampler(root, lengths, batch_size=1, **options):
    dataset = MuPoTSDataset(data_root=str(write_mupots(root, lengths)), annotation_cache=False, **options)
    return ClipBatchSampler(DefaultSampler(dataset, shuffle=False), batch_size)


def test_a_batch_is_a_sequence(tmp_path):
    batches = sampler(tmp_path, {'TS1': 3, 'TS2': 1, 'TS10': 2})
    assert list(batches) == [[0, 1, 2], [3], [4, 5]] and len(batches) == 3


def test_several_clips_in_a_batch(tmp_path):
    batches = sampler(tmp_path, {'TS1': 2, 'TS2': 1, 'TS3': 2}, batch_size=2)
    assert list(batches) == [[0, 1, 2], [3, 4]] and len(batches) == 2


def test_a_gap_ends_a_clip_and_a_stride_does_not(tmp_path):
    assert list(sampler(tmp_path / 'a', {'TS1': 6}, indices=[0, 1, 3, 4])) == [[0, 1], [2, 3]]
    assert list(sampler(tmp_path / 'b', {'TS1': 6}, frame_stride=2)) == [[0, 1, 2]]


@pytest.mark.parametrize('processes', [2, 3, 7])
def test_processes_share_whole_clips(tmp_path, monkeypatch, processes):
    lengths = {'TS1': 5, 'TS2': 2, 'TS3': 1, 'TS4': 4}
    shares = []
    for rank in range(processes):
        monkeypatch.setattr(clip_batch_sampler, 'get_dist_info', lambda rank=rank: (rank, processes))
        shares.append(list(sampler(tmp_path / str(rank), lengths)))
    assert sorted(index for share in shares for batch in share for index in batch) == list(range(12))
    assert sorted(len(batch) for share in shares for batch in share) == [1, 2, 4, 5]
    if processes == 2:
        assert [sum(map(len, share)) for share in shares] == [6, 6]


def test_a_data_set_without_sequences_is_named():
    dataset = VirtualPoseDataset(num_items=2, num_procedural=4)
    with pytest.raises(ValueError, match='needs a data set with sequences.*VirtualPoseDataset'):
        ClipBatchSampler(DefaultSampler(dataset, shuffle=False))

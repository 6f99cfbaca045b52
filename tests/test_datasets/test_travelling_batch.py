"""Batches come from a worker as they were made, in one piece."""

from __future__ import annotations

import copy
import pickle
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from mmp3d import register_all_modules
from mmp3d.datasets.travelling_batch import TravellingBatch, collate_samples
from tests.test_datasets.test_packed_sample import assert_same, sample

register_all_modules()
FILES = Path('/proc/self/fd')


def items(*shapes: tuple[int, ...]) -> list[dict]:
    """Images of these shapes with a sample each."""
    return [dict(inputs=torch.full(shape, index, dtype=torch.uint8), data_samples=sample()) for index, shape in
            enumerate(shapes)]  # fmt: skip


def through_a_worker(data: list[dict]) -> TravellingBatch:
    """All of the data as a batch that another process made."""
    return next(iter(DataLoader(data, batch_size=len(data), collate_fn=collate_samples, num_workers=1)))


def test_images_of_one_shape_are_one_tensor():
    data = items((3, 4, 5), (3, 4, 5))
    batch = through_a_worker(data)
    assert torch.equal(batch['inputs'], torch.stack([item['inputs'] for item in data]))
    for found, item in zip(batch['data_samples'], data, strict=True):
        assert_same(found, item['data_samples'])


def test_images_of_several_shapes_stay_a_list():
    data = items((3, 4, 5), (3, 5, 4))
    batch = through_a_worker(data)
    assert all(torch.equal(found, item['inputs']) for found, item in zip(batch['inputs'], data, strict=True))


def test_samples_without_images_stay_a_list():
    batch = through_a_worker([dict(data_samples=sample())])
    assert list(batch) == ['data_samples'] and len(batch['data_samples']) == 1


def test_one_piece_of_shared_memory_holds_all_tensors():
    batch = collate_samples(items((3, 4, 5), (3, 4, 5)))
    assert bytes(ForkingPickler.dumps(batch)).count(b'rebuild_storage') == 1
    found = through_a_worker(items((3, 4, 5), (3, 4, 5)))
    labels = [each.gt_instance_labels.weights for each in found['data_samples']]
    assert {each.untyped_storage().data_ptr() for each in labels} == {found['inputs'].untyped_storage().data_ptr()}


@pytest.mark.parametrize(
    'tensor',
    [
        torch.zeros(0, 17, 2),
        torch.tensor(3.0),
        torch.arange(12).view(3, 4).T,
        torch.tensor([True, False]),
        torch.ones(3, dtype=torch.bfloat16),
        torch.tensor([1 + 2j]),
        torch.eye(3).to_sparse(),
        torch.nn.Parameter(torch.ones(2)),
    ],
)
def test_every_kind_of_tensor_comes_through(tensor: Tensor):
    odd = torch.ones(1, dtype=torch.uint8)
    found = pickle.loads(ForkingPickler.dumps(TravellingBatch(odd=odd, tensor=tensor)))
    assert type(found) is TravellingBatch and type(found['tensor']) is type(tensor)
    assert found['tensor'].dtype == tensor.dtype and found['tensor'].shape == tensor.shape
    assert torch.equal(found['tensor'].to_dense(), tensor.to_dense())


def test_a_batch_without_tensors_comes_through():
    found = pickle.loads(ForkingPickler.dumps(TravellingBatch(names=['a'], array=np.arange(3))))
    assert found['names'] == ['a'] and found['array'].tolist() == [0, 1, 2]


def test_a_batch_from_a_worker_can_be_written_into():
    batch = through_a_worker(items((3, 4, 5)))
    batch['data_samples'][0].gt_instance_labels.weights[:] = 2
    assert batch['data_samples'][0].gt_instance_labels.weights.sum() == 12 and not batch['inputs'].any()


@pytest.mark.parametrize('copied', [copy.copy, copy.deepcopy, lambda batch: pickle.loads(pickle.dumps(batch))])
def test_copies_and_files_are_those_of_any_dict(copied):
    batch = TravellingBatch(a=torch.ones(2))
    found = copied(batch)
    assert type(found) is TravellingBatch and torch.equal(found['a'], batch['a'])


@pytest.mark.skipif(not FILES.is_dir(), reason='the system does not tell which files are open')
def test_no_file_stays_open_behind_a_batch():
    data = items((3, 4, 5)) * 40
    loader = DataLoader(data, batch_size=1, collate_fn=collate_samples, num_workers=1)
    counts = [len(list(FILES.iterdir())) for _ in loader]
    assert max(counts[20:]) <= max(counts[:20])

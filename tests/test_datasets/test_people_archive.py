"""Archives of people that are damaged cost nothing but their error."""

from __future__ import annotations

import gc
import sys

import pytest

from mmp3d.datasets.pseudo_labels import PseudoLabelDataset

TIMES = 500


def test_damaged_archives_cost_no_memory_each(tmp_path):
    file = tmp_path / 'labels.npz'
    file.write_bytes(b'PK\3\4 and nothing else')

    def read():
        for _ in range(TIMES):
            with pytest.raises(ValueError, match=r'labels\.npz'):
                PseudoLabelDataset(str(file))
        gc.collect()

    read()
    before = sys.getallocatedblocks()
    read()
    assert sys.getallocatedblocks() - before < TIMES

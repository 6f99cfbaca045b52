"""Errors of building are one line that names the config and its field."""

from __future__ import annotations

import pytest
import torch

from mmp3d.engine.config_mistakes import told


@pytest.mark.parametrize(
    ('error', 'message'),
    [
        (KeyError('lr'), "x.py: optim_wrapper cannot be built: it lacks 'lr'"),
        (KeyError('Foo is not in\nthe registry'), 'x.py: optim_wrapper cannot be built: Foo is not in the registry'),
        (AssertionError(), 'x.py: optim_wrapper cannot be built: AssertionError'),
    ],
)
def test_what_is_wrong_is_one_line(error, message):
    with pytest.raises(ValueError) as raised, told('x.py', 'optim_wrapper'):
        raise error
    assert str(raised.value) == message


def test_a_full_gpu_is_no_mistake_in_a_config():
    with pytest.raises(torch.cuda.OutOfMemoryError), told('x.py', 'model'):
        raise torch.cuda.OutOfMemoryError('CUDA out of memory')

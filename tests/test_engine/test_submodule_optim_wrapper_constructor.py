"""Each submodule has an optimizer of its own, and what is said once holds for all."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmp3d import register_all_modules

register_all_modules()
ADAM = dict(optimizer=dict(type='Adam', lr=0.1))


def model():
    return nn.ModuleDict(dict(network=nn.Linear(2, 1), discriminator=nn.Linear(2, 1)))


def built(**entries):
    return build_optim_wrapper(model(), dict(constructor='SubmoduleOptimWrapperConstructor', **entries))


def test_entries_have_their_own_parameters_and_share_the_rest():
    wrappers = built(
        type='Bfloat16OptimWrapper',
        clip_grad=dict(max_norm=1.0),
        network=ADAM,
        discriminator=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.5)),
    )
    assert dict(wrappers.get_lr()) == {'network.lr': [0.1], 'discriminator.lr': [0.5]}
    assert [type(each).__name__ for each in wrappers.values()] == ['Bfloat16OptimWrapper', 'OptimWrapper']
    assert all(each.clip_grad_kwargs == dict(max_norm=1.0) for each in wrappers.values())
    sizes = [sum(p.numel() for group in each.param_groups for p in group['params']) for each in wrappers.values()]
    assert sizes == [3, 3]


def test_states_of_both_are_saved_and_loaded():
    wrappers, others = built(network=ADAM, discriminator=ADAM), built(network=ADAM, discriminator=ADAM)
    for wrapper in wrappers.values():
        (weight, _) = wrapper.param_groups[0]['params']
        wrapper.update_params(weight.square().sum())
    others.load_state_dict(wrappers.state_dict())
    for name, wrapper in wrappers.items():
        moments = [each.optimizer.state_dict()['state'][0]['exp_avg'] for each in (wrapper, others[name])]
        assert torch.equal(*moments)


def test_what_cannot_be_built_is_named():
    with pytest.raises(ValueError, match='generator'):
        built(generator=ADAM, discriminator=ADAM)
    with pytest.raises(ValueError, match='optimizer'):
        built(network=dict(lr=1))

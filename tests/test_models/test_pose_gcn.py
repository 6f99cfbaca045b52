import json
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.geometry import MUPOTS17
from mmp3d.models.lifters import PoseGCN
from mmp3d.models.lifters.adjacency import (
    bone_closeness,
    bone_confidences,
    confidence_adjacency,
    incidence_matrix,
    joint_closeness,
)
from tests.shared_data import shared_path

JOINTS = {name: index for index, name in enumerate(MUPOTS17.joint_names)}
# The release's names of our layers.
RELEASED = {
    'embedding': 'c1',
    'joint_layers.0': 'c2',
    'joint_layers.1': 'c3',
    'bone_layers.0': 'b2',
    'bone_layers.1': 'b3',
    'fusion': 'c8',
}


def released_parameter(name, shape):
    """The golden files' recipe for a parameter, see their README."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith(('.bias', '.bias2')):
        return torch.from_numpy(rng.normal(0, 0.05, shape))
    return torch.from_numpy(rng.normal(0, np.sqrt(2 / shape[-2]), shape))


def released_state(shapes):
    parameters = {name: released_parameter(name, shape) for name, shape in shapes.items()}
    state = {}
    for ours, theirs in RELEASED.items():
        for layer, number in (('first', ''), ('second', '2')):
            state[f'{ours}.{layer}.weight'] = parameters[f'{theirs}.weight{number}']
            state[f'{ours}.{layer}.bias'] = parameters[f'{theirs}.bias{number}'][:, None]
    # Two linear layers without anything between them are one.
    second = parameters['c9.weight2']
    state['output.weight'] = parameters['c9.weight'] @ second
    state['output.bias'] = parameters['c9.bias'][:, None] @ second + parameters['c9.bias2'][:, None]
    return state


def test_released_form_reproduces_the_authors_numbers():
    folder = shared_path('golden/author_nets/A')
    spec = json.loads((folder / 'TransNetGCN.spec.json').read_text())
    inputs = {name: torch.from_numpy(array) for name, array in np.load(folder / 'TransNetGCN.inputs.npz').items()}
    (expected,) = np.load(folder / 'TransNetGCN.outputs.npz').values()
    gcn = PoseGCN(
        hidden_channels=256, per_node_weights=True, adjacency='uniform', with_confidence=False, joint_set='h36m17'
    )
    gcn.load_state_dict(released_state({tensor['name']: tensor['shape'] for tensor in spec['tensors']}))
    gcn.incidence, gcn.bones_to_joints = inputs['inc'], inputs['inc_inv']
    result = gcn.lift(inputs['x'], [inputs['aff'][:, None]] * 2, [inputs['aff_bone'][:, None]] * 2).detach().numpy()
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5 * expected.std())


def small_gcn(**options):
    torch.manual_seed(0)
    return PoseGCN(hidden_channels=8, **options).eval()


def pose(*leading):
    return torch.randn(*leading, 17, 2) * 0.1, torch.rand(*leading, 17)


@pytest.mark.parametrize(
    'options', [{}, dict(per_node_weights=False), dict(adjacency='uniform', with_confidence=False)]
)
def test_any_leading_dimensions_give_the_same_poses(options):
    gcn = small_gcn(**options)
    rays, scores = pose(2, 3)
    poses = gcn(rays, scores)
    assert poses.shape == (2, 3, 17, 3)
    torch.testing.assert_close(poses[1, 2], gcn(rays[1, 2], scores[1, 2]), rtol=1e-5, atol=1e-3)
    assert not poses[..., MUPOTS17.root_index, :].any()
    assert gcn(rays[:0], scores[:0]).shape == (0, 3, 17, 3)


def test_a_missing_joint_is_completed_and_its_place_does_not_matter():
    gcn = small_gcn()
    rays, scores = pose(5)
    scores[:, 4] = 0
    poses = gcn(rays, scores)
    rays[:, 4] = torch.tensor([float('nan'), 1e6])
    assert poses.isfinite().all() and poses[:, 4].norm(dim=-1).min() > 0
    torch.testing.assert_close(gcn(rays, scores), poses)


def test_without_any_confidence_the_answer_is_one_pose():
    gcn = small_gcn()
    rays, _ = pose(2)
    poses = gcn(rays, torch.zeros(2, 17))
    assert poses.isfinite().all()
    torch.testing.assert_close(poses[0], poses[1])
    torch.testing.assert_close(gcn(rays * float('nan'), torch.ones(2, 17)), poses)


def test_the_pose_follows_the_person_not_the_pixels():
    """A person twice as far away is half as large; only where and how large the pose is tells the two apart."""
    gcn = small_gcn(with_confidence=False, adjacency='uniform')
    rays, scores = pose(1)
    torch.testing.assert_close(gcn(rays * 0.5, scores), gcn(rays, scores), rtol=1e-4, atol=1e-2)


def test_given_adjacencies_take_the_place_of_the_own():
    gcn = small_gcn()
    rays, scores = pose(2)
    alone = torch.eye(17).expand(2, 17, 17), torch.eye(16).expand(2, 16, 16)
    assert not torch.allclose(gcn(rays, scores, alone), gcn(rays, scores))


@pytest.mark.parametrize('option', [dict(adjacency='paf'), dict(joint_set='mupots')])
def test_unknown_options_are_named(option):
    with pytest.raises(ValueError, match=f'{next(iter(option))} must be one of .*, got'):
        PoseGCN(**option)


def test_learns_to_put_a_hidden_joint_where_its_neighbours_say():
    torch.manual_seed(0)
    gcn = PoseGCN(hidden_channels=16)
    rays = torch.rand(64, 17, 2)
    rays[:, JOINTS['left_knee']] = (rays[:, JOINTS['left_hip']] + rays[:, JOINTS['left_ankle']]) / 2
    target = torch.cat([rays, rays[..., :1]], dim=-1) * 1000
    target = target - target[:, MUPOTS17.root_index, None]
    scores = torch.ones(64, 17)
    scores[:, JOINTS['left_knee']] = 0
    optimizer = torch.optim.Adam(gcn.parameters(), lr=3e-3)
    errors = []
    for _ in range(60):
        error = (gcn(rays, scores) - target)[:, JOINTS['left_knee']].norm(dim=-1).mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    assert errors[-1] < 0.2 * errors[0]


def test_incidence_and_closeness_of_the_skeleton():
    incidence = incidence_matrix(MUPOTS17)
    assert incidence.shape == (16, 17) and not incidence.sum(dim=1).any()
    joints, bones = joint_closeness(MUPOTS17), bone_closeness(MUPOTS17)
    assert joints[JOINTS['left_hip'], JOINTS['left_knee']] == 0.5
    assert joints[JOINTS['left_hip'], JOINTS['left_ankle']] == 0.25
    assert (joints.diagonal() == 1).all() and (bones.diagonal() == 1).all()
    index = {child: row for row, (child, _) in enumerate(MUPOTS17.bones)}
    assert bones[index[JOINTS['left_knee']], index[JOINTS['left_ankle']]] == 0.5


def test_a_bone_is_as_sure_as_its_doubtful_end():
    scores = torch.linspace(0.1, 0.9, 17)
    expected = [min(scores[child], scores[parent]) for child, parent in MUPOTS17.bones]
    torch.testing.assert_close(bone_confidences(scores, incidence_matrix(MUPOTS17)), torch.stack(expected))


@given(st.lists(st.floats(0, 1, width=32), min_size=17, max_size=17))
def test_shares_add_up_and_flow_from_sure_to_doubtful(confidences):
    scores = torch.tensor(confidences)
    closeness = joint_closeness(MUPOTS17)
    flow = confidence_adjacency(scores, closeness)
    assert flow.isfinite().all() and (flow >= 0).all()
    torch.testing.assert_close(flow.sum(dim=-1), torch.ones(17))
    sure, doubtful = int(scores.argmax()), int(scores.argmin())
    if scores[sure] > scores[doubtful] + 0.01:
        assert flow[doubtful, sure] / flow[doubtful, doubtful] > flow[sure, doubtful] / flow[sure, sure]


def test_equal_confidences_leave_only_closeness():
    closeness = joint_closeness(MUPOTS17)
    expected = closeness / closeness.sum(dim=-1, keepdim=True)
    for value in (0.0, 1.0):
        torch.testing.assert_close(confidence_adjacency(torch.full((17,), value), closeness), expected)

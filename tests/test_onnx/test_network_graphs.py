"""Which graphs a model has."""

import pytest
from mmpose.registry import MODELS
from torch import nn

from mmp3d import register_all_modules
from mmp3d.apis import load_two_branch
from mmp3d.engine.launch import load_config
from mmp3d.models.integration import LinearIntegration
from mmp3d.onnx.network_graphs import graphs_of

register_all_modules()


def model(name):
    return MODELS.build(load_config(f'configs/{name}.py').model)


def test_a_whole_system_has_the_graphs_of_its_parts():
    names = ['bottom_up', 'bottom_up_candidates', 'bottom_up_people', 'lifting_windows', 'lifting', 'integration']
    assert list(graphs_of(load_two_branch())) == names
    alone = load_two_branch(options={'model.settings.branches': 'top_down'})
    assert list(graphs_of(alone)) == names[3:]


@pytest.mark.parametrize(
    ('name', 'outputs'),
    [
        ('gcn_tiny_virtual', {'lifting_windows': ['frame_poses'], 'lifting': ['keypoints_cam']}),
        (
            'tcn_pose_tiny_virtual',
            {'lifting_windows': ['frame_poses', 'poses', 'depths'], 'lifting': ['keypoints_cam']},
        ),
        ('tcn_root_tiny_virtual', {'lifting_windows': ['depths']}),
        ('td_tiny_coco', {'top_down': ['heatmaps', 'tags']}),
        ('td_tiny_single_coco', {'top_down': ['heatmaps']}),
        ('integration_tiny_virtual', {'integration': ['keypoints_cam']}),
    ],
)
def test_a_network_has_an_output_for_each_part_that_it_has(name, outputs):
    assert {key: list(graph.outputs) for key, graph in graphs_of(model(name)).items()} == outputs


def test_other_models_are_named():
    lifters = load_two_branch().lifter
    lifters.pose_net = nn.Identity()
    with pytest.raises(ValueError, match='ONNX export of Identity is not there: only temporal convolutions'):
        graphs_of(lifters)
    released = load_two_branch().bottom_up
    released.joint_transform = nn.Identity()
    with pytest.raises(ValueError, match='a bottom-up network with joint_transform'):
        graphs_of(released)
    assert list(graphs_of(LinearIntegration())) == ['integration']
    with pytest.raises(ValueError, match='ONNX export knows no Linear; see docs/onnx.md'):
        graphs_of(nn.Linear(1, 1))

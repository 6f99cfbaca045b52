"""Which graphs a model has."""

from __future__ import annotations

from functools import partial

from torch import nn

from mmp3d.models.estimators import (
    BottomUpDepthEstimator,
    IntegrationEstimator,
    MultiPersonTopDownEstimator,
    PoseLiftingEstimator,
    TwoBranchEstimator,
)
from mmp3d.models.integration import HardIntegration, IntegrationNet, LinearIntegration
from mmp3d.models.lifters.pose_gcn import POSE_UNIT
from mmp3d.models.lifters.temporal_lifter import TemporalLifter
from mmp3d.onnx.examples import cell_example, clip_example, crop_example, image_example, map_example, pair_example
from mmp3d.onnx.graphs import (
    BottomUpGraph,
    CandidatesGraph,
    Graph,
    IntegrationGraph,
    LiftingGraph,
    PeopleGraph,
    TopDownGraph,
    WindowsGraph,
)
from mmp3d.pipeline.two_branch import TwoBranchPipeline

IMAGE = {0: 'images', 2: 'height', 3: 'width'}
MAPS = {0: 'images', 2: 'map_height', 3: 'map_width'}
TAGS = {0: 'images', 3: 'map_height', 4: 'map_width'}
PEOPLE, PEOPLE_OF_IMAGES = {0: 'people'}, {0: 'images', 1: 'people'}
CLIP = {0: 'clips', 1: 'frames'}
PEOPLE_COLUMNS = tuple(
    f'people_{name}' for name in ('keypoints', 'keypoint_scores', 'bbox_scores', 'relative_depths', 'root_depths')
)


def graphs_of(model: nn.Module | TwoBranchPipeline) -> dict[str, Graph]:
    """The graphs of a model by name.

    Args:
        model: A bottom-up, top-down, lifting, integration or two-branch model of this package, an integration rule, or
            the stages of a pipeline.

    Raises:
        ValueError: It is another model, or has a part that is not exported; names it.
    """
    if isinstance(model, TwoBranchEstimator):
        return graphs_of(model.pipeline)
    if isinstance(model, TwoBranchPipeline):
        stages = model.stages
        parts = [model.networks.top_down, stages.bottom_up and stages.bottom_up.network]
        parts += [stages.lifter and stages.lifter.networks, stages.integration.network]
        return {name: graph for part in parts if part is not None for name, graph in graphs_of(part).items()}
    if isinstance(model, BottomUpDepthEstimator):
        return _bottom_up(model)
    if isinstance(model, MultiPersonTopDownEstimator):
        tags = {'tags': TAGS} if model.head.multi_person else {}
        example = partial(crop_example, input_size=model.head.decoder.input_size)
        return {'top_down': Graph(TopDownGraph(model), {'crops': IMAGE}, {'heatmaps': MAPS, **tags}, example)}
    if isinstance(model, PoseLiftingEstimator):
        return _lifting(model)
    if isinstance(model, IntegrationEstimator):
        return graphs_of(model.network)
    if isinstance(model, (HardIntegration, IntegrationNet, LinearIntegration)):
        names = ('top_down', 'bottom_up', 'top_down_scores', 'bottom_up_scores')
        inputs, outputs = dict.fromkeys(names, PEOPLE), {'keypoints_cam': PEOPLE}
        units = {'keypoints_cam': POSE_UNIT}
        return {'integration': Graph(IntegrationGraph(model), inputs, outputs, pair_example, units)}
    raise ValueError(f'ONNX export knows no {type(model).__name__}; see docs/onnx.md for what it takes')


def _bottom_up(model: BottomUpDepthEstimator) -> dict[str, Graph]:
    if model.joint_transform is not None:
        raise ValueError("ONNX export of a bottom-up network with joint_transform (the authors' release) is not there")
    head, codec = model.head, model.head.codec
    people = {'keypoints': PEOPLE_OF_IMAGES, 'scores': PEOPLE_OF_IMAGES} if model.combined_heatmap else {}
    maps = {'heatmaps': MAPS, 'tags': TAGS, 'relative_depths': MAPS, 'root_depths': MAPS}
    of_one = {name: {axis - 1: size for axis, size in axes.items() if axis} for name, axes in maps.items()}
    of_one['tags'][1] = 'tag_sizes'
    return {
        'bottom_up': Graph(
            BottomUpGraph(model),
            {'image': IMAGE, **people},
            maps,
            partial(image_example, input_size=codec.input_size, combined_heatmap=model.combined_heatmap),
        ),
        'bottom_up_candidates': Graph(
            CandidatesGraph(codec),
            {name: of_one[name] for name in ('heatmaps', 'tags', 'root_depths')},
            dict.fromkeys(('scores', 'cells', 'tags_at_cells', 'log_scales'), {}),
            lambda number: tuple(part for place, part in enumerate(map_example(number, codec, head)) if place != 2),
        ),
        'bottom_up_people': Graph(
            PeopleGraph(codec, head.refiner),
            {'cells': PEOPLE, **of_one},
            dict.fromkeys((*PEOPLE_COLUMNS, *(['people_root_errors'] if head.refiner is not None else [])), PEOPLE),
            partial(cell_example, codec=codec, head=head),
            {'people_relative_depths': codec.depths.relative_depth_scale},
        ),
    }


def _lifting(model: PoseLiftingEstimator) -> dict[str, Graph]:
    temporal = [net for net in (model.pose_net, model.depth_net) if net is not None]
    for net in temporal:
        if not isinstance(net, TemporalLifter):
            raise ValueError(
                f'ONNX export of {type(net).__name__} is not there: only temporal convolutions are exported'
            )
    nets = {'gcn': 'frame_poses', 'pose_net': 'poses', 'depth_net': 'depths'}
    outputs = {said: CLIP for name, said in nets.items() if getattr(model, name) is not None}
    inputs, units = {'rays': CLIP, 'scores': CLIP}, dict.fromkeys([*outputs, 'keypoints_cam'], POSE_UNIT)
    context = max([1, *(net.receptive_field for net in temporal)])
    graphs = {
        'lifting_windows': Graph(
            WindowsGraph(model), inputs, outputs, partial(clip_example, shortest=context + 1), units
        )
    }
    if model.gcn is None and model.pose_net is None:
        return graphs
    # Not one frame alone: the temporal networks take another form for a single window.
    example = partial(clip_example, shortest=2)
    return {**graphs, 'lifting': Graph(LiftingGraph(model), inputs, {'keypoints_cam': CLIP}, example, units)}

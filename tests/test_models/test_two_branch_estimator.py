"""The whole system as a model on a data set whose people are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import nn

from mmp3d import register_all_modules
from mmp3d.geometry import Camera
from mmp3d.models.estimators import TwoBranchEstimator
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import CLOSE, Recipe
from tests.test_models.scenes import small_model
from tests.test_pipeline.two_branch_scenes import PLAIN, KnownLifter

register_all_modules()
METRICS = [dict(type='AP25root', first_rectangle=True), dict(type='PCK'), dict(type='PCKabs'), dict(type='Tracking3D')]
SCORES = ('AP25root/AP', 'PCK/all', 'PCKabs/all', 'Tracking3D/IDF1')


@pytest.fixture(scope='module')
def loader(tmp_path_factory):
    """MuPoTS-3D's layout, two sequences of eight frames, with the annotated people's projection as given 2D poses."""
    root = tmp_path_factory.mktemp('data') / 'MuPoTS'
    generate(Recipe('mupots', 2, frames=8, people=(2, 2), size=(320, 192), seed=4, interactions=CLOSE), root)
    config = dict(
        batch_size=1,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        batch_sampler=dict(type='ClipBatchSampler'),
        dataset=dict(
            type='MuPoTSDataset',
            data_root=str(root),
            annotation_cache=False,
            pipeline=[_give_exact_poses, dict(type='PackMultiPersonInputs', with_ground_truth=True)],
        ),
    )
    return Runner.build_dataloader(config)


def _give_exact_poses(item):
    item['input_keypoints'] = item['camera'].project(item['keypoints_cam']).astype(np.float32)
    item['input_keypoint_scores'] = np.ones(item['keypoints_cam'].shape[:2], np.float32)
    return item


class AnnotatedBottomUp(nn.Module):
    """Says what is annotated in the image of each sample, nearer or farther by a factor."""

    def __init__(self, loader, factor=1.0):
        super().__init__()
        self.factor, self.anything, self.looked_at = factor, nn.Parameter(torch.zeros(1)), 0
        self.items = {(item['img_shape'], item['frame_id'], item['seq_name']): item for item in items_of(loader)}

    def data_preprocessor(self, data, training):
        return data

    def start_test(self, data):
        samples = []
        for sample in data['data_samples']:
            self.looked_at += 1
            camera = Camera.from_dict(sample.metainfo['camera'])
            item = next(i for i in self.items.values() if _same_picture(i, sample, camera))
            points = item['keypoints_cam_univ'] * self.factor
            sample = PoseDataSample()
            sample.pred_instances = InstanceData(
                keypoints=camera.project(points).astype(np.float32),
                keypoint_scores=np.ones(points.shape[:2], np.float32),
                keypoints_cam=points,
                bbox_scores=np.ones(len(points), np.float32),
            )
            samples.append(sample)
        return lambda: samples


def _same_picture(item, sample, camera):
    return item['frame_id'] == sample.metainfo['frame_id'] and np.allclose(item['camera'].K, camera.K)


def items_of(loader):
    return [loader.dataset.get_data_info(index) for index in range(len(loader.dataset))]


def people_of(loader, name='keypoints_cam'):
    return np.concatenate([item[name] for item in items_of(loader)])


def known_system(loader, upper=1.0, lower=1.0, **options):
    lifter = KnownLifter(people_of(loader), upper, items_of(loader)[0]['camera'])
    # By what it is asked for: the 2D of the true pose; what it answers: the universal skeleton that is scored.
    lifter.truth = torch.from_numpy(people_of(loader, 'keypoints_cam_univ'))
    rays = [item['camera'].normalize(item['camera'].project(item['keypoints_cam'])) for item in items_of(loader)]
    lifter.places = torch.from_numpy(np.concatenate(rays)).float()
    return TwoBranchEstimator(
        lifter,
        AnnotatedBottomUp(loader, lower),
        dict(type='LinearIntegration'),
        bottom_up_pipeline=PLAIN,
        **options,
    ).eval()


def measured(system, loader):
    evaluator = Evaluator(METRICS)
    evaluator.dataset_meta = loader.dataset.metainfo
    for batch in loader:
        evaluator.process(system.test_step(batch), batch)
    return evaluator.evaluate(len(loader.dataset))


def test_networks_that_know_the_truth_score_everything(loader):
    scores = measured(known_system(loader), loader)
    assert [scores[name] for name in SCORES] == pytest.approx([100] * 4)


def test_a_factor_of_depth_in_each_branch_is_seen_by_the_metrics_that_see_depth(loader):
    # A twentieth nearer and a twentieth farther meet in the middle; twice the distance is beyond every tolerance.
    scores = measured(known_system(loader, 0.95, 1.05, settings=dict(min_similarity=0.0)), loader)
    assert [scores[name] for name in SCORES] == pytest.approx([100] * 4)
    scores = measured(known_system(loader, 2.0, settings=dict(branches='top_down')), loader)
    assert scores['AP25root/AP'] == scores['PCKabs/all'] == 0


def test_samples_are_those_of_the_data_set_in_order(loader):
    batch = next(iter(loader))
    samples = known_system(loader).test_step(batch)
    assert [sample.frame_id for sample in samples] == list(range(8))
    for sample in samples:
        assert sample.pred_instances.source.tolist() == ['both', 'both'] and len(sample.gt_instances) == 2


def test_a_run_leaves_stages_that_the_next_one_reads(loader, tmp_path):
    first, second = (known_system(loader, stage_dir=str(tmp_path)) for _ in range(2))
    assert measured(first, loader) == measured(second, loader)
    assert first.bottom_up.looked_at == 16 and second.bottom_up.looked_at == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ['TS1-0', 'TS2-0']


def test_parts_are_built_from_configs(tmp_path):
    tcn = dict(stem_channels=8, kernel_sizes=(3,))
    lifter = dict(
        type='PoseLiftingEstimator',
        pose_net=dict(type='TemporalPoseNet', use_poses=False, backbone=tcn),
        depth_net=dict(type='TemporalDepthNet', backbone=tcn),
    )
    integration = dict(type='IntegrationEstimator', network=dict(type='IntegrationNet', hidden_channels=8))
    parts = dict(lifter=lifter, bottom_up=small_model(), bottom_up_pipeline=PLAIN)
    system = MODELS.build(dict(type='TwoBranchEstimator', integration=integration, **parts))
    assert type(system.integration).__name__ == 'IntegrationNet' and system.lifter.cfg.model.type == lifter['type']
    file = tmp_path / 'integration.pth'
    torch.save({'state_dict': MODELS.build(integration).state_dict()}, file)
    loaded = TwoBranchEstimator(integration=dict(**integration, checkpoint=str(file)), **parts)
    weights = torch.load(file, weights_only=True)['state_dict']['network.layers.0.weight']
    assert torch.equal(loaded.integration.layers[0].weight, weights)
    assert {name.split('.')[0] for name in system.state_dict()} == {'lifter', 'bottom_up', 'integration'}


def test_nobody_in_a_data_set_without_given_poses(loader):
    system = known_system(loader)
    system.bottom_up.items = {0: dict(items_of(loader)[0], keypoints_cam_univ=np.zeros((0, 17, 3), np.float32))}
    system.bottom_up.start_test = lambda data: lambda: [
        PoseDataSample(pred_instances=InstanceData(
            keypoints=np.zeros((0, 17, 2)), keypoint_scores=np.zeros((0, 17)), keypoints_cam=np.zeros((0, 17, 3)),
            bbox_scores=np.zeros(0)))
        for _ in data['data_samples']
    ]  # fmt: skip
    batch = next(iter(loader))
    for sample in batch['data_samples']:
        del sample.input_instances
    assert [len(sample.pred_instances) for sample in system.test_step(batch)] == [0] * 8


def test_an_assumed_camera_is_recorded(loader):
    batch = next(iter(loader))
    for sample in batch['data_samples']:
        sample.set_metainfo(dict(camera=None))
    samples = known_system(loader, settings=dict(branches='top_down')).test_step(batch)
    assert {sample.camera['source'] for sample in samples} == {'assumed'}


def test_mistakes_are_named(loader):
    with pytest.raises(ValueError, match='model.lifter: needs "type", or "config"'):
        TwoBranchEstimator(lifter={})
    with pytest.raises(ValueError, match='no test_dataloader.*bottom_up_pipeline'):
        TwoBranchEstimator(bottom_up=small_model()).pipeline  # noqa: B018
    with pytest.raises(ValueError, match=r"model.settings: unknown fields \['colour'\]"):
        known_system(loader, settings=dict(colour=1)).pipeline  # noqa: B018
    with pytest.raises(ValueError, match='only predicts.*train its parts'):
        known_system(loader).forward(None, [], 'loss')
    batch = next(iter(loader))
    camera = dict(batch['data_samples'][3].camera)
    batch['data_samples'][3].set_metainfo(dict(camera={**camera, 'K': (np.array(camera['K']) * 1.1).tolist()}))
    with pytest.raises(ValueError, match='TS1, frame 3: has other intrinsics'):
        known_system(loader).test_step(batch)

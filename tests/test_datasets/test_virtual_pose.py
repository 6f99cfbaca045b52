"""Items are exact, a function of their index alone, and reach networks by every way that mmengine has."""

from functools import partial

import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate, pseudo_collate
from mmengine.model import BaseModel
from mmengine.registry import FUNCTIONS, DefaultScope
from mmengine.runner import Runner
from mmpose.registry import DATASETS
from torch.utils.data import DataLoader

from mmp3d.datasets import FreshIndexSampler, VirtualPoseDataset, collate_drawn_items
from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.synthetic.motion_split import files_of_split
from tests.shared_data import shared_path
from tests.test_synthetic.bvh_text import bvh_text

ROOT = MUPOTS17.root_index
PERSON_FIELDS = dict(
    keypoints=(17, 2), keypoint_scores=(17,), keypoints_norm=(17, 2), keypoints_gt=(17, 2), keypoints_visible=(17,),
    keypoints_occluded=(17,), keypoints_cam=(17, 3), keypoints_3d=(17, 3), keypoints_3d_valid=(17,), root_cam=(3,),
    root_depth_norm=(), frame_valid=())  # fmt: skip
CAMERA_FIELDS = dict(K=(3, 3), R=(3, 3), t=(3,), image_size=(2,), sample_idx=())


def dataset(**options):
    return VirtualPoseDataset(**{**dict(num_items=40, clip_length=5, num_procedural=4), **options})


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize(('people', 'lead'), [(1, ()), (2, (2,)), ((1, 3), (3,))])
def test_fields_have_their_shapes_and_are_finite(people, lead):
    item = dataset(num_people=people)[3]
    shapes = {key: tuple(value.shape) for key, value in item.items()}
    expected = {key: (*lead, 5, *shape) for key, shape in PERSON_FIELDS.items()}
    assert shapes == {**expected, 'person_valid': lead, 'track_ids': lead, 'motion_ids': lead, **CAMERA_FIELDS}
    for key, value in item.items():
        assert value.dtype == (torch.int64 if key in ('track_ids', 'motion_ids', 'sample_idx') else torch.float32), key
        assert torch.isfinite(value).all(), key


def test_3d_joints_are_pictured_at_the_exact_2d_joints():
    batch = dataset(clip_length=3, num_people=2).__getitems__(range(200))
    for item in batch:
        camera = Camera(item['K'].numpy(), item['image_size'].numpy(), R=item['R'].numpy(), t=item['t'].numpy())
        pixels = camera.project(item['keypoints_cam'].numpy())
        near = (np.abs(pixels) < 1e4).all(axis=-1)
        assert near.mean() > 0.9
        assert np.abs(pixels - item['keypoints_gt'].numpy())[near].max() < 1e-3
        world = camera.camera_to_world(item['keypoints_cam'].numpy())
        assert world[..., 1].max() < 0.5


def test_derived_fields_follow_from_the_others():
    for item in dataset(num_people=(1, 3)).__getitems__(range(30)):
        cam, focal = item['keypoints_cam'], item['K'][0, 0]
        assert torch.equal(item['root_cam'], cam[..., ROOT, :])
        assert torch.equal(item['keypoints_3d'], cam - cam[..., [ROOT], :])
        torch.testing.assert_close(item['root_depth_norm'], cam[..., ROOT, 2] / focal)
        found = item['keypoint_scores'] > 0
        rays = (item['keypoints'] - item['K'][:2, 2]) / focal
        torch.testing.assert_close(item['keypoints_norm'][found], rays[found], atol=1e-6, rtol=1e-5)
        assert not item['keypoints_norm'][~found].any() and not item['keypoints'][~found].any()
        assert not (found & (item['keypoints_visible'] == 0)).any()


def test_who_is_not_there_is_zero_and_not_valid():
    counts = set()
    for item in dataset(num_people=(1, 3)).__getitems__(range(30)):
        absent = item['person_valid'] == 0
        counts.add(int((~absent).sum()))
        assert torch.equal(item['track_ids'] < 0, absent)
        for key in PERSON_FIELDS:
            assert not item[key][absent].any(), key
        assert item['keypoints_3d_valid'][~absent].all()
    assert counts == {1, 2, 3}


def test_exact_2d_is_the_truth_wherever_it_is_in_the_picture():
    item = dataset(exact_2d=True)[0]
    assert torch.equal(item['keypoint_scores'], item['keypoints_visible'])
    found = item['keypoint_scores'] > 0
    assert torch.equal(item['keypoints'][found], item['keypoints_gt'][found])


def test_occluded_joints_are_found_less_well():
    stacked = dataset(noise=dict(joint_sets=dict(mupots17=1))).__getitems__(range(400)).stacked
    found, occluded = stacked['keypoint_scores'] > 0, stacked['keypoints_occluded'] > 0
    error = (stacked['keypoints'] - stacked['keypoints_gt']).norm(dim=-1)
    inside = stacked['keypoints_visible'] > 0
    assert error[found & occluded].median() > 2 * error[found & ~occluded].median()
    assert found[inside & occluded].float().mean() < found[inside & ~occluded].float().mean() - 0.1
    assert (
        stacked['keypoint_scores'][found & occluded].mean() < stacked['keypoint_scores'][found & ~occluded].mean() - 0.2
    )


@pytest.mark.parametrize('people', [1, (1, 3)])
def test_an_item_is_the_same_alone_in_any_batch_and_in_another_copy(people):
    data, copy = dataset(num_people=people), dataset(num_people=people)
    batch = data.__getitems__(range(40))
    backwards = copy.__getitems__(list(range(39, -1, -1)))
    assert all(same(batch[index], backwards[39 - index]) for index in range(40))
    assert same(data[7], batch[7]) and same(copy[-1], batch[39]) and same(data[47], copy.__getitems__([3, 47])[1])
    assert not torch.equal(batch[7]['keypoints'], data[47]['keypoints'])


def test_other_seeds_and_splits_are_other_items():
    cameras = [dataset(**options).__getitems__(range(40)).stacked['K'] for options in (
        {}, dict(seed=1), dict(seed=2), dict(motion_split='train'), dict(motion_split='val'))]  # fmt: skip
    focal = torch.stack(cameras)[:, :, 0, 0].flatten()
    assert len(focal.unique()) == len(focal)


def runner_loader(data, workers=0, **collate):
    cfg = dict(
        batch_size=8, num_workers=workers, persistent_workers=workers > 0, dataset=data,
        sampler=dict(type='FreshIndexSampler'), **collate)  # fmt: skip
    with DefaultScope.overwrite_default_scope('mmpose'):
        return Runner.build_dataloader(cfg, seed=0)


def test_every_epoch_is_new_with_persistent_workers_and_the_same_without_workers():
    data = dataset(clip_length=2)
    collate = dict(collate_fn=dict(type='collate_drawn_items'))
    seen = {}
    for workers in (0, 2):
        loader = runner_loader(data, workers, **collate)
        epochs = []
        for epoch in range(2):
            loader.sampler.set_epoch(epoch)
            epochs.append(torch.cat([batch['keypoints'] for batch in loader]))
        seen[workers] = epochs
    assert all(torch.equal(one, other) for one, other in zip(seen[0], seen[2], strict=True))
    both = torch.cat(seen[0])[:, 0, :, 0]
    assert len(both.unique(dim=0)) == 80
    assert torch.equal(seen[0][1], data.__getitems__(range(40, 80)).stacked['keypoints'])


class Recorder(BaseModel):
    """Learns nothing and remembers which items it was given."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.numbers = []

    def forward(self, keypoints, sample_idx, mode, **fields):
        self.numbers += sample_idx.tolist()
        return dict(loss=self.weight * keypoints.mean())


def test_training_with_mmengine_goes_on_to_new_items(tmp_path):
    model = Recorder()
    Runner(
        model=model,
        work_dir=str(tmp_path),
        train_dataloader=dict(
            batch_size=20, num_workers=0, dataset=dataset(), sampler=dict(type='FreshIndexSampler'),
            collate_fn=dict(type='collate_drawn_items')),
        train_cfg=dict(by_epoch=True, max_epochs=3),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_scope='mmpose',
        default_hooks=dict(checkpoint=None, logger=None),
        log_level='ERROR',
    ).train()  # fmt: skip
    assert model.numbers == list(range(120))


def test_ranks_share_an_epoch_between_them(monkeypatch):
    data = dataset()
    numbers = []
    for rank in range(3):
        monkeypatch.setattr('mmengine.dataset.sampler.get_dist_info', partial(tuple, (rank, 3)))
        sampler = FreshIndexSampler(data, seed=0)
        sampler.set_epoch(2)
        numbers += list(sampler)
        assert len(sampler) == 14
    assert set(numbers) == set(range(80, 120))


def test_all_collates_give_the_same_batch():
    data = dataset()
    batch = data.__getitems__([5, 6, 45])
    stacked = FUNCTIONS.get('collate_drawn_items')(batch)
    assert same(stacked, default_collate(batch))
    assert all(torch.equal(torch.stack(values), stacked[key]) for key, values in pseudo_collate(batch).items())
    unbatched = next(iter(DataLoader(data, 3, collate_fn=default_collate)))
    assert same(unbatched, collate_drawn_items(data.__getitems__(range(3))))
    with pytest.raises(IndexError):
        batch[3]
    with pytest.raises(ValueError, match='needs the batch that VirtualPoseDataset draws, got list'):
        collate_drawn_items(list(batch))


def test_a_validation_set_is_the_same_every_time_with_pipeline_and_indices():
    cfg = dict(type='VirtualPoseDataset', num_items=40, num_procedural=4, motion_split='val', test_mode=True)
    one, other = DATASETS.build(cfg), DATASETS.build({**cfg, 'indices': [4, 2]})
    assert len(one) == 40 and len(other) == 2
    assert same(other[0], one[4]) and same(other[1], one[2]) and same(other[3], one[42])
    piped = DATASETS.build({**cfg, 'pipeline': [lambda item: dict(only=item['keypoints'])]})
    assert list(piped[1]) == ['only'] and [list(item) for item in piped.__getitems__([1, 2])] == [['only']] * 2
    assert one.metainfo['num_keypoints'] == 17


def test_motion_of_a_folder_by_split_and_shorter_than_the_clip(tmp_path):
    (tmp_path / 'turn.bvh').write_text(bvh_text([{'LeftArm': (10 * i, 0, 0)} for i in range(6)]))
    (tmp_path / 'still.bvh').write_text(bvh_text([{}] * 3))
    options = dict(motion_folders=str(tmp_path), val_fraction=0.5, num_procedural=0, clip_length=60)
    assert dataset(**options).bank.names == ('still.bvh', 'turn.bvh')
    assert dataset(**options, motion_split='train').bank.names == ('turn.bvh',)
    val = dataset(**options, motion_split='val', motion=dict(short_motion='hold', tempo=(1, 1)))
    assert val.bank.names == ('still.bvh',)
    item = val[0]
    assert 5 <= item['frame_valid'].sum() <= 7
    assert torch.equal(item['keypoints_3d_valid'], item['frame_valid'][:, None].expand(60, 17))
    both = dataset(motion_folders=[tmp_path], num_procedural=2)
    assert len(both.bank) == 4


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(num_items=0), 'num_items'),
        (dict(clip_length=2.5), 'clip_length'),
        (dict(seed=-1), 'seed'),
        (dict(fps=0), 'fps'),
        (dict(num_people=0), 'num_people'),
        (dict(motion_split='test'), 'motion_split'),
        (dict(num_procedural=0), 'give motion_folders'),
        (dict(cameras=dict(heigth=(1, 2))), r"cameras: unknown fields \['heigth'\]"),
        (dict(noise=dict(miss=2)), 'miss'),
        (dict(motion=dict(tempo=(0, 1))), 'tempo'),
    ],
)
def test_options_out_of_range_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        dataset(**options)


def test_folders_without_motion_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere'):
        dataset(motion_folders=tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match='holds no file'):
        dataset(motion_folders=tmp_path)
    (tmp_path / 'broken.bvh').write_text(bvh_text([{}, {'LeftArm': ('nan', 0, 0)}]))
    with pytest.raises(ValueError, match='broken.bvh'):
        dataset(motion_folders=tmp_path)


def test_real_motion_is_split_by_file():
    folder = shared_path('mocap/bandai_namco_1')
    names = {split: {file.name for file in files_of_split(folder, split, 0.1)} for split in ('train', 'val')}
    assert not names['train'] & names['val']
    assert len(names['train']) + len(names['val']) == 174
    assert 8 < len(names['val']) < 30
    val = dataset(motion_folders=folder, motion_split='val', num_procedural=0)
    assert set(val.bank.names) == names['val']
    scores = val.__getitems__(range(100)).stacked['keypoint_scores']
    assert 0.5 < (scores > 0).float().mean() < 0.95


@pytest.mark.parametrize('share', [0.0, 1.0])
def test_every_second_person_may_stand_face_to_face_with_the_one_before(share):
    scene = dict(face_to_face=share, pair_distance=(600, 900))
    items = dataset(num_people=2, clip_length=1, scene=scene, num_items=200)
    stacked = items.__getitems__(range(200)).stacked
    floor = (stacked['keypoints_cam'][:, :, 0] @ stacked['R'][:, None])[..., [0, 2]]
    across = sum(
        floor[:, :, MUPOTS17.joint_names.index(f'right_{joint}')]
        - floor[:, :, MUPOTS17.joint_names.index(f'left_{joint}')]
        for joint in ('hip', 'shoulder')
    )
    front = torch.stack([-across[..., 1], across[..., 0]], dim=-1)
    apart = floor[:, 1, ROOT] - floor[:, 0, ROOT]
    towards = torch.stack([apart, -apart], dim=1)
    straight = torch.nn.functional.cosine_similarity(front, towards, dim=-1) > 0.7
    distance = apart.norm(dim=-1)
    if share:
        assert straight.float().mean() > 0.98
        assert ((distance > 599) & (distance < 901)).float().mean() > 0.95
    else:
        assert straight.float().mean() < 0.4

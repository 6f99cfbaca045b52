"""The bottom-up branch on frames, as its own config tests it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose, pseudo_collate

from mmp3d import register_all_modules
from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.pipeline import ClipFrame
from mmp3d.pipeline.bottom_up import BottomUpBranch
from mmp3d.pipeline.clip_frames import Chunk
from tests.test_models.scenes import SIZE, small_model

register_all_modules()
PIPELINE = [
    dict(type='LoadMultiPersonImage'),
    dict(type='BottomupResize', input_size=SIZE, size_factor=16, resize_mode='expand', pad_val=(114, 114, 114)),
    dict(type='WarpInputPoses'),
    dict(type='PackMultiPersonInputs', with_ground_truth=True),
]
CAMERA = Camera.from_fov(60, (96, 72))
FIELDS = ('keypoints', 'keypoint_scores', 'keypoints_cam', 'bbox_scores')


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(0)
    return small_model().eval()


def scene(sizes=((72, 96),) * 3, people=2):
    rng = np.random.default_rng(0)
    frames = [
        ClipFrame(number, None if size is None else rng.integers(0, 255, (*size, 3), np.uint8))
        for number, size in enumerate(sizes)
    ]
    poses = [
        dict(keypoints=rng.uniform(5, 70, (people, 17, 2)).astype(np.float32),
             keypoint_scores=np.ones((people, 17), np.float32))
        for _ in sizes
    ]  # fmt: skip
    return Chunk(0, frames), poses


def find(branch, chunk, poses):
    with ThreadPoolExecutor(1) as helper:
        return branch.start(chunk, poses, CAMERA, helper)()


def directly(model, image, poses):
    item = dict(img=image, img_path='', camera=CAMERA, flip_indices=MUPOTS17.flip_indices.tolist())
    if poses is not None:
        item.update(input_keypoints=poses['keypoints'], input_keypoint_scores=poses['keypoint_scores'])
    with torch.no_grad():
        return model.test_step(pseudo_collate([Compose(PIPELINE)(item)]))[0].pred_instances


@pytest.mark.parametrize('fed', [True, False])
def test_people_are_those_of_the_network_on_its_own_pipeline(model, fed):
    chunk, poses = scene()
    found = find(BottomUpBranch(model, PIPELINE, batch_size=1), chunk, poses if fed else None)
    assert len(found) == 3 and any(len(people['keypoints']) for people in found)
    for people, image, given in zip(found, chunk.images, poses, strict=True):
        expected = directly(model, image, given if fed else None)
        assert len(people['keypoints']) == len(expected)
        for name in FIELDS:
            np.testing.assert_array_equal(people[name], expected[name])


def test_images_of_several_sizes_and_one_that_cannot_be_read(model):
    chunk, poses = scene(((72, 96), None, (48, 96), (72, 96)))
    found = find(BottomUpBranch(model, PIPELINE), chunk, poses)
    assert len(found) == 4 and len(found[1]['keypoints']) == 0 and found[1]['keypoints_cam'].shape == (0, 17, 3)
    assert all(people[name].dtype == np.float32 for people in found for name in FIELDS)


def test_digest_tells_weights_and_transforms(model):
    digests = {BottomUpBranch(model, PIPELINE).digest(), BottomUpBranch(model, PIPELINE, batch_size=1).digest()}
    assert len(digests) == 1
    other = small_model()
    other.head.output.bias.data += 1
    digests |= {BottomUpBranch(other, PIPELINE).digest(), BottomUpBranch(model, PIPELINE[1:]).digest()}
    assert len(digests) == 3

"""mmpose's own inferencer runs the top-down branch: one person a box, with given boxes or behind mmdet's Mask R-CNN."""

from __future__ import annotations

from pathlib import Path

import mmdet
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.compat.checkpoint import publish_checkpoint
from mmp3d.datasets.person_boxes import PersonBoxDataset

CONFIG = Path(__file__).resolve().parents[2] / 'configs' / 'td_tiny_coco.py'
DETECTOR = Path(mmdet.__file__).parent / '.mim/configs/mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py'
HEIGHT, WIDTH = 96, 128
IMAGE = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


@pytest.fixture(scope='module')
def weights(tmp_path_factory) -> str:
    """Random weights of the config, published."""
    register_all_modules()
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp('weights')
    network = MODELS.build(Config.fromfile(CONFIG).model)
    network.init_weights()
    # Random maps are below the threshold everywhere; a bias makes every cell a joint.
    torch.nn.init.constant_(network.head.final_layer.bias, 0.5)
    meta = {'dataset_meta': parse_pose_metainfo(PersonBoxDataset.METAINFO)}
    torch.save({'state_dict': network.state_dict(), 'meta': meta}, folder / 'run.pth')
    publish_checkpoint(folder / 'run.pth', folder / 'td.pth', {}, trust=True)
    return str(folder / 'td.pth')


def inferencer(weights: str, detector: str):
    from mmpose.apis import MMPoseInferencer

    return MMPoseInferencer(
        pose2d=str(CONFIG), pose2d_weights=weights, det_model=detector, det_cat_ids=list(range(80)), device='cpu'
    )


def test_whole_image_shows_one_person(weights):
    result = next(inferencer(weights, 'whole_image')(IMAGE))
    (person,) = result['predictions'][0]
    assert np.shape(person['keypoints']) == (17, 2) and np.isfinite(person['keypoints']).all()
    np.testing.assert_allclose(person['bbox'][0], [0, 0, WIDTH, HEIGHT], atol=1)


def test_one_person_for_each_box_of_mask_rcnn(weights, tmp_path):
    config = Config.fromfile(DETECTOR)
    config.model.backbone.init_cfg = None
    config.model.test_cfg.rcnn.update(score_thr=0.0, max_per_img=20)  # random weights are sure of nothing
    next(step for step in config.test_dataloader.dataset.pipeline if step.type == 'Resize').scale = (WIDTH, HEIGHT)
    config.dump(tmp_path / 'detector.py')
    torch.manual_seed(0)
    stock = inferencer(weights, str(tmp_path / 'detector.py'))
    boxes = []
    detector, people = stock.inferencer.detector, stock.inferencer.forward
    assert detector is not None
    stock.inferencer.forward = lambda inputs, **options: (
        boxes.append(len(inputs['inputs'])) or people(inputs, **options)
    )
    result = next(stock(IMAGE, bbox_thr=0.0, nms_thr=1.0))
    assert boxes[0] > 1
    assert len(result['predictions'][0]) == boxes[0]

"""Stock mmdet Mask R-CNN R50 and stock mmpose HRNet-w32 run and train, from their own files through their own APIs.

Weights are random and pictures small: what is tested is that the environment that mmp3d sets up carries its hosts.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import mmdet
import mmpose
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData, PixelData
from torch import nn

import mmp3d  # noqa: F401  serves mmcv's ops
from mmp3d.compat.checkpoint import publish_checkpoint

DETECTOR = Path(mmdet.__file__).parent / '.mim/configs/mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py'
POSE = (
    Path(mmpose.__file__).parent
    / '.mim/configs/body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py'
)
HEIGHT, WIDTH = 128, 160


@pytest.fixture(scope='module')
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


@pytest.fixture
def detector_config() -> Config:
    """The stock config with the picture size of this test and without the backbone's download."""
    config = Config.fromfile(DETECTOR)
    config.model.backbone.init_cfg = None
    resize = next(step for step in config.test_dataloader.dataset.pipeline if step.type == 'Resize')
    resize.scale = (WIDTH, HEIGHT)
    return config


def one_step(model: nn.Module, data: dict) -> dict[str, torch.Tensor]:
    """Losses of one `train_step`, after checking that all are finite and that every head's weights moved."""
    model.train()
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    losses = model.train_step(data, OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.01)))
    assert all(torch.isfinite(loss).all() for loss in losses.values())
    heads = {name: value for name, value in model.named_parameters() if 'head' in name and name.endswith('weight')}
    assert heads and all(not torch.equal(before[name], value) for name, value in heads.items())
    return losses


def test_mask_rcnn_detects(image: np.ndarray, detector_config: Config) -> None:
    from mmdet.apis import inference_detector, init_detector

    torch.manual_seed(0)
    detector_config.model.test_cfg.rcnn.score_thr = 0.0  # random weights are sure of nothing
    model = init_detector(detector_config, None, device='cpu')
    instances = inference_detector(model, image).pred_instances
    assert 0 < len(instances) <= 100
    assert instances.bboxes.shape == (len(instances), 4)
    assert instances.masks.shape == (len(instances), HEIGHT, WIDTH)


def test_mask_rcnn_learns(detector_config: Config) -> None:
    from mmdet.registry import MODELS
    from mmdet.structures import DetDataSample
    from mmdet.structures.mask import BitmapMasks

    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(detector_config.model)
    sample = DetDataSample(
        metainfo={'img_shape': (HEIGHT, WIDTH), 'ori_shape': (HEIGHT, WIDTH), 'scale_factor': (1, 1)}
    )
    mask = np.zeros((1, HEIGHT, WIDTH), np.uint8)
    mask[0, 20:100, 30:90] = 1
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor([[30.0, 20, 90, 100]]), labels=torch.tensor([0]), masks=BitmapMasks(mask, HEIGHT, WIDTH)
    )
    image = torch.randint(0, 256, (3, HEIGHT, WIDTH), dtype=torch.uint8)
    losses = one_step(model, {'inputs': [image], 'data_samples': [sample]})
    assert {'loss_rpn_cls', 'loss_rpn_bbox', 'loss_cls', 'loss_bbox', 'loss_mask'} <= set(losses)


def test_hrnet_estimates(image: np.ndarray) -> None:
    from mmpose.apis import inference_topdown, init_model

    model = init_model(str(POSE), None, device='cpu')
    results = inference_topdown(model, image, np.array([[10, 5, 100, 120], [60, 20, 150, 110]], np.float32))
    assert [sample.pred_instances.keypoints.shape for sample in results] == [(1, 17, 2)] * 2


def test_hrnet_learns() -> None:
    from mmpose.registry import MODELS
    from mmpose.structures import PoseDataSample

    init_default_scope('mmpose')
    config = Config.fromfile(POSE)
    config.model.backbone.init_cfg = None
    sample = PoseDataSample(metainfo={'img_shape': (256, 192)})
    sample.gt_instance_labels = InstanceData(keypoint_weights=torch.ones(1, 17))
    sample.gt_fields = PixelData(heatmaps=torch.rand(17, 64, 48))
    image = torch.randint(0, 256, (3, 256, 192), dtype=torch.uint8)
    losses = one_step(MODELS.build(config.model), {'inputs': [image] * 2, 'data_samples': [sample] * 2})
    assert 'loss_kpt' in losses


def test_inferencer_draws_with_both(image: np.ndarray, detector_config: Config, tmp_path: Path) -> None:
    """`MMPoseInferencer` behind the detector, on a file that we published; its metainfo comes as lists, not arrays."""
    from mmpose.apis import MMPoseInferencer, init_model

    model = init_model(str(POSE), None, device='cpu')
    torch.save({'state_dict': model.state_dict(), 'meta': {'dataset_meta': model.dataset_meta}}, tmp_path / 'run.pth')
    publish_checkpoint(tmp_path / 'run.pth', tmp_path / 'hrnet.pth', {}, trust=True)
    detector_config.dump(tmp_path / 'detector.py')
    cv2.imwrite(str(tmp_path / 'picture.png'), image)
    inferencer = MMPoseInferencer(
        pose2d=str(POSE),
        pose2d_weights=str(tmp_path / 'hrnet.pth'),
        det_model=str(tmp_path / 'detector.py'),
        det_cat_ids=[0],
        device='cpu',
    )
    result = next(inferencer(str(tmp_path / 'picture.png'), return_vis=True, kpt_thr=-10.0))
    assert len(result['predictions'][0][0]['keypoints']) == 17
    drawing = np.asarray(result['visualization'][0])
    assert drawing.shape == image.shape and (drawing != image[..., ::-1]).any()

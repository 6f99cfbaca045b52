"""A very small bottom-up model and samples for it."""

import numpy as np
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.structures import PoseDataSample

from mmp3d.geometry import MUPOTS17, Camera

SIZE = (64, 48)
CODEC = dict(type='AssociativeEmbeddingDepth', input_size=SIZE, stride=2, root_depth_space='log', root_depth_mean=3.0)


def small_model(combined_heatmap=True, refiner=None, **test_cfg):
    model = MODELS.build(
        dict(
            type='BottomUpDepthEstimator',
            combined_heatmap=combined_heatmap,
            patch_size=4,
            data_preprocessor=dict(type='PoseDataPreprocessor', mean=[0.0] * 3, std=[255.0] * 3, bgr_to_rgb=True),
            backbone=dict(
                type='TinyUNet',
                in_channels=48 + 17 if combined_heatmap else 48,
                widths=(8, 16),
                encoder_blocks=(1, 1),
                decoder_blocks=(1,),
            ),
            head=dict(type='BottomUpDepthHead', in_channels=8, decoder=CODEC, refiner=refiner),
            test_cfg=test_cfg,
        )
    )
    model.init_weights()
    return model


def sample(people=2, seed=0, with_input=True, camera=True, with_3d=True):
    rng = np.random.default_rng(seed)
    codec = KEYPOINT_CODECS.build(CODEC)
    seen_by = Camera.from_fov(60, SIZE)
    keypoints = rng.uniform(0, 1, (people, 17, 2)) * SIZE
    points = seen_by.back_project(keypoints, rng.uniform(2000, 4000, (people, 17)))
    encoded = codec.encode(
        keypoints, np.ones((people, 17)), points if with_3d else None, np.ones((people, 17)), seen_by
    )
    data_sample = PoseDataSample(
        metainfo=dict(
            joints_annotated=np.ones(17, np.float32),
            flip_indices=MUPOTS17.flip_indices.tolist(),
            input_size=SIZE,
            input_center=np.array(SIZE) / 2,
            input_scale=np.array(SIZE, np.float32),
            ori_shape=SIZE[::-1],
            camera=seen_by.to_dict() if camera else None,
        )
    )
    mask = torch.ones(1, *encoded['heatmaps'].shape[1:])
    data_sample.gt_fields = PixelData(heatmaps=torch.from_numpy(encoded.pop('heatmaps')), heatmap_mask=mask)
    data_sample.gt_instance_labels = InstanceData(**encoded).to_tensor()
    if with_input:
        data_sample.input_instances = InstanceData(
            keypoints=torch.from_numpy(keypoints).float(), keypoint_scores=torch.ones(people, 17)
        )
    return data_sample, keypoints, points

"""Pack an item of the data contract for the models."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.datasets.transforms import PackPoseInputs
from mmpose.registry import TRANSFORMS

from mmp3d.datasets.ground_truth import ground_truth_instances
from mmp3d.geometry import Camera

META_KEYS = (
    'id', 'img_id', 'img_path', 'seq_name', 'frame_id', 'ori_shape', 'img_shape', 'input_size', 'input_center',
    'input_scale', 'flip', 'flip_direction', 'flip_indices', 'joints_annotated', 'dataset_name',
    'img_unreadable', 'action', 'crop_box', 'crop_score', 'crop_unusable', 'own_person_only')  # fmt: skip


@TRANSFORMS.register_module()
class PackMultiPersonInputs(PackPoseInputs):
    """mmpose's packing, and the camera, the input poses and ground truth with 3D.

    ``camera`` becomes metainfo in ``Camera.to_dict`` form, input poses become ``input_instances`` (tensors) and, at
    test, the ground truth ``gt_instances`` (numpy, the original image's pixels and camera).

    Args:
        meta_keys: Metainfo to keep where present.
        with_ground_truth: Pack ``gt_instances`` with all that metrics need; at training only targets are.
    """

    def __init__(self, meta_keys: Sequence[str] = META_KEYS, with_ground_truth: bool = False) -> None:
        super().__init__(meta_keys=meta_keys)
        self.with_ground_truth = with_ground_truth

    def transform(self, results: dict) -> dict | None:
        """Return ``inputs`` (3, h, w) uint8 and ``data_samples``; of an item without ``img`` the latter alone."""
        if results.get('img_reduction', 1) != 1:
            raise ValueError(
                f'{results.get("img_path")}: the image was loaded at 1/{results["img_reduction"]} of its size and no '
                'RandomBottomUpWarp followed; leave least_side of LoadMultiPersonImage out, or warp'
            )
        camera = results.pop('camera', None)
        results.setdefault('joints_annotated', np.ones(len(results.get('flip_indices', ())), np.float32))
        results['instance_mapping_table'] = {}
        image = results.get('img')
        if image is None:
            packed = super().transform(dict(results, img=np.zeros((1, 1, 3), np.uint8)))
            del packed['inputs']
        elif isinstance(image, np.ndarray):
            # mmpose's way from pixels to planes takes ten times as long; it is given one pixel instead.
            packed = super().transform(dict(results, img=image[:1, :1]))
            packed['inputs'] = torch.from_numpy(_planes(image))
        else:
            packed = super().transform(results)
        sample = packed['data_samples']
        if isinstance(camera, Camera):
            camera = camera.to_dict()
        sample.set_metainfo(dict(camera=camera))
        if 'input_keypoints' in results:
            sample.input_instances = InstanceData(
                keypoints=torch.from_numpy(results['input_keypoints']),
                keypoint_scores=torch.from_numpy(results['input_keypoint_scores']),
            )
        if self.with_ground_truth and 'keypoints_cam' in results:
            sample.gt_instances = ground_truth_instances(results)
        return packed


def _planes(image: np.ndarray) -> np.ndarray:
    """(h, w, C) to (C, h, w)."""
    planes = np.empty((image.shape[2], *image.shape[:2]), image.dtype)
    cv2.split(image, list(planes))
    return planes

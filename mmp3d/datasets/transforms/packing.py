"""Pack an item of the data contract for the models."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.datasets.transforms import PackPoseInputs
from mmpose.datasets.transforms.formatting import image_to_tensor
from mmpose.registry import TRANSFORMS

from mmp3d.datasets.ground_truth import ground_truth_instances
from mmp3d.datasets.packed_sample import PackedSample
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
        results.setdefault('joints_annotated', np.ones(len(results.get('flip_indices', ())), np.float32))
        sample = PackedSample()
        self._set_metainfo(sample, results)
        sample.gt_instances = InstanceData()
        labels = self._arrays(results, 'label_mapping_table')
        sample.gt_instance_labels = _instances(labels, results.get('img_path'))
        if fields := self._arrays(results, 'field_mapping_table'):
            sample.gt_fields = PixelData(**{name: torch.from_numpy(array) for name, array in fields.items()})
        if 'input_keypoints' in results:
            found = dict(keypoints=results['input_keypoints'], keypoint_scores=results['input_keypoint_scores'])
            sample.input_instances = _instances(found, results.get('img_path'))
        if self.with_ground_truth and 'keypoints_cam' in results:
            sample.gt_instances = ground_truth_instances(results)
        image = results.get('img')
        if image is None:
            return dict(data_samples=sample)
        # A list is a clip of images.
        inputs = torch.from_numpy(_planes(image)) if isinstance(image, np.ndarray) else image_to_tensor(image)
        return dict(inputs=inputs, data_samples=sample)

    def _arrays(self, results: dict, table: str) -> dict[str, np.ndarray]:
        """What the codec's table, or mmpose's own, names, under the names to be packed."""
        keys = results.get(table, getattr(self, table))
        found = {packed: results[key] for key, packed in keys.items() if key in results}
        if several := [name for name, value in found.items() if isinstance(value, list)]:
            raise ValueError(
                f'{results.get("img_path")}: {several} hold several arrays; PackMultiPersonInputs packs the targets of '
                'one codec, give GenerateTarget a single encoder or use PackPoseInputs'
            )
        return found

    def _set_metainfo(self, sample: PackedSample, results: dict) -> None:
        camera = results.pop('camera', None)
        values = {key: results[key] for key in self.meta_keys if key in results}
        values['camera'] = camera.to_dict() if isinstance(camera, Camera) else camera
        # One by one: set_metainfo copies all that is in a list, which an item has for itself already.
        for key, value in values.items():
            sample.set_field(value, key, field_type='metainfo')


def _instances(arrays: dict[str, np.ndarray], source: str | None) -> InstanceData:
    """Tensors of arrays with one row a person."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f'{source}: people of an image must be as many in all arrays, got {lengths}')
    instances = InstanceData()
    for name, array in arrays.items():
        # Setting an attribute compares it with all others, which took longer than all else here.
        instances.set_field(torch.from_numpy(array), name)
    return instances


def _planes(image: np.ndarray) -> np.ndarray:
    """(h, w, C) to (C, h, w)."""
    planes = np.empty((image.shape[2], *image.shape[:2]), image.dtype)
    cv2.split(image, list(planes))
    return planes

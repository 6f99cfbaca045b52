"""The bottom-up branch: image and person heatmaps in, people in camera space out.

Shapes: B images, N people, K joints, H W pixels of the input.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.structures import InstanceData
from mmpose.models.pose_estimators import BottomupPoseEstimator
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils.typing import SampleList
from torch import Tensor

from mmp3d.codecs.cells import cells_to_pixels
from mmp3d.codecs.heatmaps import render_person_heatmaps, resized
from mmp3d.geometry import MUPOTS17, Camera, metric_depth
from mmp3d.geometry.depth_confidence import TOLERANCE, root_confidence
from mmp3d.models.heads.bottom_up_depth_head import BottomUpMaps


@MODELS.register_module()
class BottomUpDepthEstimator(BottomupPoseEstimator):
    """mmpose's bottom-up estimator with input heatmaps, depth and a camera (paper, section 3.2).

    Each data sample may carry ``input_instances`` (``keypoints`` (M, K, 2) input px and ``keypoint_scores`` (M, K)),
    rendered here on the model's device, or ``input_fields.heatmaps`` (K, h, w) on the image grid, taken as they are. A
    sample with neither gives empty heatmaps.

    Args:
        combined_heatmap: Feed the network with person heatmaps beside the image; False is the paper's baseline "w/o
            CH". The backbone's ``in_channels`` must be 3 + K or 3 accordingly.
        patch_size: Fold the image into squares of this side, as channels, before the backbone: ``in_channels`` is then
            3 * patch_size ** 2 + K. For a backbone without a stem; its input heatmaps need not be enlarged.
        heatmap_sigma: Standard deviation of a rendered joint in input px.
        heatmap_stride: Input px per cell of the rendered maps before they are resized to the image.
        root_index: Index of the root joint.
        **kwargs: Those of ``BottomupPoseEstimator``. ``test_cfg`` takes ``flip_test`` (default False) and
            ``root_depth_error`` (default 0): the error to expect of a root depth, as a share of the distance; a
            refiner tells it for each person. A person's score is then multiplied by the probability that the root lies
            within ``root_tolerance`` mm (default 250) of the truth: of two people who are seen equally well the nearer
            one ranks first.
    """

    def __init__(
        self,
        *args,
        combined_heatmap: bool = True,
        patch_size: int = 1,
        heatmap_sigma: float = 4.0,
        heatmap_stride: int = 4,
        root_index: int = MUPOTS17.root_index,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.combined_heatmap = combined_heatmap
        self.patch_size = patch_size
        self.heatmap_sigma = heatmap_sigma
        self.heatmap_stride = heatmap_stride
        self.root_index = root_index

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict:
        """Losses of the head; ``inputs`` (B, 3, H, W) normalised image."""
        return self.head.loss(self._maps(inputs, self._person_heatmaps(inputs, data_samples)), data_samples)

    def predict(self, inputs: Tensor, data_samples: SampleList) -> SampleList:
        """People of each image, as ``pred_instances`` of the given samples (data contract; camera frame, mm).

        Args:
            inputs: (B, 3, H, W) normalised image.
            data_samples: Their metainfo gives ``camera``, ``input_size``, ``input_center`` and ``input_scale``; a
                sample without a camera gets an assumed one, which is recorded there. An image that could not be read
                (``img_unreadable``) has nobody in it.
        """
        maps = self._tested_maps(inputs, data_samples)
        maps = maps._replace(heatmaps=maps.heatmaps * self._inside_image(maps.heatmaps, data_samples))
        for sample, people in zip(data_samples, self.head.predict(maps), strict=True):
            if sample.metainfo.get('img_unreadable', False):
                people = people[:0]
            sample.pred_instances = self._in_camera_space(people, sample)
        return data_samples

    def measure(self, inputs: Tensor, data_samples: SampleList) -> list[InstanceData]:
        """People of each image in input px, before the refiner; what a ``PoseRefiner`` learns from.

        Args:
            inputs: (B, 3, H, W) normalised image.
            data_samples: Their metainfo gives ``flip_indices``; their input poses are used.

        Returns:
            See ``AssociativeEmbeddingDepth.decode``.
        """
        return self.head.measure(self._tested_maps(inputs, data_samples))

    def _tested_maps(self, inputs: Tensor, data_samples: SampleList) -> BottomUpMaps:
        person_heatmaps = self._person_heatmaps(inputs, data_samples)
        maps = self._maps(inputs, person_heatmaps)
        if not self.test_cfg.get('flip_test', False):
            return maps
        indices = list(data_samples[0].metainfo['flip_indices'])
        flipped = None if person_heatmaps is None else person_heatmaps.flip(-1)[:, indices]
        return maps.merged_with_flipped(self._maps(inputs.flip(-1), flipped), indices)

    def _forward(self, inputs: Tensor, data_samples: SampleList | None = None) -> BottomUpMaps:
        return self._maps(inputs, self._person_heatmaps(inputs, data_samples))

    def _maps(self, inputs: Tensor, person_heatmaps: Tensor | None) -> BottomUpMaps:
        if any(side % self.patch_size for side in inputs.shape[-2:]):
            raise ValueError(
                f'input of {inputs.shape[-1]} x {inputs.shape[-2]} px must be a multiple of patch_size '
                f'{self.patch_size}; set size_factor of BottomupResize accordingly'
            )
        inputs = F.pixel_unshuffle(inputs, self.patch_size)
        if person_heatmaps is not None:
            inputs = torch.cat([inputs, resized(person_heatmaps, inputs.shape[-2:]).to(inputs)], dim=1)
        # Convolutions are a third faster with the channels innermost, on processors and on GPUs under AMP.
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        return self.head(self.extract_feat(inputs), person_heatmaps)

    def _person_heatmaps(self, inputs: Tensor, samples: SampleList | None) -> Tensor | None:
        if not self.combined_heatmap:
            return None
        height, width = (side // self.heatmap_stride for side in inputs.shape[-2:])
        joints = self.head.num_keypoints
        samples = samples or [PoseDataSample() for _ in inputs]
        poses = [_input_poses(sample, inputs, joints) for sample in samples]
        keypoints, scores = zip(*poses, strict=True)
        maps = render_person_heatmaps(keypoints, scores, (width, height), self.heatmap_sigma, self.heatmap_stride)
        for index, sample in enumerate(samples):
            if 'input_fields' in sample:
                across, down = (side // self.heatmap_stride for side in sample.metainfo['input_size'])
                maps[index] = 0
                maps[index, :, :down, :across] = resized(sample.input_fields.heatmaps.to(maps)[None], (down, across))[0]
        return maps

    def _inside_image(self, heatmaps: Tensor, samples: SampleList) -> Tensor:
        """(B, 1, H, W) 1 where a cell shows the image: the padding was never learnt and may say anything."""
        height, width = heatmaps.shape[-2:]
        rows, columns = (
            cells_to_pixels(torch.arange(side, device=heatmaps.device), self.head.codec.stride)
            for side in (height, width)
        )
        masks = []
        for sample in samples:
            scale, offset = _input_to_image(sample)
            right, bottom = np.array(sample.metainfo['ori_shape'][1::-1]) - 0.5
            x, y = columns * scale[0] + offset[0], rows * scale[1] + offset[1]
            masks.append(((y > -0.5) & (y < bottom))[:, None] & ((x > -0.5) & (x < right))[None])
        return torch.stack(masks)[:, None].to(heatmaps)

    def _in_camera_space(self, people: InstanceData, sample: PoseDataSample) -> InstanceData:
        scale, offset = _input_to_image(sample)
        keypoints = people.keypoints * scale + offset
        camera = self._camera(sample)
        root_depth = metric_depth(people.root_depths, camera.focal / scale[0])
        points = camera.back_project(keypoints, root_depth[:, None] + people.relative_depths).astype(np.float32)
        root = points[:, self.root_index]
        scores = people.bbox_scores * self._root_confidence(root, people.get('root_errors'))
        found = InstanceData(
            keypoints=keypoints.astype(np.float32),
            keypoint_scores=people.keypoint_scores,
            keypoints_visible=people.keypoint_scores,
            keypoints_3d=points - root[:, None],
            root_cam=root,
            keypoints_cam=points,
            bboxes=_boxes(keypoints).astype(np.float32),
            bbox_scores=scores,
            track_ids=np.full(len(people), -1),
            source=np.full(len(people), 'bu', dtype='<U4'),
        )
        return found[np.argsort(-scores, kind='stable')]

    def _root_confidence(self, root: np.ndarray, errors: np.ndarray | None) -> np.ndarray:
        """(N,) probability that (N, 3) mm roots are right, given (N,) expected relative errors or none."""
        tolerance = self.test_cfg.get('root_tolerance', TOLERANCE)
        if errors is not None:
            return 1 - np.exp(-tolerance / (errors * np.linalg.norm(root, axis=-1)))
        return root_confidence(root, self.test_cfg.get('root_depth_error', 0.0), tolerance)

    def _camera(self, sample: PoseDataSample) -> Camera:
        known = sample.metainfo.get('camera')
        if known is not None:
            return Camera.from_dict(known)
        height, width = sample.metainfo['ori_shape'][:2]
        camera = Camera.assumed((width, height))
        warnings.warn(
            f'no camera given: assuming f = {camera.focal:.0f} px for images of {width} x {height}; depths are right '
            'only up to one common factor',
            stacklevel=2,
        )
        sample.set_metainfo(dict(camera=camera.to_dict()))
        return camera


def _input_to_image(sample: PoseDataSample) -> tuple[np.ndarray, np.ndarray]:
    """Scale (2,) and offset (2,) that bring input px to full-image px."""
    size, center, scale = (
        np.asarray(sample.metainfo[key], np.float64) for key in ('input_size', 'input_center', 'input_scale')
    )
    return scale / size, center - 0.5 * scale


def _input_poses(sample: PoseDataSample, like: Tensor, joints: int) -> tuple[Tensor, Tensor]:
    if 'input_instances' not in sample or not len(sample.input_instances):
        return like.new_zeros(0, joints, 2), like.new_zeros(0, joints)
    return sample.input_instances.keypoints.to(like), sample.input_instances.keypoint_scores.to(like)


def _boxes(keypoints: np.ndarray) -> np.ndarray:
    if not len(keypoints):
        return np.zeros((0, 4))
    return np.concatenate([keypoints.min(axis=1), keypoints.max(axis=1)], axis=1)

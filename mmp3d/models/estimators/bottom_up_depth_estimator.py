"""The bottom-up branch: image and person heatmaps in, people in camera space out.

Shapes: B images, N people, K joints, H W pixels of the input.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.structures import InstanceData
from mmpose.models.pose_estimators import BottomupPoseEstimator
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils.typing import OptConfigType, SampleList
from torch import Tensor

from mmp3d.codecs.heatmaps import render_person_heatmaps, resized
from mmp3d.geometry import MUPOTS17, Camera, metric_depth
from mmp3d.geometry.crop import cells_inside_image
from mmp3d.geometry.depth_confidence import TOLERANCE, root_confidence, told_root_confidence
from mmp3d.geometry.joint_order import joint_order
from mmp3d.models.heads.bottom_up_depth_head import BottomUpMaps

# What of the mirrored image's maps a flip test takes.
FLIP_OUTPUTS = ('all', 'tags')


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
        heatmap_least: Rendered heights below become 0.
        heatmap_scores: Render every joint as high as its score; False: those with a score above 0 with height 1.
        heatmap_joint_set: Joint set whose order the rendered maps have; of joints that MuPoTS-17 has.
        joint_transform: Network from the joints that the head finds to MuPoTS-17; None: the head finds these.
        root_index: Index of the root joint.
        **kwargs: Those of ``BottomupPoseEstimator``. ``test_cfg`` takes ``flip_test`` (default False): look at the
            mirrored image, too; ``flip_outputs``: average ``'all'`` of its maps (default), or take its ``'tags'``
            alone, without computing the others; ``flip_input_joints`` (default True): left and right change places in
            the mirrored input heatmaps; and ``root_depth_error`` (default 0): the error to expect of a root depth, as
            a share of the distance; a refiner tells it for each person. A person's score is then multiplied by the
            probability that the root lies within ``root_tolerance`` mm (default 250) of the truth: of two people who
            are seen equally well the nearer one ranks first.

    Raises:
        ValueError: ``flip_outputs`` or ``heatmap_joint_set`` is not one of those.
    """

    def __init__(
        self,
        *args,
        combined_heatmap: bool = True,
        patch_size: int = 1,
        heatmap_sigma: float = 4.0,
        heatmap_stride: int = 4,
        heatmap_least: float = 0.0,
        heatmap_scores: bool = True,
        heatmap_joint_set: str = MUPOTS17.name,
        joint_transform: OptConfigType = None,
        root_index: int = MUPOTS17.root_index,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        outputs = self.test_cfg.get('flip_outputs', 'all')
        if outputs not in FLIP_OUTPUTS:
            raise ValueError(f'test_cfg.flip_outputs must be one of {FLIP_OUTPUTS}, got {outputs!r}')
        self.combined_heatmap = combined_heatmap
        self.patch_size = patch_size
        self.heatmap_sigma = heatmap_sigma
        self.heatmap_stride = heatmap_stride
        self.heatmap_least = heatmap_least
        self.heatmap_scores = heatmap_scores
        self.heatmap_joints = joint_order(heatmap_joint_set)
        self.joint_transform = None if joint_transform is None else MODELS.build(joint_transform)
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
        return self._people(self._tested_maps(inputs, data_samples), data_samples)

    def forward(
        self, inputs: Tensor, data_samples: SampleList | None = None, mode: str = 'tensor'
    ) -> BottomUpMaps | SampleList | dict:
        """As in mmpose; ``mode='maps'``: what :meth:`predict` looks for people in."""
        if mode == 'maps':
            return self._tested_maps(inputs, data_samples)
        return super().forward(inputs, data_samples, mode)

    def start_test(self, data: dict) -> Callable[[], SampleList]:
        """The part of ``test_step`` that needs the network; the function that is given is the rest of it.

        The latter finds the people in the maps, in any thread, beside the network's work on the next batch.

        Args:
            data: A batch as ``data_preprocessor(batch, False)`` gives it, which may be another thread's work, too.
        """
        maps = self(**data, mode='maps')
        return partial(self._people, maps, data['data_samples'])

    def _people(self, maps: BottomUpMaps, data_samples: SampleList) -> SampleList:
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
        own = getattr(self.head, 'flip_indices', None)
        is_flipped = self.test_cfg.get('flip_test', False)
        indices = own or (data_samples[0].metainfo['flip_indices'] if is_flipped else ())
        return self.tested_maps(inputs, self._person_heatmaps(inputs, data_samples), indices)

    def tested_maps(self, inputs: Tensor, person_heatmaps: Tensor | None, flip_indices: Sequence[int]) -> BottomUpMaps:
        """The head's maps as ``test_cfg`` wants them: with a flip test, of the image and of the mirrored one.

        Args:
            inputs: (B, 3, H, W) normalised image.
            person_heatmaps: (B, K, h, w) on the image grid; None for a network without input heatmaps.
            flip_indices: (K,) joints of the mirrored image.
        """
        maps = self._maps(inputs, person_heatmaps)
        if not self.test_cfg.get('flip_test', False):
            return maps
        indices = list(flip_indices)
        flipped = inputs.flip(-1), None if person_heatmaps is None else self._flipped_heatmaps(person_heatmaps)
        if self.test_cfg.get('flip_outputs', 'all') == 'tags':
            return maps.with_flipped_tags(self.head.tag_maps(*self._features(*flipped)), indices)
        return maps.merged_with_flipped(self._maps(*flipped), indices)

    def _flipped_heatmaps(self, person_heatmaps: Tensor) -> Tensor:
        flipped = person_heatmaps.flip(-1)
        if not self.test_cfg.get('flip_input_joints', True):
            return flipped
        places = {joint: place for place, joint in enumerate(self.heatmap_joints)}
        return flipped[:, [places[MUPOTS17.flip_indices[joint]] for joint in self.heatmap_joints]]

    def _forward(self, inputs: Tensor, data_samples: SampleList | None = None) -> BottomUpMaps:
        return self._maps(inputs, self._person_heatmaps(inputs, data_samples))

    def _maps(self, inputs: Tensor, person_heatmaps: Tensor | None) -> BottomUpMaps:
        return self.head(*self._features(inputs, person_heatmaps))

    def _features(self, inputs: Tensor, person_heatmaps: Tensor | None) -> tuple[tuple[Tensor, ...], Tensor | None]:
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
        return self.extract_feat(inputs), person_heatmaps

    def _person_heatmaps(self, inputs: Tensor, samples: SampleList | None) -> Tensor | None:
        if not self.combined_heatmap:
            return None
        height, width = (side // self.heatmap_stride for side in inputs.shape[-2:])
        samples = samples or [PoseDataSample() for _ in inputs]
        poses = [_input_poses(sample, inputs) for sample in samples]
        keypoints, scores = zip(*poses, strict=True)
        keypoints, scores = ([part[:, self.heatmap_joints] for part in parts] for parts in (keypoints, scores))
        if not self.heatmap_scores:
            scores = [(part > 0).to(part) for part in scores]
        maps = render_person_heatmaps(
            keypoints, scores, (width, height), self.heatmap_sigma, self.heatmap_stride, self.heatmap_least
        )
        for index, sample in enumerate(samples):
            if 'input_fields' in sample:
                across, down = (side // self.heatmap_stride for side in sample.metainfo['input_size'])
                maps[index] = 0
                maps[index, :, :down, :across] = resized(sample.input_fields.heatmaps.to(maps)[None], (down, across))[0]
        return maps

    def _inside_image(self, heatmaps: Tensor, samples: SampleList) -> Tensor:
        """(B, 1, H, W) 1 where a cell shows the image: the padding was never learnt and may say anything."""
        height, width = heatmaps.shape[-2:]
        masks = [
            cells_inside_image(
                (width, height), self.head.codec.stride, *_input_to_image(sample), sample.metainfo['ori_shape'][1::-1]
            )
            for sample in samples
        ]
        return torch.from_numpy(np.stack(masks))[:, None].to(heatmaps)

    def _in_camera_space(self, people: InstanceData, sample: PoseDataSample) -> InstanceData:
        scale, offset = _input_to_image(sample)
        keypoints = people.keypoints * scale + offset
        camera = self._camera(sample)
        root_depth = metric_depth(people.root_depths, camera.focal / scale[0])
        if self.joint_transform is None:
            points = camera.back_project(keypoints, root_depth[:, None] + people.relative_depths).astype(np.float32)
        else:
            points = self._transformed(keypoints, people.relative_depths, root_depth, camera)
            keypoints = camera.project(points)
            people = _as_sure_as_the_mean(people, points.shape[1])
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

    def _transformed(
        self, keypoints: np.ndarray, relative_depths: np.ndarray, root_depths: np.ndarray, camera: Camera
    ) -> np.ndarray:
        """(N, 17, 3) mm in camera space, of the pose that the joint transform gives for the joints found."""
        origin = keypoints[:, self.head.codec.root_index]
        offsets = keypoints - origin[:, None]
        # The release's size of a person: its sum over the other joints counts one of them less.
        size = np.linalg.norm(offsets, axis=-1).sum(axis=1) / max(keypoints.shape[1] - 2, 1)
        depths = relative_depths / self.head.codec.depths.relative_depth_scale
        poses = np.concatenate([offsets / np.maximum(size, 1e-6)[:, None, None], depths[..., None]], axis=-1)
        parameter = next(self.joint_transform.parameters())
        with torch.no_grad():
            poses = self.joint_transform(torch.as_tensor(poses).to(parameter)).cpu().numpy()
        poses = (poses - poses[:, self.root_index, None]) * (size * root_depths / camera.focal)[:, None, None]
        return (camera.back_project(origin, root_depths)[:, None] + poses).astype(np.float32)

    def _root_confidence(self, root: np.ndarray, errors: np.ndarray | None) -> np.ndarray:
        """(N,) probability that (N, 3) mm roots are right, given (N,) expected relative errors or none."""
        tolerance = self.test_cfg.get('root_tolerance', TOLERANCE)
        if errors is not None:
            return told_root_confidence(root, errors, tolerance)
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


def _as_sure_as_the_mean(people: InstanceData, joints: int) -> InstanceData:
    """The same with the mean score for each of other joints."""
    scores = np.repeat(people.keypoint_scores.mean(axis=1, keepdims=True), joints, axis=1)
    return InstanceData(keypoint_scores=scores, bbox_scores=people.bbox_scores)


def _input_to_image(sample: PoseDataSample) -> tuple[np.ndarray, np.ndarray]:
    """Scale (2,) and offset (2,) that bring input px to full-image px."""
    size, center, scale = (
        np.asarray(sample.metainfo[key], np.float64) for key in ('input_size', 'input_center', 'input_scale')
    )
    return scale / size, center - 0.5 * scale


def _input_poses(sample: PoseDataSample, like: Tensor) -> tuple[Tensor, Tensor]:
    if 'input_instances' not in sample or not len(sample.input_instances):
        return like.new_zeros(0, MUPOTS17.num_joints, 2), like.new_zeros(0, MUPOTS17.num_joints)
    return sample.input_instances.keypoints.to(like), sample.input_instances.keypoint_scores.to(like)


def _boxes(keypoints: np.ndarray) -> np.ndarray:
    if not len(keypoints):
        return np.zeros((0, 4))
    return np.concatenate([keypoints.min(axis=1), keypoints.max(axis=1)], axis=1)

"""One random warp of image, 2D, 3D and camera together.

Shapes: N people, K joints. Input px: pixels of the warped image.
"""

from __future__ import annotations

from math import cos, exp, log, radians, sin

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

JOINT_KEYS = (
    'keypoints',
    'keypoints_visible',
    'keypoints_cam',
    'keypoints_cam_univ',
    'keypoints_3d_valid',
    'keypoints_occluded',
    'input_keypoints',
    'input_keypoint_scores',
)
PIXEL_KEYS = ('keypoints', 'input_keypoints')
CAMERA_KEYS = ('keypoints_cam', 'keypoints_cam_univ')


@TRANSFORMS.register_module()
class RandomBottomUpWarp(BaseTransform):
    """Mirror, rotate, scale and shift an image with all its people so that the 3D still projects onto the 2D.

    A resize changes the camera's focal length, a shift its principal point, a rotation turns the 3D about the optical
    axis, a mirroring mirrors the 3D and swaps left and right joints; see ``Camera.warped``. One affine map does it all,
    so that the image is resampled once. (mmpose's ``BottomupRandomAffine`` and ``RandomFlip`` do not know the camera,
    and the latter mixes up width and height for input that is not square.)

    Args:
        input_size: (w, h) of the result, px.
        scale: Range of the random scale, drawn evenly in its logarithm; 1 fits the image to the input.
        fit: ``'short'``: at scale 1 the image covers the input; ``'long'``: it lies within.
        rotation: Greatest rotation, degrees either way.
        shift: Greatest shift as a fraction of the image's sides.
        flip_prob: Probability of mirroring.
        pad_value: Grey value outside of the image.

    Raises:
        ValueError: ``fit`` is neither of the two.
    """

    def __init__(
        self,
        input_size: tuple[int, int],
        scale: tuple[float, float] = (0.75, 1.5),
        fit: str = 'short',
        rotation: float = 30.0,
        shift: float = 0.2,
        flip_prob: float = 0.5,
        pad_value: int = 114,
    ) -> None:
        super().__init__()
        if fit not in ('short', 'long'):
            raise ValueError(f"fit must be 'short' or 'long', got {fit!r}")
        self.input_size = tuple(input_size)
        self.scale = scale
        self.fit = fit
        self.rotation = rotation
        self.shift = shift
        self.flip_prob = flip_prob
        self.pad_value = pad_value

    def transform(self, results: dict) -> dict | None:
        """Warp ``img``, ``bbox``, all joints and ``camera``; add ``warp_mat`` (2, 3) and ``input_size``."""
        reduction = results.pop('img_reduction', 1)
        height, width = results['img'].shape[:2] if reduction == 1 else results['img_shape']
        flip = np.random.rand() < self.flip_prob
        warp = self._sample(width, height, flip)
        results['img'] = cv2.warpAffine(
            results['img'],
            _from_reduced(warp, reduction),
            self.input_size,
            flags=cv2.INTER_LINEAR,
            borderValue=(self.pad_value,) * 3,
        )
        if flip:
            indices = list(results['flip_indices'])
            for key in JOINT_KEYS:
                if key in results:
                    results[key] = results[key][:, indices]
        for key in PIXEL_KEYS:
            if key in results:
                results[key] = _warped(results[key], warp)
        if 'bbox' in results:
            results['bbox'] = _warped_boxes(results['bbox'], warp)
        if results.get('camera') is not None:
            results['camera'], turn = results['camera'].warped(warp, self.input_size)
            for key in CAMERA_KEYS:
                if key in results:
                    results[key] = (results[key] @ turn.T).astype(np.float32)
        results.update(warp_mat=warp, input_size=self.input_size, flip=False, flip_direction=None)
        return results

    def _sample(self, width: int, height: int, flip: bool) -> np.ndarray:
        ratios = self.input_size[0] / width, self.input_size[1] / height
        base = max(ratios) if self.fit == 'short' else min(ratios)
        scale = base * exp(np.random.uniform(*map(log, self.scale)))
        angle = radians(np.random.uniform(-self.rotation, self.rotation))
        across, down = np.random.uniform(-self.shift, self.shift, 2).tolist()
        # Plain numbers: as arrays these few took a tenth of the time of the image.
        x, y = (width - 1) / 2 + across * width, (height - 1) / 2 + down * height
        cosine, sine, side = scale * cos(angle), scale * sin(angle), -1.0 if flip else 1.0
        rows = []
        for a, b, length in ((side * cosine, -sine, self.input_size[0]), (side * sine, cosine, self.input_size[1])):
            rows.append((a, b, (length - 1) / 2 - (a * x + b * y)))
        return np.array(rows)


def _from_reduced(warp: np.ndarray, reduction: int) -> np.ndarray:
    """The warp of whole-image pixels for an image whose pixels are squares of ``reduction`` x ``reduction`` of them."""
    linear, shift = warp[:, :2], warp[:, 2:]
    return np.hstack([linear * reduction, shift + linear.sum(axis=1, keepdims=True) * (reduction - 1) / 2])


def _warped(points: np.ndarray, warp: np.ndarray) -> np.ndarray:
    return (points @ warp[:, :2].T + warp[:, 2]).astype(np.float32)


def _warped_boxes(boxes: np.ndarray, warp: np.ndarray) -> np.ndarray:
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    warped = _warped(corners, warp)
    return np.concatenate([warped.min(axis=1), warped.max(axis=1)], axis=1)

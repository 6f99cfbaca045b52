"""The 2D poses that the bottom-up network gets as input heatmaps: simulated at training, given at test.

Shapes: M people found by a 2D estimator, K joints. Input px: pixels of the network's input.
"""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from mmp3d.geometry import hidden_behind_people
from mmp3d.synthetic.detections import DetectionNoise, simulate_detections


@TRANSFORMS.register_module()
class SimulateInputPoses(BaseTransform):
    """Input poses with the noise, misses and false people of a real 2D estimator, from the ground truth.

    Runs after the warp, so that the network sees other errors in each epoch. A joint counts as occluded where the data
    set says so or a nearer person's limb covers it.

    Args:
        noise: Fields of :class:`DetectionNoise`.
        drop_prob: Probability that an image gets no input poses at all, so that the network also works without.
        keep_given: Leave poses alone that a data set's ``pose2d_file`` gave.
    """

    def __init__(self, noise: dict | None = None, drop_prob: float = 0.0, keep_given: bool = True) -> None:
        super().__init__()
        self.noise = DetectionNoise(**(noise or {}))
        self.drop_prob = drop_prob
        self.keep_given = keep_given

    def transform(self, results: dict) -> dict:
        """Set ``input_keypoints`` (M, K, 2) input px and ``input_keypoint_scores`` (M, K)."""
        if np.random.rand() < self.drop_prob:
            joints = results['keypoints'].shape[1]
            results['input_keypoints'] = np.zeros((0, joints, 2), np.float32)
            results['input_keypoint_scores'] = np.zeros((0, joints), np.float32)
        elif not (self.keep_given and 'input_keypoints' in results):
            rng = np.random.default_rng(np.random.randint(2**31))
            results['input_keypoints'], results['input_keypoint_scores'] = simulate_detections(
                rng,
                results['keypoints'],
                _inside(results),
                _occluded(results),
                results['bbox'],
                self.noise,
                tuple(results['img'].shape[1::-1]),
            )
        return results


def _inside(results: dict) -> np.ndarray:
    """(N, K) joints that are labelled and, after the warp, inside of the input."""
    height, width = results['img'].shape[:2]
    keypoints = results['keypoints']
    inside = ((keypoints >= 0) & (keypoints < (width, height))).all(axis=-1)
    return results['keypoints_visible'] * inside


def _occluded(results: dict) -> np.ndarray:
    """(N, K) annotated occlusion, and what other people hide where the 3D tells."""
    occluded = results['keypoints_occluded'] > 0
    if results.get('camera') is None:
        return occluded
    depth = results['keypoints_cam'][..., 2] * (results['keypoints_3d_valid'] > 0)
    return occluded | hidden_behind_people(results['keypoints'], depth, results['camera'].focal)


@TRANSFORMS.register_module()
class WarpInputPoses(BaseTransform):
    """Bring given input poses from full-image pixels to input px, after ``BottomupResize``."""

    def transform(self, results: dict) -> dict:
        """Change ``input_keypoints`` (M, K, 2) if present."""
        if 'input_keypoints' in results:
            scale = np.asarray(results['input_size']) / results['input_scale']
            corner = results['input_center'] - 0.5 * results['input_scale']
            results['input_keypoints'] = ((results['input_keypoints'] - corner) * scale).astype(np.float32)
        return results

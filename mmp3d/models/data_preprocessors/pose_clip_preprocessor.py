"""Turns a batch of clips into the lifters' input and targets.

Shapes: B clips, N people of a clip, T frames, K joints. Rays are K^-1 times pixels; camera frame, millimetres.
"""

from __future__ import annotations

from mmengine.model import BaseDataPreprocessor
from mmpose.registry import MODELS
from torch import Tensor, arange, cat

INPUT_KEYS = ('keypoints_norm', 'keypoint_scores')
# What else of a clip the losses, the predictions and the metrics read, with the number of a frame's own axes.
FRAME_KEYS = {
    'keypoints': 2,
    'keypoint_scores': 1,
    'keypoints_occluded': 1,
    'keypoints_cam': 2,
    'keypoints_3d_valid': 1,
    'top_down': 2,
    'bottom_up': 2,
    'top_down_scores': 1,
    'bottom_up_scores': 1,
}


@MODELS.register_module()
class PoseClipPreprocessor(BaseDataPreprocessor):
    """For data sets whose items are clips of 2D and 3D poses, such as ``VirtualPoseDataset``.

    Items with several people count as that many clips; a joint of somebody who is not there (``person_valid`` 0) or a
    frame that the motion does not have (``frame_valid`` 0) is not valid. ``scene_ids`` (clips, T) are equal for people
    who are in one picture.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """``inputs`` (B, T, K, 3) rays and confidences, and ``data_samples``, a dict of stacked tensors by key.

        Args:
            data: Stacked tensors by key, at least ``keypoints_norm`` (B, T, K, 2) or (B, N, T, K, 2),
                ``keypoint_scores``, and whichever of ``FRAME_KEYS`` there are.
            training: Not used.

        Raises:
            ValueError: A key is missing, or the items were not stacked.
        """
        if not isinstance(data, dict) or any(not isinstance(data.get(key), Tensor) for key in INPUT_KEYS):
            found = sorted(data) if isinstance(data, dict) else type(data).__name__
            raise ValueError(
                f'PoseClipPreprocessor needs stacked tensors {INPUT_KEYS}, got {found}; give the data loader '
                "collate_fn=dict(type='default_collate') and a data set of clips"
            )
        data = self.cast_data(data)
        valid = data.get('keypoints_3d_valid')
        if valid is not None:
            for key, missing_axes in (('frame_valid', 1), ('person_valid', 2)):
                if key in data:
                    valid = valid * data[key].reshape(*data[key].shape, *(1,) * missing_axes)
            data = {**data, 'keypoints_3d_valid': valid}
        inputs = cat([data['keypoints_norm'], data['keypoint_scores'][..., None]], dim=-1)
        samples = {key: _people_as_clips(data[key], own_axes) for key, own_axes in FRAME_KEYS.items() if key in data}
        shape = data['keypoint_scores'].shape
        pictures = arange(shape[0] * shape[-2], device=inputs.device).view(
            shape[0], *(1,) * (len(shape) - 3), shape[-2]
        )
        samples['scene_ids'] = _people_as_clips(pictures.expand(shape[:-1]), 0)
        return dict(inputs=_people_as_clips(inputs, 2), data_samples=samples)


def _people_as_clips(values: Tensor, own_axes: int) -> Tensor:
    """(B, N, T, ...) to (B * N, T, ...); (B, T, ...) stays as it is."""
    return values.flatten(0, values.ndim - own_axes - 2)

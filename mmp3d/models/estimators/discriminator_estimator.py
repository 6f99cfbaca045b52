"""Trains the inter-person discriminator alone: people as they are against people moved or turned.

Shapes: B scenes, N people, T frames, P pairs, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

from typing import Any

from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils.typing import OptConfigType
from torch import Tensor

from mmp3d.models.integration.people_pairs import nearest_pairs, unnatural_pairs
from mmp3d.models.step_generator import fixed_generator, step_generator
from mmp3d.synthetic.ranges import check_range


@MODELS.register_module()
class DiscriminatorEstimator(BaseModel):
    """Real pairs are mutual nearest neighbours; in the others one of the two was displaced or turned by 90 degrees.

    Args:
        discriminator: :class:`InterPersonDiscriminator`.
        distance: Least and greatest displacement, mm.
        loss: Default: :class:`DiscriminatorLoss`.
        data_preprocessor, init_cfg: As in mmengine's ``BaseModel``.

    Raises:
        ValueError: ``distance`` is no range.
    """

    def __init__(
        self,
        discriminator: OptConfigType = None,
        distance: tuple[float, float] = (300.0, 600.0),
        loss: OptConfigType = None,
        data_preprocessor: OptConfigType = None,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        check_range('distance', distance, 0, 1e5)
        self.discriminator = MODELS.build(discriminator or dict(type='InterPersonDiscriminator'))
        self.distance = distance
        self.criterion = MODELS.build(loss or dict(type='DiscriminatorLoss'))

    def forward(
        self, keypoints_cam: Tensor, person_valid: Tensor, R: Tensor, mode: str = 'tensor', **_: Any
    ) -> dict[str, Tensor] | list[PoseDataSample] | Tensor:
        """Run on the fields of ``VirtualPoseDataset`` with more than one person.

        Args:
            keypoints_cam: (B, N, T, K, 3) mm.
            person_valid: (B, N).
            R: (B, 3, 3) from a world with y down.
            mode: ``'loss'``; ``'predict'``: a sample with a row for each pair: ``naturalness`` as it is,
                ``naturalness_changed`` and ``change``, index in ``CHANGES``; ``'tensor'``: naturalness (P,).

        Raises:
            ValueError: ``mode`` is not one of mmengine's, or items are of one person.
        """
        if mode not in ('loss', 'predict', 'tensor'):
            raise ValueError(f"mode must be 'loss', 'predict' or 'tensor', got {mode!r}")
        if keypoints_cam.ndim != 5:
            raise ValueError(
                f'keypoints_cam: expected (B, N, T, K, 3), got {tuple(keypoints_cam.shape)}; give '
                'VirtualPoseDataset num_people=(2, 4) or more'
            )
        frames = keypoints_cam.shape[2]
        poses = keypoints_cam.transpose(1, 2).flatten(0, 1)
        pairs, scenes = nearest_pairs(poses, person_valid.repeat_interleave(frames, dim=0) > 0)
        real = self.discriminator(*pairs.unbind(1))
        if mode == 'tensor':
            return real
        down = R.repeat_interleave(frames, dim=0)[scenes, :, 1]
        # Predictions are on the same changes each time.
        generator = (step_generator if mode == 'loss' else fixed_generator)(pairs.device)
        changed, change = unnatural_pairs(pairs, down, self.distance, generator)
        fake = self.discriminator(*changed.unbind(1))
        if mode == 'loss':
            return dict(loss_discriminator=self.criterion(real, fake))
        sample = PoseDataSample()
        sample.pred_instances = InstanceData(naturalness=real, naturalness_changed=fake, change=change)
        return [sample]

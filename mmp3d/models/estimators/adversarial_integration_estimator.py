"""Trains the integration network against the inter-person discriminator (paper, section 3.3).

Shapes: P people, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor

from mmp3d.models.estimators.adversarial_estimator import AdversarialEstimator, Estimates
from mmp3d.models.estimators.integration_estimator import IntegrationEstimator
from mmp3d.models.integration.people_pairs import pairs_in_scenes
from mmp3d.models.step_generator import step_generator


@MODELS.register_module()
class AdversarialIntegrationEstimator(AdversarialEstimator, IntegrationEstimator):
    """:class:`IntegrationEstimator`, trained with eq. 7 and against the discriminator at once.

    Pairs are people each of whom is, in truth, the other's nearest neighbour in the picture: both people as the
    network has them against both as they are. Joints without truth are hidden from the discriminator in both. People
    without a neighbour count in eq. 7 alone; data sets of one person a picture train no discriminator.

    Args: those of :class:`IntegrationEstimator` and of :class:`AdversarialEstimator`.
    """

    adversary = 'network'

    def estimates(self, inputs: Tensor, data_samples: dict[str, Tensor]) -> Estimates:
        """Eq. 7 and both kinds of pairs of a batch of :class:`PoseClipPreprocessor`."""
        truth, valid, pairs, scenes = self.known_people(data_samples, step_generator(inputs.device), augment=True)
        poses = self.network(pairs)
        losses = dict(loss_integration=self.loss(poses, truth, valid))
        known = (valid > 0)[..., None]
        found = poses.detach().isfinite().flatten(1).all(dim=1)[:, None]
        rows = pairs_in_scenes(torch.where(found, truth[:, self.root_index], torch.nan), scenes)
        both = (torch.where(known, each, torch.nan)[rows] for each in (poses.float(), truth))
        return Estimates(losses, *both)

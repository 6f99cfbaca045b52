"""People as a bottom-up network's maps show them, what they should be, and what a refiner makes of them.

Shapes: B images, N people (padded), K joints. Pixels of the network's input, millimetres, Z / f in mm per input px.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mmp3d.models.lifters.pose_features import centre_and_size

# A joint that was found counts at least so much where the surer ones count more.
LEAST_SCORE = 0.05


class MeasuredPeople(NamedTuple):
    """People read off the maps.

    ``keypoints`` (B, N, K, 2) px, ``scores`` (B, N, K) heat of each joint, 0 where it was not found,
    ``relative_depths`` (B, N, K) mm relative to the root (both others hold anything where the score is 0),
    ``root_depths`` (B, N) Z / f, and ``present`` (B, N) bool, False for padding.
    """

    keypoints: Tensor
    scores: Tensor
    relative_depths: Tensor
    root_depths: Tensor
    present: Tensor

    def centre_and_size(self) -> tuple[Tensor, Tensor]:
        """(B, N, 2) middle of the found joints, sure ones counting more, and (B, N) their spread, at least 1 px."""
        weights = self.scores.clamp(min=LEAST_SCORE) * (self.scores > 0)
        return centre_and_size(self.keypoints, weights, smallest=1.0)

    def scaled(self, factors: Tensor, centre: Tensor) -> MeasuredPeople:
        """The same images enlarged by (B,) about (2,) px; what is nearer in Z / f looks larger."""
        return self._replace(
            keypoints=(self.keypoints - centre) * factors[:, None, None, None] + centre,
            root_depths=self.root_depths / factors[:, None],
        )

    def mirrored(self, width: int, flip_indices: list[int]) -> MeasuredPeople:
        """The people in the mirrored image, whose width is given in px."""
        return self._replace(
            keypoints=mirrored_points(self.keypoints, width, flip_indices),
            scores=self.scores[..., flip_indices],
            relative_depths=self.relative_depths[..., flip_indices],
        )


class TruePeople(NamedTuple):
    """What the measured people should be.

    ``keypoints`` (B, N, K, 2) px, ``labelled`` (B, N, K) bool, ``relative_depths`` (B, N, K) mm, ``known`` (B, N, K)
    bool, ``root_depths`` (B, N) Z / f, 0 where it is not known, and ``real`` (B, N) bool: there is such a person.
    """

    keypoints: Tensor
    labelled: Tensor
    relative_depths: Tensor
    known: Tensor
    root_depths: Tensor
    real: Tensor

    scaled = MeasuredPeople.scaled

    def mirrored(self, width: int, flip_indices: list[int]) -> TruePeople:
        """The people in the mirrored image, whose width is given in px."""
        return self._replace(
            keypoints=mirrored_points(self.keypoints, width, flip_indices),
            labelled=self.labelled[..., flip_indices],
            relative_depths=self.relative_depths[..., flip_indices],
            known=self.known[..., flip_indices],
        )


class RefinedPeople(NamedTuple):
    """What the refiner says.

    ``keypoints`` (B, N, K, 2) px, ``relative_depths`` (B, N, K) mm, the root at 0, ``root_depths`` (B, N) Z / f,
    ``root_errors`` (B, N) the error to expect of the root depth's logarithm (scale of a Laplace distribution), and
    ``real_logits`` (B, N): log-odds that there is such a person.
    """

    keypoints: Tensor
    relative_depths: Tensor
    root_depths: Tensor
    root_errors: Tensor
    real_logits: Tensor


def mirrored_points(points: Tensor, width: int, flip_indices: list[int]) -> Tensor:
    """(..., K, 2) px in an image of this width to the mirrored one, left and right joints exchanged."""
    points = points[..., flip_indices, :]
    return torch.stack([width - 1 - points[..., 0], points[..., 1]], dim=-1)

"""A 2D pose as a camera sees it that looks at the person: the same whether the person stands in the middle or aside.

Shapes: ``...`` any leading dimensions, K joints. Rays as in ``pose_features``. The view's frame is the camera frame
turned, by a pan and then a tilt, until its z axis goes through the middle of the joints that were found.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mmp3d.models.lifters.pose_features import (
    LOG_SIZE_MEAN,
    LOG_SIZE_SPREAD,
    SMALLEST_SIZE,
    centre_and_size,
    found_rays,
)

# Joints further aside than this from where the camera looks (tan of the angle) are as if they were there.
WIDEST = 3.0
# A standing person's joints are this far from their middle in mm (root mean square, in the picture plane); and the
# spread of its logarithm over postures and bodies.
MEAN_EXTENT, LOG_EXTENT_SPREAD = 420.0, 0.2


class PersonView(NamedTuple):
    """A 2D pose and the way its person is looked at.

    Args:
        rotation: (..., 3, 3) from the camera frame to the view's.
        shape: (..., K, 2) rays in the view, relative to their middle and in units of ``size``; 0 where not found.
        size: (...) root mean square distance of the rays from their middle.
        centre: (..., 2) ray of the middle in the camera frame.
        scores: (..., K) confidences; 0 where not found.
    """

    rotation: Tensor
    shape: Tensor
    size: Tensor
    centre: Tensor
    scores: Tensor

    def features(self) -> tuple[Tensor, Tensor]:
        """(..., K, 3) shape and score of the joints, (..., 3) middle and standardised log size."""
        log_size = (self.size.log() - LOG_SIZE_MEAN) / LOG_SIZE_SPREAD
        whole = torch.cat([self.centre, log_size[..., None]], dim=-1)
        return torch.cat([self.shape, self.scores[..., None]], dim=-1), whole

    def frames(self, first: int, count: int) -> PersonView:
        """Of (B, T, ...) the frames from ``first`` on."""
        return PersonView(*(values[:, first : first + count] for values in self))

    def turned(self, points: Tensor) -> Tensor:
        """(..., K, 3) of the camera frame to the view's."""
        return _product(self.rotation, points)

    def turned_back(self, points: Tensor) -> Tensor:
        """(..., K, 3) of the view's frame to the camera's."""
        return _product(self.rotation.transpose(-1, -2), points)

    def placed(self, predicted: Tensor, extent: Tensor) -> Tensor:
        """Joints in the view, relative to the middle of those that were found: each found one on its ray, corrected.

        Args:
            predicted: (..., K, 3) mm, correction aside (of a joint that was not found: its place) and depth.
            extent: (...) how far the pose extends over the picture plane: 0 the usual, 1 a standard deviation more.
        """
        extent = ((extent * LOG_EXTENT_SPREAD).clamp(-2, 2).exp() * MEAN_EXTENT)[..., None]
        # At the depth of the middle a ray of the view is extent / size mm aside; a joint behind it, more.
        nearness = (1 + predicted[..., 2] * self.size[..., None] / extent).clamp(min=0.1)
        on_ray = self.shape * (extent * nearness)[..., None]
        return torch.cat([on_ray + predicted[..., :2], predicted[..., 2:]], dim=-1)


def person_view(rays: Tensor, scores: Tensor) -> PersonView:
    """Look at a person.

    Args:
        rays: (..., K, 2); entries with a score of 0 may hold anything, NaN too.
        scores: (..., K) confidences in 0..1. Without any joint the camera stays as it is and the size is the usual one.
    """
    rays, scores = found_rays(rays, scores)
    found = (scores > 0).to(rays)
    centre, _ = centre_and_size(rays, found, SMALLEST_SIZE)
    rotation = _look_at(centre)
    points = _product(rotation, torch.cat([rays, torch.ones_like(rays[..., :1])], dim=-1))
    # In float32 also under autocast: the division loses all digits in half precision where people are far.
    seen = (points[..., :2] / points[..., 2:].clamp(min=1e-2)).clamp(-WIDEST, WIDEST)
    middle, size = centre_and_size(seen, found, SMALLEST_SIZE)
    size = torch.where(found.any(dim=-1), size, torch.full_like(size, LOG_SIZE_MEAN).exp())
    shape = (seen - middle[..., None, :]) / size[..., None, None] * found[..., None]
    return PersonView(rotation, shape, size, centre, scores)


def _look_at(centre: Tensor) -> Tensor:
    """(..., 2) rays to the (..., 3, 3) rotations that bring them to the optical axis."""
    x, y = centre.unbind(-1)
    aside = (x.square() + 1).sqrt()
    length = (x.square() + y.square() + 1).sqrt()
    zero = torch.zeros_like(x)
    rows = (
        (1 / aside, zero, -x / aside),
        (-x * y / (aside * length), aside / length, -y / (aside * length)),
        (x / length, y / length, 1 / length),
    )
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


def _product(rotation: Tensor, points: Tensor) -> Tensor:
    """(..., 3, 3) times (..., K, 3); as a sum, which autocast leaves in single precision."""
    return (rotation[..., None, :, :] * points[..., None, :]).sum(dim=-1)

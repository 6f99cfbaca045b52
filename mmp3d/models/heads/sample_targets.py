"""Targets of a batch of data samples, in the form that heads compare with.

Shapes: B images, N people (padded), K joints, H W map cells.
"""

from __future__ import annotations

import numpy as np
import torch
from mmpose.utils.typing import SampleList
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence


def padded_labels(samples: SampleList) -> dict[str, Tensor]:
    """The samples' (N, K) labels as (B, max N, K); padding has weight 0."""
    names = samples[0].gt_instance_labels.keys()
    return {
        name: pad_sequence([sample.gt_instance_labels[name] for sample in samples], batch_first=True) for name in names
    }


def heatmap_targets(samples: SampleList, peak_weight: float = 0.0) -> tuple[Tensor, Tensor]:
    """Target heatmaps and the weight of each of their cells.

    A joint that the data set never annotates and a region where people are not annotated have the weight 0.

    Args:
        samples: With ``gt_fields.heatmaps`` (K, H, W), ``gt_fields.heatmap_mask`` (1, H, W) and ``joints_annotated``.
        peak_weight: A cell's weight is multiplied by 1 + this * its target.

    Returns:
        Two tensors (B, K, H, W).
    """
    target = torch.stack([sample.gt_fields.heatmaps for sample in samples])
    mask = torch.stack([sample.gt_fields.heatmap_mask for sample in samples]).to(target)
    annotated = np.stack([sample.metainfo['joints_annotated'] for sample in samples])
    weights = mask * torch.from_numpy(annotated).to(target)[..., None, None]
    return target, weights * (1 + peak_weight * target)

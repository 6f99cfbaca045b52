"""Top-down targets and decoding: joint heatmaps of all people in a crop, and ID tags that tell them apart.

Shapes: N people of a crop, K joints, L tag dimensions, H W map cells. Input px: pixels of the network's input.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.codecs.base import BaseKeypointCodec
from mmpose.registry import KEYPOINT_CODECS
from torch import Tensor

from mmp3d.codecs.associative_embedding_depth import DEFAULT_JOINT_ORDER
from mmp3d.codecs.joint_targets import joint_targets
from mmp3d.codecs.missing_joints import filled_cells
from mmp3d.codecs.own_joints import MAX_OWN_SHARE, own_cells, shares_of_joints
from mmp3d.codecs.own_person import own_person
from mmp3d.codecs.tagged_joints import (
    find_candidates,
    joint_places,
    joint_scores,
    member_cells,
    tags_at,
)
from mmp3d.geometry.grouping import MISSING, group_by_tags


@KEYPOINT_CODECS.register_module()
class MultiPersonHeatmap(BaseKeypointCodec):
    """Codec of the top-down branch (paper, section 3.1).

    Args:
        input_size: (w, h) of the network's input, px.
        stride: Input px per map cell.
        sigma: Standard deviation of a joint's Gaussian in cells.
        multi_person: False: only the box's own person is a target, and one person is read, each joint at its highest
            cell, without tags. That is the paper's baseline "TD (w/o MP)".
        joint_order: Order in which joints are grouped.
        max_candidates: Greatest number of candidates a joint, hence about of people.
        nms_kernel: Side of the window in which a peak must be the highest, cells; odd.
        score_threshold: Least height of a peak.
        tag_threshold: Greatest distance of a tag from its person's mean tag.
        min_joints: People with fewer grouped joints are dropped.
        fill_missing: Look for a person's missing joints below the threshold, where heat and tag agree best.
        own_tag_spread: Read the box's own person anew, each joint where heat, tag and box agree best (``own_cells``),
            and leave out who is a piece of it; None: what the tags grouped stays, as in the paper.
        unlabelled_joints: Joints that the training data never labels. Their maps hold anything, so none is found.

    Raises:
        ValueError: ``input_size`` is no multiple of ``stride``.
    """

    field_mapping_table = dict(heatmaps='heatmaps', heatmap_mask='heatmap_mask')
    label_mapping_table = dict(keypoint_indices='keypoint_indices', keypoint_weights='keypoint_weights')

    def __init__(
        self,
        input_size: tuple[int, int],
        stride: int = 4,
        sigma: float = 2.0,
        multi_person: bool = True,
        joint_order: Sequence[int] = DEFAULT_JOINT_ORDER,
        max_candidates: int = 30,
        nms_kernel: int = 5,
        score_threshold: float = 0.1,
        tag_threshold: float = 1.0,
        min_joints: int = 3,
        fill_missing: bool = True,
        own_tag_spread: float | None = None,
        unlabelled_joints: Sequence[int] = (),
    ) -> None:
        super().__init__()
        if any(side % stride for side in input_size):
            raise ValueError(f'input_size {tuple(input_size)} must be a multiple of stride {stride}')
        self.input_size = tuple(input_size)
        self.stride = stride
        self.sigma = sigma
        self.heatmap_size = (input_size[0] // stride, input_size[1] // stride)
        self.multi_person = multi_person
        self.joint_order = tuple(joint_order)
        self.max_candidates = max_candidates
        self.nms_kernel = nms_kernel
        self.score_threshold = score_threshold
        self.tag_threshold = tag_threshold
        self.min_joints = min_joints
        self.fill_missing = fill_missing
        if own_tag_spread is not None and not own_tag_spread > 0:
            raise ValueError(f'own_tag_spread must be above 0 or None, got {own_tag_spread!r}')
        self.own_tag_spread = own_tag_spread
        self.unlabelled_joints = list(unlabelled_joints)

    def encode(self, keypoints: np.ndarray, keypoints_visible: np.ndarray | None = None) -> dict:
        """Targets of one crop.

        Args:
            keypoints: (N, K, 2) input px, the box's own person first.
            keypoints_visible: (N, K); 0 marks a joint without a label.

        Returns:
            ``heatmaps`` (K, H, W), ``keypoint_indices`` and ``keypoint_weights`` (N, K), see ``joint_targets``; with
            ``multi_person=False`` those of the own person, N = 1.
        """
        visible = np.ones(keypoints.shape[:2]) if keypoints_visible is None else keypoints_visible
        if not self.multi_person:
            keypoints, visible = keypoints[:1], visible[:1]
        return joint_targets(keypoints, visible, self.heatmap_size, self.stride, self.sigma)

    def decode(self, heatmaps: Tensor, tags: Tensor | None = None, box: np.ndarray | None = None) -> InstanceData:
        """People of one crop.

        Args:
            heatmaps: (K, H, W).
            tags: (K, L, H, W); not used with ``multi_person=False``.
            box: (4,) xyxy input px, the box that was enlarged to the crop. Its own person comes first.

        Returns:
            InstanceData of N people, numpy float32, the own one first (see ``own_person``), then the best first:
            ``keypoints`` (N, K, 2) input px, ``keypoint_scores`` (N, K) in [0, 1], ``bbox_scores`` (N,) their mean.
            N = 0 gives empty arrays. A joint that was not found has the score 0.
        """
        heatmaps = heatmaps.detach().float().clone()
        heatmaps[self.unlabelled_joints] = 0
        if not self.multi_person:
            return self._read(self._highest(heatmaps), heatmaps)
        tags = tags.detach().float()
        grouped = self._grouped(heatmaps, tags)
        if box is None or not len(grouped):
            return _best_first(self._read(self._filled(grouped, heatmaps, tags), heatmaps))
        return self._own_first(grouped, heatmaps, tags, box)

    def _own_first(self, grouped: Tensor, heatmaps: Tensor, tags: Tensor, box: np.ndarray) -> InstanceData:
        """Everybody of (N, K) grouped cells, N > 0, the box's own person before the others."""
        if self.own_tag_spread is None:
            people = _best_first(self._read(self._filled(grouped, heatmaps, tags), heatmaps))
            order = np.arange(len(people)) != own_person(people.keypoints, people.keypoint_scores, box)
            return people[np.argsort(order, kind='stable')]
        people = self._read(grouped, heatmaps)
        number = own_person(people.keypoints, people.keypoint_scores, box)
        cells = own_cells(grouped[number], heatmaps, tags, box, self.stride, self.own_tag_spread)
        others = torch.cat([grouped[:number], grouped[number + 1 :]])
        others = others[shares_of_joints(others, cells, heatmaps.shape[-1]) <= MAX_OWN_SHARE]
        # The own person's cells are taken, too.
        filled = self._filled(torch.cat([cells[None], others]), heatmaps, tags)[1:]
        return InstanceData.cat([self._read(cells[None], heatmaps), _best_first(self._read(filled, heatmaps))])

    def _read(self, flat: Tensor, heatmaps: Tensor) -> InstanceData:
        """People of (N, K) cells, in their order."""
        scores = joint_scores(flat, heatmaps)
        return InstanceData(
            keypoints=joint_places(flat, scores, heatmaps, self.stride).cpu().numpy(),
            keypoint_scores=scores.cpu().numpy(),
            bbox_scores=scores.mean(dim=1).cpu().numpy(),
        )

    def _grouped(self, heatmaps: Tensor, tags: Tensor) -> Tensor:
        """(N, K) cells of the peaks, grouped by tags."""
        scores, cells = find_candidates(heatmaps, self.max_candidates, self.nms_kernel)
        members = group_by_tags(
            scores.cpu().numpy(),
            tags_at(tags, cells).cpu().numpy(),
            self.joint_order,
            self.score_threshold,
            self.tag_threshold,
        )
        return member_cells(members[(members != MISSING).sum(axis=1) >= self.min_joints], cells)

    def _filled(self, flat: Tensor, heatmaps: Tensor, tags: Tensor) -> Tensor:
        """The same with the joints that were missing."""
        if not self.fill_missing:
            return flat
        filled = filled_cells(flat, heatmaps, tags, self.tag_threshold)
        # What is another person's joint is not found again: a neighbour's own joint may be outside of the crop.
        taken = (filled[:, None] == flat[None]).any(dim=1) & (flat == MISSING)
        return filled.masked_fill(taken, MISSING)

    def _highest(self, heatmaps: Tensor) -> Tensor:
        scores, cells = heatmaps.flatten(1).max(dim=1)
        # Maps that are not finite say nothing.
        return torch.where(scores.isfinite(), cells, MISSING)[None]


def _best_first(people: InstanceData) -> InstanceData:
    return people[np.argsort(-people.bbox_scores, kind='stable')]

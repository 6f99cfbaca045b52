"""Bottom-up targets and decoding: joint heatmaps, ID tags, relative depth and root depth.

Shapes: N people, K joints, M candidates, L tag dimensions, H W map cells. Input px: pixels of the network's input.
Depths: the root's is focal-normalised (Z / f, mm per input px); a joint's is relative to another in millimetres. The
relative depth is not divided by f: a resized image shows Z / f of a person, and a body's extent along the axis in
body sizes, that is in mm; the same extent divided by f would need f itself, which an image does not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.codecs.base import BaseKeypointCodec
from mmpose.registry import KEYPOINT_CODECS
from torch import Tensor

from mmp3d.codecs.cells import REFINEMENTS
from mmp3d.codecs.depth_coding import DepthCoding
from mmp3d.codecs.joint_targets import joint_targets
from mmp3d.codecs.missing_joints import filled_cells
from mmp3d.codecs.tagged_joints import (
    find_candidates,
    joint_places,
    joint_scores,
    member_cells,
    tags_at,
)
from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.geometry.grouping import MAX_SHARE, MISSING, BodyReach, group_by_tags, reach_of_cells
from mmp3d.geometry.joint_sets import MUPOTS17_BONE_LENGTHS

# Root and trunk first: they are the largest, most often visible parts, and carry the tag of the person.
DEFAULT_JOINT_ORDER = (14, 15, 1, 16, 0, 2, 5, 8, 11, 3, 6, 9, 12, 4, 7, 10, 13)


class ReadPeople(NamedTuple):
    """People in input px; the fields of :meth:`AssociativeEmbeddingDepth.decode`."""

    keypoints: Tensor
    keypoint_scores: Tensor
    bbox_scores: Tensor
    relative_depths: Tensor
    root_depths: Tensor


@KEYPOINT_CODECS.register_module()
class AssociativeEmbeddingDepth(BaseKeypointCodec):
    """Codec of the bottom-up branch (paper, section 3.2, eq. 2-4).

    Args:
        input_size: (w, h) of the network's input at training, px.
        stride: Input px per map cell: 4 for quarter, 2 for half resolution.
        sigma: Standard deviation of a joint's Gaussian in cells.
        depth_radius: A depth is learnt on the cells at most this far from the joint, so that a peak which is that far
            off still reads it. 0 is the single cell of eq. 2.
        root_depth_from: ``'root'``: the root depth lives at the root joint only (eq. 3); a person whose root was not
            found takes the mean over the joints. ``'joints'``: it lives at each of the person's joints and is read as
            their score-weighted mean, which survives a hidden root.
        root_depth_space: ``'linear'`` or ``'log'`` of Z / f; in log space an error is relative to the distance.
        root_depth_mean: Subtracted from the root depth in that space before it is learnt.
        root_depth_scale: Divides it after that.
        relative_depth_to: ``'root'``: a joint's depth is learnt relative to its root (eq. 4). ``'parent'``: relative to
            its parent, and summed along the bones when it is read. The extent of one bone is seen close to its joint,
            which a small network learns much sooner; a bone whose joint was not found counts as parallel to the image.
        relative_depth_scale: Millimetres of relative depth that a network learns as 1.
        root_index: Index of the root joint.
        joint_order: Order in which joints are grouped.
        max_candidates: Greatest number of candidates a joint, hence about of people.
        nms_kernel: Side of the window in which a peak must be the highest, cells; odd.
        score_threshold: Least height of a peak.
        tag_threshold: Greatest distance of a tag from its person's mean tag.
        reach_weight: Tag distance that a joint counts for when it is as far from its person's others as a tall adult's
            bones can reach; the root depth tells how many millimetres a pixel is. 0: tags alone, as in the paper.
        fill_threshold: Distance of tags that costs a missing joint a full height; None: ``tag_threshold``.
        refinement: ``'parabola'``: through a peak and its neighbours; ``'quarter'``: a quarter of a cell towards the
            higher neighbour, as in the release.
        center_shift: Cells by which joints are moved to the right and down; 0.5 in the release.
        min_joints: People with fewer grouped joints are dropped.
        fill_missing: Look for a person's missing joints below the threshold, where heat and tag agree best.

    Raises:
        ValueError: An argument is outside of its set.
    """

    auxiliary_encode_keys = {'keypoints_cam', 'keypoints_3d_valid', 'camera'}
    field_mapping_table = dict(heatmaps='heatmaps', heatmap_mask='heatmap_mask')
    label_mapping_table = {
        name: name
        for name in (
            'keypoint_indices',
            'keypoint_positions',
            'keypoint_weights',
            'relative_depths',
            'relative_depth_weights',
            'root_depths',
            'root_depth_weights',
        )
    }

    def __init__(
        self,
        input_size: tuple[int, int],
        stride: int = 4,
        sigma: float = 2.0,
        depth_radius: int = 1,
        root_depth_from: str = 'root',
        root_depth_space: str = 'linear',
        root_depth_mean: float = 0.0,
        root_depth_scale: float = 1.0,
        relative_depth_to: str = 'root',
        relative_depth_scale: float = 1000.0,
        root_index: int = MUPOTS17.root_index,
        joint_order: Sequence[int] = DEFAULT_JOINT_ORDER,
        max_candidates: int = 100,
        nms_kernel: int = 5,
        score_threshold: float = 0.1,
        tag_threshold: float = 1.0,
        reach_weight: float = 0.0,
        fill_threshold: float | None = None,
        refinement: str = 'parabola',
        center_shift: float = 0.0,
        min_joints: int = 3,
        fill_missing: bool = True,
    ) -> None:
        super().__init__()
        if any(side % stride for side in input_size):
            raise ValueError(f'input_size {tuple(input_size)} must be a multiple of stride {stride}')
        if refinement not in REFINEMENTS:
            raise ValueError(f'refinement must be one of {sorted(REFINEMENTS)}, got {refinement!r}')
        self.input_size = tuple(input_size)
        self.stride = stride
        self.sigma = sigma
        self.heatmap_size = (input_size[0] // stride, input_size[1] // stride)
        self.depth_radius = depth_radius
        self.depths = DepthCoding(
            root_depth_from,
            root_depth_space,
            root_depth_mean,
            root_depth_scale,
            relative_depth_to,
            relative_depth_scale,
            root_index,
        )
        self.root_index = root_index
        self.joint_order = tuple(joint_order)
        self.max_candidates = max_candidates
        self.nms_kernel = nms_kernel
        self.score_threshold = score_threshold
        self.tag_threshold = tag_threshold
        self.reach_weight = reach_weight
        self.fill_threshold = tag_threshold if fill_threshold is None else fill_threshold
        self.refinement = refinement
        self.center_shift = center_shift
        self.reach_limits = np.maximum(MUPOTS17.reach(MUPOTS17_BONE_LENGTHS), 1)
        self.min_joints = min_joints
        self.fill_missing = fill_missing

    def encode(
        self,
        keypoints: np.ndarray,
        keypoints_visible: np.ndarray | None = None,
        keypoints_cam: np.ndarray | None = None,
        keypoints_3d_valid: np.ndarray | None = None,
        camera: Camera | None = None,
    ) -> dict:
        """Targets of one image.

        Args:
            keypoints: (N, K, 2) input px.
            keypoints_visible: (N, K); 0 marks a joint without a label.
            keypoints_cam: (N, K, 3) mm, camera frame of ``camera``; None if the data set has no 3D.
            keypoints_3d_valid: (N, K); 0 where no depth exists.
            camera: Camera of the input image, after every resize and warp.

        Returns:
            ``heatmaps`` (K, H, W); ``keypoint_indices`` (N, K) flat cell of each joint;
            ``keypoint_positions`` (N, K, 2) input px, 0 where the weight is; ``keypoint_weights``,
            ``relative_depths``, ``relative_depth_weights``, ``root_depths``, ``root_depth_weights``, each (N, K),
            depths in network units.
        """
        visible = np.ones(keypoints.shape[:2]) if keypoints_visible is None else keypoints_visible
        targets = joint_targets(keypoints, visible, self.heatmap_size, self.stride, self.sigma)
        encoded = self.depths.encode(targets['keypoint_weights'], keypoints_cam, keypoints_3d_valid, camera)
        positions = np.where(targets['keypoint_weights'][..., None] > 0, keypoints, 0).astype(np.float32)
        return dict(encoded, **targets, keypoint_positions=positions)

    def decode(self, heatmaps: Tensor, tags: Tensor, relative_depths: Tensor, root_depths: Tensor) -> InstanceData:
        """People of one image.

        Args:
            heatmaps: (K, H, W).
            tags: (K, L, H, W).
            relative_depths: (K, H, W) network units.
            root_depths: (1, H, W) network units.

        Returns:
            InstanceData of N people, best first, numpy float32: ``keypoints`` (N, K, 2) input px,
            ``keypoint_scores`` (N, K) in [0, 1], ``bbox_scores`` (N,) mean of them, ``relative_depths`` (N, K) mm and
            ``root_depths`` (N,) Z / f in mm per input px. N = 0 gives empty arrays.
        """
        heatmaps, tags, relative_depths, root_depths = (
            maps.detach().float() for maps in (heatmaps, tags, relative_depths, root_depths)
        )
        scores, cells = find_candidates(heatmaps, self.max_candidates, self.nms_kernel, self.score_threshold)
        members = group_by_tags(
            scores.cpu().numpy(),
            tags_at(tags, cells).cpu().numpy(),
            self.joint_order,
            self.score_threshold,
            self.tag_threshold,
            self._reach(cells, root_depths) if self.reach_weight else None,
        )
        flat = member_cells(members[(members != MISSING).sum(axis=1) >= self.min_joints], cells)
        if self.fill_missing:
            filled = filled_cells(flat, heatmaps, tags, self.fill_threshold)
            flat = self.within_reach(filled, flat, root_depths) if self.reach_weight else filled
        return self._read(flat, heatmaps, relative_depths, root_depths)

    @property
    def scale_joint(self) -> int | None:
        """The one joint at which the root depth is learnt; None: at all."""
        return self.root_index if self.depths.root_depth_from == 'root' else None

    def log_scales(self, cells: Tensor, root_depths: Tensor) -> Tensor:
        """(...) logarithms of mm per input px at (...) flat cells of the (1, H, W) root-depth map."""
        return self.depths.root_from_network(root_depths.flatten()[cells]).log()

    def _reach(self, cells: Tensor, root_depths: Tensor) -> BodyReach:
        scales = self.log_scales(cells, root_depths).cpu().numpy()
        return reach_of_cells(
            cells.cpu().numpy(),
            scales,
            root_depths.shape[-1],
            self.stride,
            self.reach_limits,
            self.reach_weight,
            self.scale_joint,
        )

    def within_reach(self, filled: Tensor, grouped: Tensor, root_depths: Tensor) -> Tensor:
        """The filled cells without those that no limb of the person's grouped joints reaches."""
        width = root_depths.shape[-1]
        has = grouped != MISSING
        cells = grouped.clamp(min=0)
        scales, tells = self.log_scales(cells, root_depths), has
        if self.scale_joint is not None:
            tells = has & (torch.arange(has.shape[1], device=has.device) == self.scale_joint)
        scale = ((scales * tells).sum(dim=1) / tells.sum(dim=1).clamp(min=1)).exp() * tells.any(dim=1)
        places = torch.stack([filled % width, filled // width], dim=-1).to(root_depths) * self.stride
        apart = (places[:, :, None] - places[:, None]).square().sum(dim=-1).sqrt()
        shares = (
            apart * scale[:, None, None] / torch.as_tensor(self.reach_limits, dtype=apart.dtype, device=apart.device)
        )
        too_far = (shares * has[:, None]).amax(dim=-1) > MAX_SHARE
        return torch.where(too_far & ~has, MISSING, filled)

    def _read(self, *cells_and_maps: Tensor) -> InstanceData:
        read = (values.cpu().numpy() for values in self.read(*cells_and_maps))
        people = InstanceData(**ReadPeople(*read)._asdict())
        return people[np.argsort(-people.bbox_scores, kind='stable')]

    def read(self, flat: Tensor, heatmaps: Tensor, relative_depths: Tensor, root_depths: Tensor) -> ReadPeople:
        """What the maps say at (N, K) flat cells, ``MISSING`` where a person lacks the joint; maps as in decode."""
        joints = torch.arange(len(heatmaps), device=flat.device)
        found = flat != MISSING
        cells = flat.clamp(min=0)
        scores = joint_scores(flat, heatmaps)
        relative, root = self.depths.read(
            relative_depths.flatten(1)[joints, cells], root_depths.flatten()[cells], scores, found
        )
        return ReadPeople(
            keypoints=joint_places(flat, scores, heatmaps, self.stride, self.refinement, self.center_shift),
            keypoint_scores=scores,
            bbox_scores=scores.mean(dim=1),
            relative_depths=relative,
            root_depths=root,
        )

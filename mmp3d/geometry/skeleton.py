"""Joint sets by name, and the conversion from one to another.

Shapes: N people, K joints of the target set, S joints of the source set, C coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmp3d.geometry import joint_sets


def _side_free(name: str) -> str:
    return name.removeprefix('left_').removeprefix('right_')


@dataclass(frozen=True)
class Skeleton:
    """A joint set: names in storage order, the parent of each joint and the root joint.

    Args:
        name: Name of the set, for example ``'mupots17'``.
        joint_names: K unique names; sides are spelt ``left_`` and ``right_``.
        parents: Index of each joint's parent; a joint that is its own parent is a root.
        root: Name of the joint that 3D poses are relative to; ``''`` if the set has none.
    """

    name: str
    joint_names: tuple[str, ...]
    parents: tuple[int, ...]
    root: str = ''

    @property
    def num_joints(self) -> int:
        return len(self.joint_names)

    @property
    def root_index(self) -> int:
        """Index of the root joint. Raises ValueError for a set without one."""
        if not self.root:
            raise ValueError(f'joint set {self.name!r} has no root joint; convert it to a set that has one')
        return self.joint_names.index(self.root)

    @property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """(child, parent) index pairs, roots left out."""
        return tuple((child, parent) for child, parent in enumerate(self.parents) if child != parent)

    @property
    def flip_indices(self) -> np.ndarray:
        """(K,) index of each joint's mirror image; a joint on the midline maps to itself."""
        return np.array([self.joint_names.index(_mirror(name)) for name in self.joint_names])

    @property
    def sigmas(self) -> np.ndarray:
        """(K,) object-keypoint-similarity sigmas, see ``joint_sets``."""
        return np.array([joint_sets.SIGMAS[_side_free(name)] for name in self.joint_names], np.float32)

    def reach(self, bone_lengths: Sequence[float]) -> np.ndarray:
        """Greatest distance that any two joints of one person can have: the way along the bones.

        Args:
            bone_lengths: K lengths of the bones to the parents, mm; a root's does not count.

        Returns:
            (K, K) float64 mm, 0 on the diagonal, infinite between joints that no bones connect.
        """
        ways = np.full((self.num_joints, self.num_joints), np.inf)
        np.fill_diagonal(ways, 0)
        for child, parent in self.bones:
            ways[child, parent] = ways[parent, child] = bone_lengths[child]
        for via in range(self.num_joints):
            ways = np.minimum(ways, ways[:, via, None] + ways[None, via])
        return ways

    def metainfo(self, dataset_name: str) -> dict:
        """The joint set as mmpose dataset metainfo (``parse_pose_metainfo`` input)."""
        colours = [_side_colour(name) for name in self.joint_names]
        keypoint_info = {
            index: dict(
                name=name,
                id=index,
                color=colour,
                type='upper' if _is_upper(name) else 'lower',
                swap=_mirror(name) if _mirror(name) != name else '',
            )
            for index, (name, colour) in enumerate(zip(self.joint_names, colours, strict=True))
        }
        skeleton_info = {
            index: dict(link=(self.joint_names[parent], self.joint_names[child]), id=index, color=colours[child])
            for index, (child, parent) in enumerate(self.bones)
        }
        return dict(
            dataset_name=dataset_name,
            keypoint_info=keypoint_info,
            skeleton_info=skeleton_info,
            joint_weights=[1.0] * self.num_joints,
            sigmas=self.sigmas.tolist(),
        )

    def conversion_to(self, target: Skeleton) -> np.ndarray:
        """Matrix that turns poses of this set into poses of ``target``.

        Returns:
            (K, S) float32; a row of zeros marks a joint that this set neither has nor implies by a mid-point.
        """
        matrix = np.zeros((target.num_joints, self.num_joints), np.float32)
        for row, name in enumerate(target.joint_names):
            parts = (name,) if name in self.joint_names else joint_sets.IMPLIED_JOINTS.get(name, ())
            if parts and all(part in self.joint_names for part in parts):
                matrix[row, [self.joint_names.index(part) for part in parts]] = 1 / len(parts)
        return matrix

    def convert(self, points: np.ndarray, valid: np.ndarray, target: Skeleton) -> tuple[np.ndarray, np.ndarray]:
        """Convert points with a validity mask to another joint set.

        Args:
            points: (..., S, C) coordinates in any unit; entries that are not valid may hold anything, NaN too.
            valid: (..., S) truth values.
            target: The joint set to convert to.

        Returns:
            (..., K, C) points, zero where not valid, and (..., K) bool: every joint that the target's one is made
            of is valid.

        Examples:
            >>> from mmp3d.geometry import COCO17, MUPOTS17
            >>> points, valid = COCO17.convert(np.random.rand(2, 17, 2), np.ones((2, 17)), MUPOTS17)
            >>> [name for name, there in zip(MUPOTS17.joint_names, valid[0]) if not there]
            ['head_top', 'spine', 'head']
        """
        if points.shape[-2] != self.num_joints:
            raise ValueError(
                f'joint set {self.name!r} has {self.num_joints} joints, got points of shape {points.shape}'
            )
        matrix = self.conversion_to(target)
        valid = np.asarray(valid, bool)
        clean = np.where(valid[..., None], points, 0)
        needed = (matrix > 0).sum(axis=1)
        found = valid.astype(np.float32) @ (matrix.T > 0)
        converted_valid = (needed > 0) & (found >= needed)
        converted = np.einsum('ks,...sc->...kc', matrix, clean.astype(np.float64)).astype(np.float32)
        return np.where(converted_valid[..., None], converted, 0), converted_valid


def _mirror(name: str) -> str:
    if name.startswith('left_'):
        return 'right_' + name.removeprefix('left_')
    if name.startswith('right_'):
        return 'left_' + name.removeprefix('right_')
    return name


def _is_upper(name: str) -> bool:
    return _side_free(name) not in ('hip', 'knee', 'ankle', 'foot', 'toe', 'big_toe', 'small_toe', 'heel', 'pelvis')


def _side_colour(name: str) -> list:
    if name.startswith('left_'):
        return [0, 255, 0]
    return [255, 128, 0] if name.startswith('right_') else [51, 153, 255]


MUPOTS17 = Skeleton('mupots17', joint_sets.MUPOTS17_NAMES, joint_sets.MUPOTS17_PARENTS, 'pelvis')
MUCO21 = Skeleton('muco21', joint_sets.MUCO21_NAMES, joint_sets.MUCO21_PARENTS, 'pelvis')
COCO17 = Skeleton('coco17', joint_sets.COCO17_NAMES, joint_sets.COCO17_PARENTS)
H36M17 = Skeleton('h36m17', joint_sets.H36M17_NAMES, joint_sets.H36M17_PARENTS, 'pelvis')
H36M32 = Skeleton('h36m32', joint_sets.H36M32_NAMES, joint_sets.H36M32_PARENTS, 'pelvis')
JTA14 = Skeleton('jta14', joint_sets.JTA14_NAMES, joint_sets.JTA14_PARENTS)
JTA22 = Skeleton('jta22', joint_sets.JTA22_NAMES, joint_sets.JTA22_PARENTS)
SMPL24 = Skeleton('smpl24', joint_sets.SMPL24_NAMES, joint_sets.SMPL24_PARENTS, 'pelvis')
LSP14 = Skeleton('lsp14', joint_sets.LSP14_NAMES, joint_sets.LSP14_PARENTS)
PANOPTIC19 = Skeleton('panoptic19', joint_sets.PANOPTIC19_NAMES, joint_sets.PANOPTIC19_PARENTS, 'pelvis')
OPENPOSE18 = Skeleton('openpose18', joint_sets.OPENPOSE18_NAMES, joint_sets.OPENPOSE18_PARENTS)
OPENPOSE25 = Skeleton('openpose25', joint_sets.OPENPOSE25_NAMES, joint_sets.OPENPOSE25_PARENTS, 'pelvis')
HALPE26 = Skeleton('halpe26', joint_sets.HALPE26_NAMES, joint_sets.HALPE26_PARENTS, 'pelvis')

SKELETONS = {
    skeleton.name: skeleton
    for skeleton in (
        MUPOTS17,
        MUCO21,
        COCO17,
        H36M17,
        H36M32,
        JTA14,
        JTA22,
        SMPL24,
        LSP14,
        PANOPTIC19,
        OPENPOSE18,
        OPENPOSE25,
        HALPE26,
    )  # fmt: skip
}

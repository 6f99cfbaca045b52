"""MuCo-3DHP: training images composed of several people, in the community's JSON layout.

Shapes: P people, K = 17 joints. Pixels of the full image, millimetres in the camera frame.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from mmpose.registry import DATASETS

from mmp3d.datasets import hygiene
from mmp3d.datasets.base import MultiPersonDataset
from mmp3d.datasets.coco_layout import CocoTable, folders_of, read_coco_table, xywh_to_xyxy
from mmp3d.datasets.columns import Field
from mmp3d.datasets.report import warn
from mmp3d.datasets.table import PERSON_KEYS, Annotations, ImageTable, PersonTable
from mmp3d.geometry import MUCO21, MUPOTS17

# The first 17 joints of MuCo-21 are MuPoTS-17; hands and toes are not used.
KEPT = MUPOTS17.num_joints
IDENTITY = np.eye(3).tolist()
ORIGIN = [0.0, 0.0, 0.0]

IMAGE_FIELDS = {
    'f': Field((2,), np.float64),
    'c': Field((2,), np.float64),
    'R': Field((3, 3), np.float64, default=IDENTITY, also_flat=True),
    'T': Field((3,), np.float64, default=ORIGIN),
}
PERSON_FIELDS = {
    'bbox': Field((4,)),
    'keypoints_img': Field((MUCO21.num_joints, 2), keep=KEPT),
    'keypoints_cam': Field((MUCO21.num_joints, 3), keep=KEPT),
    'keypoints_vis': Field((MUCO21.num_joints,), keep=KEPT),
}


@DATASETS.register_module()
class MuCoDataset(MultiPersonDataset):
    """MuCo-3DHP from ``MuCo-3DHP.json``.

    ``keypoints_cam`` of that file is in the camera frame already, ``R`` and ``T`` only become part of the item's
    camera. A joint with ``keypoints_vis`` 0 is not labelled, neither in 2D nor in 3D.

    Args:
        ann_file: The JSON, relative to ``data_root``.
        min_person_distance: Millimetres, or None (default) to use everybody. With a number, the person nearest to the
            camera is used and others only if their pelvis is at least that far from everyone else's, both in the
            plane parallel to the image and in space; the others' boxes go to ``invalid_segs``. 500 is the rule of
            Moon et al.'s PoseNet for MuCo.
        **kwargs: See :class:`MultiPersonDataset`.

    Raises:
        ValueError: Also if a person has no positive depth: MuCo's original release holds poses relative to the pelvis,
            from which no absolute position can be learnt.
    """

    METAINFO = MUPOTS17.metainfo('muco')
    REMEDY = (
        'MuCo-3DHP in this layout comes from the 3DMPPE_POSENET_RELEASE project; '
        '`python tools/make_synthetic.py --format muco --out DATA_ROOT` writes synthetic data in it.'
    )

    def __init__(
        self, ann_file: str = 'MuCo-3DHP.json', *, min_person_distance: float | None = None, **kwargs: Any
    ) -> None:
        if min_person_distance is not None and not min_person_distance >= 0:
            raise ValueError(f'min_person_distance must be None or millimetres >= 0, got {min_person_distance!r}')
        self.min_person_distance = min_person_distance
        super().__init__(ann_file=ann_file, **kwargs)

    def load_annotations(self) -> Annotations:
        """Parse the JSON, or take what was parsed before."""
        path = self._require(self.ann_file)
        return self._cached(Path(path).stem, [path], self._parsed)

    def _parsed(self) -> Annotations:
        table = read_coco_table(self.ann_file, IMAGE_FIELDS, PERSON_FIELDS)
        self._check_depth(table)
        return Annotations(self._images(table), self._people(table), table.offsets)

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """The item at ``idx``, with the distance rule applied."""
        item = super().get_data_info(idx)
        if self.min_person_distance is not None:
            _keep_distant(item, self.min_person_distance)
        return item

    def _images(self, table: CocoTable) -> ImageTable:
        images = table.images
        intrinsics = np.concatenate([images['f'], images['c']], axis=1)
        poses = np.concatenate([images['R'].reshape(-1, 9), images['T']], axis=1)
        defective = ~np.isfinite(intrinsics).all(axis=1) | (images['f'] <= 0).any(axis=1) | ~np.isfinite(poses).all(1)
        if defective.any():
            row = int(defective.argmax())
            raise ValueError(
                f'{self.ann_file}: images[{row}]: fields "f", "c", "R", "T" must be finite and f positive, got '
                f'f = {images["f"][row].tolist()}, c = {images["c"][row].tolist()}'
            )
        return ImageTable(
            img_ids=images['id'],
            file_names=images['file_name'],
            sizes=table.sizes,
            seq_names=folders_of(images['file_name']),
            frame_ids=np.arange(len(images['id'])),
            intrinsics=intrinsics,
            poses=poses,
        )

    def _people(self, table: CocoTable) -> PersonTable:
        columns = table.annotations
        labelled = columns['keypoints_vis'] > 0
        sizes = table.sizes[table.image_rows]
        finite = np.isfinite(columns['keypoints_img']).all(axis=-1)
        keypoints, visible, bad_2d = hygiene.clean_2d(columns.pop('keypoints_img'), labelled, sizes)
        points, valid, bad_3d = hygiene.clean_3d(columns.pop('keypoints_cam'), labelled)
        if bad_2d or bad_3d:
            warn(f'{self.ann_file}: {bad_2d} 2D and {bad_3d} 3D joints are not finite or behind the camera; not used')
        count = len(keypoints)
        return PersonTable(
            bbox=hygiene.clean_boxes(xywh_to_xyxy(columns['bbox']), keypoints, finite, sizes),
            keypoints=keypoints,
            keypoints_visible=visible,
            keypoints_cam=points,
            keypoints_3d_valid=valid,
            keypoints_occluded=np.zeros(visible.shape, bool),
            person_valid=np.ones(count, bool),
            track_ids=np.full(count, -1, np.int32),
        )

    def _check_depth(self, table: CocoTable) -> None:
        root = MUPOTS17.root_index
        depth = table.annotations['keypoints_cam'][:, root, 2]
        wrong = (depth <= 0) & (table.annotations['keypoints_vis'][:, root] > 0)
        if wrong.any():
            first = int(wrong.argmax())
            image = table.images['file_name'][table.image_rows[first]].decode('utf-8', 'replace')
            raise ValueError(
                f'{self.ann_file}: annotations[{table.order[first]}] (image {image}): field "keypoints_cam" has pelvis '
                f'depth {depth[first]:g} mm, {int(wrong.sum())} of {len(wrong)} people are not in front of the camera; '
                f'expected absolute camera coordinates, found poses relative to the pelvis? {self.REMEDY}'
            )


def _keep_distant(item: dict[str, Any], distance: float) -> None:
    pelvis = item['keypoints_cam'][:, MUPOTS17.root_index].astype(np.float64)
    if len(pelvis) < 2:
        return
    known = item['keypoints_3d_valid'][:, MUPOTS17.root_index] > 0
    apart = pelvis[:, None] - pelvis[None]
    near = (np.linalg.norm(apart[..., :2], axis=-1) < distance) | (np.linalg.norm(apart, axis=-1) < distance)
    near &= known[:, None] & known[None] & ~np.eye(len(pelvis), dtype=bool)
    kept = ~near.any(axis=1)
    kept[np.argmin(np.where(known, pelvis[:, 2], np.inf))] = True
    left, top, right, bottom = item['bbox'][~kept].T
    corners = np.stack([left, top, right, top, right, bottom, left, bottom], axis=1)
    item['invalid_segs'] = item['invalid_segs'] + [[polygon] for polygon in corners.tolist()]
    for key in PERSON_KEYS:
        item[key] = item[key][kept]

"""The visualiser: people on the image beside one view of them in the camera's space.

Shapes: H W pixels of the image. Images RGB. Camera frame, millimetres.
"""

from __future__ import annotations

from pathlib import Path

import mmcv
import numpy as np
from mmengine.dist import master_only
from mmengine.structures import InstanceData, PixelData
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import VISUALIZERS
from mmpose.structures import PoseDataSample
from mmpose.visualization import PoseLocalVisualizer

from mmp3d.geometry import MUPOTS17
from mmp3d.visualization.drawn_people import DrawnPeople
from mmp3d.visualization.limbs import Limbs
from mmp3d.visualization.overlay import draw_overlay
from mmp3d.visualization.scene_view import SceneView, figures_of, joined_boxes, rounded_box, scene_box
from mmp3d.visualization.text import draw_text

GREY = (70, 70, 70)


@VISUALIZERS.register_module()
class MultiPersonPose3DVisualizer(PoseLocalVisualizer):
    """mmpose's visualiser with a 3D view of everybody at the right of the image.

    A person has one colour in both parts, by track id where it is known; left limbs are light, right limbs dark. The
    label gives the person's number (track id, or place in the list) and the distance of the root from the camera. A
    sample without ``keypoints_cam`` (a 2D model's) is drawn on the image alone. Images lower than 360 px are enlarged.

    Args:
        name: Of the instance.
        line_width: Of limbs on the image, px; None: by the size of the image.
        radius: Of joints on the image, px; None: by the size of the image.
        **kwargs: Those of ``PoseLocalVisualizer``.
    """

    def __init__(
        self, name: str = 'visualizer', *, line_width: float | None = None, radius: float | None = None, **kwargs
    ) -> None:
        super().__init__(name, line_width=line_width, radius=radius, **kwargs)
        self._hold = False
        self._box: np.ndarray | None = None
        self._view: SceneView | None = None
        self.set_dataset_meta(parse_pose_metainfo(MUPOTS17.metainfo(MUPOTS17.name)))

    def set_dataset_meta(self, dataset_meta: dict, skeleton_style: str = 'mmpose') -> None:
        """Take joints and limbs from a data set's metainfo; see ``PoseLocalVisualizer``."""
        super().set_dataset_meta(dataset_meta, skeleton_style)
        # Only the first of several processes draws, and only there the host keeps the metainfo.
        if (self.dataset_meta or {}).get('keypoint_name2id'):
            self.limbs = Limbs.from_meta(self.dataset_meta)

    def reset_view(self, hold: bool = False) -> None:
        """Forget the space shown so far. ``hold``: from now on it only grows, so that a video's axes stand still."""
        self._box, self._hold = None, hold

    @master_only
    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: PoseDataSample,
        draw_gt: bool = True,
        draw_pred: bool = True,
        draw_bbox: bool = False,
        draw_heatmap: bool = False,
        show_kpt_idx: bool = False,
        skeleton_style: str = 'mmpose',
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        kpt_thr: float = 0.3,
        step: int = 0,
    ) -> np.ndarray:
        """Draw a sample, and show, write or log the picture as ``PoseLocalVisualizer`` does.

        Args:
            name: Of the window or the logged image.
            image: (H, W, 3) uint8 RGB.
            data_sample: ``pred_instances`` and ``gt_instances`` in the image's pixels. Ground truth, where there is
                any, comes above the prediction.
            draw_gt: Draw the ground truth.
            draw_pred: Draw the prediction.
            draw_bbox: Draw boxes.
            draw_heatmap: Put the predicted heatmaps, where there are any, under the image.
            show_kpt_idx: Write the joints' indices.
            skeleton_style: ``'mmpose'``, or ``'openpose'`` for COCO's joints (2D only).
            show: Open a window.
            wait_time: How long it stays, s; 0 until a key is pressed.
            out_file: File to write; then nothing goes to the logging backends.
            kpt_thr: Joints with a lower score are left out.
            step: Step to log the picture under.

        Returns:
            The picture, (h, w, 3) uint8 RGB.
        """
        drawing = dict(draw_bbox=draw_bbox, joint_indices=show_kpt_idx, skeleton_style=skeleton_style, kpt_thr=kpt_thr)
        rows = []
        if draw_gt and 'gt_instances' in data_sample:
            rows.append(self._row(image, data_sample.gt_instances, None, 'ground truth', **drawing))
        if draw_pred or not rows:
            people = data_sample.pred_instances if draw_pred and 'pred_instances' in data_sample else InstanceData()
            fields = data_sample.pred_fields if draw_heatmap and 'pred_fields' in data_sample else None
            rows.append(self._row(image, people, fields, _camera_note(data_sample), **drawing))
        picture = _stacked(rows)
        self.set_image(picture)
        if show:
            self.show(picture, win_name=name, wait_time=wait_time)
        if out_file is not None:
            Path(out_file).parent.mkdir(parents=True, exist_ok=True)
            mmcv.imwrite(picture[..., ::-1], str(out_file))
        else:
            self.add_image(name, picture, step)
        return picture

    def _row(
        self,
        image: np.ndarray,
        instances: InstanceData,
        fields: PixelData | None,
        note: str,
        draw_bbox: bool,
        joint_indices: bool,
        skeleton_style: str,
        kpt_thr: float,
    ) -> np.ndarray:
        """The image with people on it and, for people in 3D, the view of their space."""
        people = DrawnPeople.from_instances(instances, kpt_thr)
        if skeleton_style == 'openpose':
            left = self._openpose_overlay(image, instances, kpt_thr, joint_indices)
        else:
            left = draw_overlay(
                image, people, self.limbs, self.line_width, self.radius, boxes=draw_bbox, joint_indices=joint_indices
            )
        heatmap = None if fields is None else self._draw_instance_heatmap(fields, image)
        if heatmap is not None:
            left = _stacked([left, heatmap])
        if people.joints is None:
            return left
        height, width = left.shape[:2]
        return np.concatenate([left, self._space(people, (min(height, round(1.2 * width)), height), note)], axis=1)

    def _openpose_overlay(
        self, image: np.ndarray, instances: InstanceData, kpt_thr: float, joint_indices: bool
    ) -> np.ndarray:
        """mmpose's drawing, which needs numbers for its sizes."""
        sizes = self.line_width, self.radius
        self.line_width, self.radius = sizes[0] or 1, sizes[1] or 3
        try:
            return self._draw_instances_kpts(image.copy(), instances, kpt_thr, joint_indices, 'openpose')
        finally:
            self.line_width, self.radius = sizes

    def _space(self, people: DrawnPeople, size: tuple[int, int], note: str) -> np.ndarray:
        figures = figures_of(people)
        box = scene_box([figure.joints for figure in figures])
        if self._hold and self._box is not None:
            box = joined_boxes(box, self._box) if figures else self._box
        if self._hold and figures:
            self._box = box
        view = self._view_of(rounded_box(box), size)
        picture = view.draw(figures, self.limbs)
        count = len(people.colours)
        caption = f'{count or "no"} {"person" if count == 1 else "people"} (left limbs light){note and ", " + note}'
        draw_text(picture, caption, (size[0] / 2, 1.3 * view.text_height), view.text_height, GREY)
        return picture

    def _view_of(self, box: np.ndarray, size: tuple[int, int]) -> SceneView:
        # The paper with its axes costs more than the people on it, and a video's stays the same for long.
        if self._view is None or self._view.size != size or not np.array_equal(self._view.box, box):
            self._view = SceneView(box, size)
        return self._view


def _camera_note(data_sample: PoseDataSample) -> str:
    camera = data_sample.metainfo.get('camera') or {}
    return 'camera assumed' if camera.get('source') == 'assumed' else ''


def _stacked(pictures: list[np.ndarray]) -> np.ndarray:
    """Pictures above one another, the narrower ones filled up with white."""
    if len(pictures) == 1:
        return pictures[0]
    width = max(picture.shape[1] for picture in pictures)
    return np.concatenate(
        [np.pad(picture, ((0, 0), (0, width - picture.shape[1]), (0, 0)), constant_values=255) for picture in pictures]
    )

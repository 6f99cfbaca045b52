"""One item of a data set as a picture: its labels on the image, and the people before the camera in space.

Shapes: N people, K joints. Images RGB. Camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from mmp3d.datasets.ground_truth import ground_truth_instances
from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.visualization.drawn_people import DrawnPeople
from mmp3d.visualization.limbs import Limbs
from mmp3d.visualization.overlay import draw_overlay
from mmp3d.visualization.scene_view import SceneView, figures_of, joined_boxes, rounded_box, scene_box
from mmp3d.visualization.text import draw_text

INK, BLACK, WHITE = (70, 70, 70), (0, 0, 0), (255, 255, 255)
# How far before the camera its picture is drawn, as a share of the scene's depth.
FRUSTUM_SHARE = 0.12
# In a crowd only so many, those nearest to the camera, have a label: more would cover the picture.
MOST_LABELS = 12


def item_picture(item: Mapping[str, Any], image: np.ndarray, metainfo: Mapping[str, Any]) -> np.ndarray:
    """Draw an item's labels.

    Left the image with the 2D joints; a white cross marks where the camera sees each 3D joint, so that a cross beside
    its joint is an error of camera or 3D. Right, where anybody has 3D, all of them in the camera's space with the
    camera and what it sees. A line of text says which image it is.

    Args:
        item: A data set's item before any transform.
        image: (H, W, 3) uint8 RGB, the whole image.
        metainfo: The data set's, which says what its joints and limbs are.

    Returns:
        (h, w, 3) uint8 RGB.
    """
    limbs = Limbs.from_meta(metainfo)
    people = DrawnPeople.from_instances(ground_truth_instances(item), 0.5)
    people = replace(people, labels=_labels(item))
    left = draw_overlay(image, people, limbs, boxes=True)
    parts = [left]
    valid = np.asarray(item['keypoints_3d_valid']) > 0
    if valid.any():
        _draw_crosses(left, image, item, valid)
        height = left.shape[0]
        in_space = replace(people, joints=np.where(valid[..., None], people.joints, np.nan), shown=valid)
        parts.append(_space(in_space, item.get('camera'), limbs, (round(1.1 * height), height)))
    picture = np.concatenate(parts, axis=1)
    return np.concatenate([_title(item, picture.shape[1]), picture])


def _labels(item: Mapping[str, Any]) -> list[str]:
    """Identity, or place in the image, of each person, with the distance where it is known; '' far off in a crowd."""
    root = MUPOTS17.root_index
    known = np.asarray(item['keypoints_3d_valid'])[:, root] > 0
    metres = np.linalg.norm(item['keypoints_cam'][:, root], axis=-1) / 1000
    numbers = np.where(item['track_ids'] >= 0, item['track_ids'], np.arange(len(known)))
    rank = np.argsort(np.argsort(np.where(known, metres, np.inf), kind='stable'))
    labels = [
        f'{number}: {distance:.2f} m' if has else str(number)
        for number, distance, has in zip(numbers, metres, known, strict=True)
    ]
    return [label if place < MOST_LABELS else '' for label, place in zip(labels, rank, strict=True)]


def _draw_crosses(canvas: np.ndarray, image: np.ndarray, item: Mapping[str, Any], valid: np.ndarray) -> None:
    if item.get('camera') is None:
        return
    pixels = item['camera'].project(item['keypoints_cam'][valid])
    places = (pixels + 0.5) * canvas.shape[0] / image.shape[0] - 0.5
    size = max(4, canvas.shape[0] // 90)
    for place in places[np.isfinite(places).all(axis=-1) & (np.abs(places) < 1e5).all(axis=-1)]:
        centre = tuple(np.round(place).astype(int).tolist())
        cv2.drawMarker(canvas, centre, BLACK, cv2.MARKER_CROSS, size, 3)
        cv2.drawMarker(canvas, centre, WHITE, cv2.MARKER_CROSS, size, 1)


def _space(people: DrawnPeople, camera: Camera | None, limbs: Limbs, size: tuple[int, int]) -> np.ndarray:
    figures = figures_of(people)
    box = scene_box([figure.joints for figure in figures])
    if camera is None:
        return SceneView(rounded_box(box), size).draw(figures, limbs)
    seen = _seen_rectangle(camera, FRUSTUM_SHARE * box[1, 2])
    corners = np.vstack([np.zeros(3), seen])
    box = joined_boxes(box, np.stack([corners.min(axis=0), corners.max(axis=0)]))
    view = SceneView(rounded_box(box), size)
    picture = view.draw(figures, limbs)
    _draw_camera(picture, view.project(corners), view.text_height)
    return picture


def _seen_rectangle(camera: Camera, depth: float) -> np.ndarray:
    """(4, 3) mm: what the image shows at a depth, its corners in order; the lens's distortion is left out."""
    width, height = camera.image_size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5
    return replace(camera, distortion=None).back_project(corners, np.full(4, depth))


def _draw_camera(picture: np.ndarray, corners: np.ndarray, text_height: float) -> None:
    """A pyramid from the camera's centre, the first of the (5, 2) px, to what it sees, with a bar on the upper side."""
    centre, *seen = np.round(corners).astype(int)
    for corner in seen:
        cv2.line(picture, centre.tolist(), corner.tolist(), INK, 1, cv2.LINE_AA)
    cv2.polylines(picture, [np.array(seen)], True, INK, 1, cv2.LINE_AA)
    cv2.line(picture, seen[0].tolist(), seen[1].tolist(), INK, 3, cv2.LINE_AA)
    draw_text(picture, 'camera', centre + np.array([0, 1.1 * text_height]), text_height, INK, WHITE)


def _title(item: Mapping[str, Any], width: int) -> np.ndarray:
    """Two lines on white: which image, and which camera."""
    height = float(np.clip(width / 75, 9, 30))
    strip = np.full((round(3.6 * height), width, 3), 255, np.uint8)
    count = len(item['keypoints'])
    sequence = f'{item["seq_name"]}, frame {item["frame_id"]}, ' if item['seq_name'] else ''
    people = 'person' if count == 1 else 'people'
    which = f'{item["dataset_name"]}: {sequence}image {item["img_id"]}, {count or "no"} {people}'
    for line, text in enumerate((which, _camera_text(item.get('camera')))):
        draw_text(strip, text, (width / 2, (1.0 + 1.6 * line) * height), height, INK)
    return strip


def _camera_text(camera: Camera | None) -> str:
    if camera is None:
        return 'no camera'
    (fx, _, cx), (_, fy, cy), _ = camera.K
    angle = 2 * np.degrees(np.arctan(max(camera.image_size) / 2 / camera.focal))
    lens = '' if camera.distortion is None else f', distorted ({camera.distortion_model})'
    size = '{} x {}'.format(*camera.image_size)
    return f'{size} px, f {fx:.0f} {fy:.0f}, c {cx:.0f} {cy:.0f}, {angle:.0f} degrees{lens}'

"""The top-down branch in 2D from frames and boxes to people: crops of several frames share a batch, boxes are merged.

Shapes: M boxes and N people of a frame, K = 17 MuPoTS joints. Pixels of the full image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmp3d.codecs.person_merging import THRESHOLD, merge_people
from mmp3d.datasets.transforms.packing import PackMultiPersonInputs
from mmp3d.datasets.transforms.person_crop import PADDING, PersonCrop
from mmp3d.geometry import MUPOTS17
from mmp3d.models.estimators import MultiPersonTopDownEstimator
from mmp3d.stage_profile import stage


def find_people(
    images: Sequence[np.ndarray],
    boxes: Sequence[np.ndarray],
    network: MultiPersonTopDownEstimator,
    box_scores: Sequence[np.ndarray] | None = None,
    padding: float = PADDING,
    batch_size: int = 32,
    threshold: float = THRESHOLD,
) -> list[InstanceData]:
    """Everybody in the boxes of each frame, once.

    Args:
        images: F frames (h, w, 3) uint8 BGR; sizes may differ.
        boxes: F arrays (M, 4) xyxy px; M may differ and may be 0. In a box that is not finite, of no size or outside
            of its image nobody is found; one warning tells.
        network: With its weights; it is used as it is, ``eval()`` and device are the caller's.
        box_scores: F arrays (M,) of the detector; None: 1.
        padding: Enlargement of the boxes.
        batch_size: Crops a batch, of as many frames as it takes.
        threshold: OKS above which people found through different boxes are one.

    Returns:
        One InstanceData a frame with the fields of ``MultiPersonTopDownEstimator.add_pred_to_datasample``, among them
        ``keypoints`` (N, K, 2), ``keypoint_scores`` (N, K), ``bboxes`` (N, 4) and ``bbox_scores`` (N,).

    Raises:
        ValueError: Lengths or shapes do not fit; names the frame.
    """
    if box_scores is None:
        box_scores = [np.ones(len(frame_boxes), np.float32) for frame_boxes in boxes]
    _check(images, boxes, box_scores)
    found: list[list[tuple[int, InstanceData]]] = [[] for _ in images]
    crops = _crops(images, boxes, box_scores, network.head.decoder.input_size, padding)
    while batch := list(islice(crops, batch_size)):
        for (frame, box, _), sample in zip(batch, _tested(network, [crop for *_, crop in batch]), strict=True):
            found[frame].append((box, sample.pred_instances))
    with stage('merging', len(images)):
        return [_merged(of_frame, threshold) for of_frame in found]


def _crops(
    images: Sequence[np.ndarray],
    boxes: Sequence[np.ndarray],
    box_scores: Sequence[np.ndarray],
    input_size: tuple[int, int],
    padding: float,
) -> Iterator[tuple[int, int, dict]]:
    """Frame, box and packed crop of every box, made when the batch that holds it is."""
    cut, pack = PersonCrop(input_size, padding), PackMultiPersonInputs()
    for frame, image in enumerate(images):
        for number, (box, score) in enumerate(zip(boxes[frame], box_scores[frame], strict=True)):
            item = dict(
                img=image,
                img_path=f'frame {frame}',
                ori_shape=image.shape[:2],
                img_shape=image.shape[:2],
                crop_box=box,
                crop_score=score,
                flip_indices=MUPOTS17.flip_indices.tolist(),
            )
            with stage('top-down input', 1):
                crop = pack(cut(item))
            yield frame, number, crop


@torch.inference_mode()
def _tested(network: MultiPersonTopDownEstimator, crops: list[dict]) -> list[PoseDataSample]:
    with stage('top-down network', len(crops)):
        return network.test_step({key: [crop[key] for crop in crops] for key in ('inputs', 'data_samples')})


def _merged(found: list[tuple[int, InstanceData]], threshold: float) -> InstanceData:
    if not found:
        return _nobody()
    box_ids = list(chain.from_iterable([box] * len(people) for box, people in found))
    return merge_people(InstanceData.cat([people for _, people in found]), np.array(box_ids, np.int64), threshold)


def _nobody() -> InstanceData:
    joints = MUPOTS17.num_joints
    return InstanceData(
        keypoints=np.zeros((0, joints, 2), np.float32),
        keypoint_scores=np.zeros((0, joints), np.float32),
        keypoints_visible=np.zeros((0, joints), np.float32),
        bboxes=np.zeros((0, 4), np.float32),
        bbox_scores=np.zeros(0, np.float32),
        track_ids=np.zeros(0, np.int64),
        source=np.zeros(0, '<U4'),
    )


def _check(images: Sequence[np.ndarray], boxes: Sequence[np.ndarray], box_scores: Sequence[np.ndarray]) -> None:
    if not len(images) == len(boxes) == len(box_scores):
        raise ValueError(
            f'{len(images)} images, boxes of {len(boxes)} and box_scores of {len(box_scores)}; give one each a frame'
        )
    for frame, (image, frame_boxes, scores) in enumerate(zip(images, boxes, box_scores, strict=True)):
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(f'frame {frame}: expected (h, w, 3) uint8 BGR, got {image.shape} {image.dtype}')
        if np.shape(frame_boxes)[1:] != (4,) and len(frame_boxes):
            raise ValueError(f'frame {frame}: expected boxes (M, 4) xyxy, got {np.shape(frame_boxes)}')
        if np.shape(scores) != (len(frame_boxes),):
            raise ValueError(f'frame {frame}: {len(frame_boxes)} boxes but box_scores {np.shape(scores)}')

"""The bottom-up branch on ONNX graphs.

Shapes: B images, N people of an image, K = 17 MuPoTS joints, M candidates a joint, h w map cells. Camera frame,
millimetres.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from mmp3d.geometry import MUPOTS17, Camera, metric_depth
from mmp3d.geometry.crop import cells_inside_image
from mmp3d.geometry.depth_confidence import root_confidence, told_root_confidence
from mmp3d.geometry.grouping import MISSING, group_by_tags, reach_of_cells
from mmp3d.geometry.joint_sets import MUPOTS17_BONE_LENGTHS
from mmp3d.onnx.network_input import FittedImage, NetworkInput
from mmp3d.onnx.session import GraphSession
from mmp3d.pipeline.clip_frames import Chunk
from mmp3d.pipeline.given_people import People2D
from mmp3d.pipeline.stage_columns import no_people
from mmp3d.pipeline.stage_memory import digest

K, ROOT = MUPOTS17.num_joints, MUPOTS17.root_index
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class GroupingChoices:
    """How candidates become people, and how sure those are; as in ``AssociativeEmbeddingDepth`` and its estimator."""

    stride: int
    joint_order: Sequence[int]
    score_threshold: float
    tag_threshold: float
    min_joints: int
    reach_weight: float
    scale_joint: int | None
    root_depth_error: float
    root_tolerance: float


class OnnxBottomUp:
    """A :class:`~mmp3d.pipeline.clip_stages.BottomUpFinder` on three graphs, with the grouping between them.

    Args:
        graphs: ``bottom_up``, ``bottom_up_candidates`` and ``bottom_up_people``.
        network_input: How an image becomes an input.
        choices: Of the grouping.
        batch_size: Frames that the network sees at a time.
    """

    def __init__(
        self,
        graphs: Mapping[str, GraphSession],
        network_input: NetworkInput,
        choices: GroupingChoices,
        batch_size: int = 8,
    ) -> None:
        self._maps, self._candidates, self._people = (
            graphs[name] for name in ('bottom_up', 'bottom_up_candidates', 'bottom_up_people')
        )
        self.network_input, self.choices, self.batch_size = network_input, choices, batch_size

    def start(
        self, chunk: Chunk, poses: Sequence[People2D] | None, camera: Camera, helper: Executor
    ) -> Callable[[], list[Arrays]]:
        """See :class:`~mmp3d.pipeline.clip_stages.BottomUpFinder`; the graphs have threads of their own."""
        found = self._find(chunk, poses, camera)
        return lambda: found

    def _find(self, chunk: Chunk, poses: Sequence[People2D] | None, camera: Camera) -> list[Arrays]:
        found = [no_people() for _ in chunk.frames]
        for places in chunk.batches(self.batch_size):
            images = [self.network_input(chunk.images[place]) for place in places]
            people = [None if poses is None else poses[place] for place in places]
            maps = self._maps(image=np.stack([image.planes for image in images]), **_fed(people, images))
            for index, place in enumerate(places):
                own = {name: values[index] for name, values in maps.items()}
                found[place] = self._found(own, images[index], chunk.images[place].shape[1::-1], camera)
        return found

    def digest(self) -> str:
        """See :class:`~mmp3d.pipeline.clip_stages.BottomUpFinder`."""
        return digest('onnx_bottom_up', repr(self.network_input), repr(self.choices))

    def _found(self, maps: Arrays, image: FittedImage, image_size: tuple[int, int], camera: Camera) -> Arrays:
        cells = maps['heatmaps'].shape[:0:-1]
        maps['heatmaps'] *= cells_inside_image(cells, self.choices.stride, image.scale, image.offset, image_size)
        grouped = self._grouped(maps)
        if not len(grouped):
            return no_people()
        people = self._people(cells=grouped, **maps)
        people = {name.removeprefix('people_'): values for name, values in people.items()}
        return self._in_camera_space(people, image, camera)

    def _grouped(self, maps: Arrays) -> np.ndarray:
        """(N, K) flat cells of each person's joints, ``MISSING`` where one lacks it."""
        choices, candidates = self.choices, self._candidates(**maps)
        cells, reach = candidates['cells'], None
        if choices.reach_weight:
            width, limits = maps['heatmaps'].shape[-1], np.maximum(MUPOTS17.reach(MUPOTS17_BONE_LENGTHS), 1)
            scales = candidates['log_scales']
            reach = reach_of_cells(
                cells, scales, width, choices.stride, limits, choices.reach_weight, choices.scale_joint
            )
        members = group_by_tags(
            candidates['scores'],
            candidates['tags_at_cells'],
            choices.joint_order,
            choices.score_threshold,
            choices.tag_threshold,
            reach,
        )
        members = members[(members != MISSING).sum(axis=1) >= choices.min_joints]
        return np.where(members == MISSING, MISSING, cells[np.arange(len(cells)), np.maximum(members, 0)])

    def _in_camera_space(self, people: Arrays, image: FittedImage, camera: Camera) -> Arrays:
        keypoints = people['keypoints'] * image.scale + image.offset
        depths = metric_depth(people['root_depths'], camera.focal / image.scale[0])
        points = camera.back_project(keypoints, depths[:, None] + people['relative_depths']).astype(np.float32)
        scores = people['bbox_scores'] * self._confidence(points[:, ROOT], people.get('root_errors'))
        found = {
            'keypoints': keypoints.astype(np.float32),
            'keypoint_scores': people['keypoint_scores'],
            'keypoints_cam': points,
            'bbox_scores': scores.astype(np.float32),
        }
        order = np.argsort(-scores, kind='stable')
        return {name: values[order] for name, values in found.items()}

    def _confidence(self, roots: np.ndarray, errors: np.ndarray | None) -> np.ndarray:
        if errors is not None:
            return told_root_confidence(roots, errors, self.choices.root_tolerance)
        return root_confidence(roots, self.choices.root_depth_error, self.choices.root_tolerance)


def _fed(people: Sequence[People2D | None], images: Sequence[FittedImage]) -> Arrays:
    """2D people of each image in input px, padded to one number of them by people whose scores are 0."""
    most = max([1, *(len(each['keypoints']) for each in people if each is not None)])
    keypoints = np.zeros((len(people), most, K, 2), np.float32)
    scores = np.zeros((len(people), most, K), np.float32)
    for index, (each, image) in enumerate(zip(people, images, strict=True)):
        if each is not None:
            keypoints[index, : len(each['keypoints'])] = (each['keypoints'] - image.offset) / image.scale
            scores[index, : len(each['keypoints'])] = each['keypoint_scores']
    return {'keypoints': keypoints, 'scores': scores}

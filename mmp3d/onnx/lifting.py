"""The lifting of tracks on an ONNX graph.

Shapes: T frames of a track, K = 17 MuPoTS joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmp3d.geometry import Camera
from mmp3d.onnx.session import GraphSession
from mmp3d.pipeline.lifted_frames import LiftedTrack
from mmp3d.pipeline.stage_memory import digest
from mmp3d.pipeline.track import Track

# Frames that one pass over a long track answers for: memory does not grow with its length.
CHUNK_FRAMES = 1024


class OnnxLifter:
    """A :class:`~mmp3d.pipeline.clip_stages.TrackLifter`.

    Args:
        graph: ``lifting``.
        context: Frames before and after the one that is answered for.
        chunk_frames: Frames of one pass; passes overlap by the context, so that the result is that of a single one.
    """

    def __init__(self, graph: GraphSession, context: tuple[int, int], chunk_frames: int = CHUNK_FRAMES) -> None:
        self._graph, self.context, self.chunk_frames = graph, tuple(context), chunk_frames

    def lift(self, tracks: Sequence[Track], camera: Camera) -> list[LiftedTrack]:
        """See :class:`~mmp3d.pipeline.clip_stages.TrackLifter`; every track has an id of its own."""
        return [self._lifted(track.without_gaps(), camera) for track in tracks]

    def digest(self) -> str:
        """See :class:`~mmp3d.pipeline.clip_stages.TrackLifter`."""
        return digest('onnx_lifter', self.context)

    def _lifted(self, track: Track, camera: Camera) -> LiftedTrack:
        rays = camera.normalize(track.keypoints).astype(np.float32)
        scores = np.minimum(track.keypoint_scores, 1).astype(np.float32)
        starts = range(0, len(rays), self.chunk_frames)
        points = np.concatenate([self._answers(rays, scores, start) for start in starts])
        if not scores.any():
            points = np.full_like(points, np.nan)
        return LiftedTrack(track.track_id, track.frame_ids, points, track.keypoint_scores)

    def _answers(self, rays: np.ndarray, scores: np.ndarray, start: int) -> np.ndarray:
        first = max(start - self.context[0], 0)
        seen = slice(first, start + self.chunk_frames + self.context[1])
        points = self._graph(rays=rays[None, seen], scores=scores[None, seen])['keypoints_cam'][0]
        return points[start - first :][: self.chunk_frames]

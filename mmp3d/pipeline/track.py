"""One person's 2D poses over the frames of a video.

Shapes: F frames in which the person was found, T frames from the first to the last of them, K = 17 MuPoTS joints.
Pixels of the full image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmp3d.geometry import MUPOTS17

# An interpolated joint is half as sure as the less sure one of the two that it lies between.
GAP_CONFIDENCE = 0.5


@dataclass(frozen=True, eq=False)
class Track:
    """A person found in some frames; they are put in order.

    Args:
        track_id: Number of the person.
        frame_ids: (F,) numbers of the frames, in any order, F >= 1.
        keypoints: (F, K, 2) px; entries with a score of 0 may hold anything, NaN too.
        keypoint_scores: (F, K) confidences; not finite or below 0 counts as 0.

    Raises:
        ValueError: There is no frame, a frame occurs twice, or an array has another shape; names the track.

    Examples:
        >>> track = Track(3, [0, 4], np.zeros((2, 17, 2)), np.ones((2, 17)))
        >>> track.without_gaps().frame_ids.tolist(), track.without_gaps().keypoint_scores[:, 0].tolist()
        ([0, 1, 2, 3, 4], [1.0, 0.5, 0.5, 0.5, 1.0])
    """

    track_id: int
    frame_ids: np.ndarray
    keypoints: np.ndarray
    keypoint_scores: np.ndarray

    def __post_init__(self) -> None:
        frames = np.asarray(self.frame_ids, np.int64)
        numbers, counts = np.unique(frames, return_counts=True)
        if frames.ndim != 1 or not len(frames) or (counts > 1).any():
            found = f'frames {numbers[counts > 1][:3].tolist()} twice' if frames.size else 'none'
            raise ValueError(f'track {self.track_id} needs one or more frames, each once, found {found}')
        order = np.argsort(frames)
        object.__setattr__(self, 'frame_ids', frames[order])
        for name, shape in (('keypoints', (MUPOTS17.num_joints, 2)), ('keypoint_scores', (MUPOTS17.num_joints,))):
            array = np.asarray(getattr(self, name), np.float32)
            if array.shape != (len(frames), *shape):
                raise ValueError(
                    f'track {self.track_id}: {name} must have shape {(len(frames), *shape)}, got {array.shape}; other '
                    'joint sets are converted with mmp3d.geometry.Skeleton.convert'
                )
            object.__setattr__(self, name, array[order])
        scores = np.nan_to_num(np.maximum(self.keypoint_scores, 0), nan=0.0, posinf=0.0)
        found = np.isfinite(self.keypoints).all(axis=-1)
        object.__setattr__(self, 'keypoint_scores', np.where(found, scores, 0))
        object.__setattr__(self, 'keypoints', np.where(found[..., None], self.keypoints, 0))

    def without_gaps(self) -> Track:
        """The track with every frame from the first to the last.

        A frame that is missing, or in which no joint has a score, is interpolated between its neighbours, its scores
        halved; before the first and after the last frame with a joint that one is repeated likewise. A track without
        any score keeps its scores of 0.
        """
        frames = np.arange(self.frame_ids[0], self.frame_ids[-1] + 1)
        seen = np.flatnonzero(self.keypoint_scores.any(axis=1))
        if not len(seen):
            nothing = np.zeros((len(frames), *self.keypoints.shape[1:]), np.float32)
            return Track(self.track_id, frames, nothing, nothing[..., 0])
        place = np.interp(frames, self.frame_ids[seen], np.arange(len(seen)))
        before, after = seen[np.floor(place).astype(int)], seen[np.ceil(place).astype(int)]
        share = (place % 1).astype(np.float32)[:, None, None]
        keypoints = (1 - share) * self.keypoints[before] + share * self.keypoints[after]
        scores = np.minimum(self.keypoint_scores[before], self.keypoint_scores[after])
        scores[~np.isin(frames, self.frame_ids[seen])] *= GAP_CONFIDENCE
        return Track(self.track_id, frames, keypoints, scores)

"""From tracked 2D poses to people in camera space (paper, section 3.1): GCN, temporal pose, root depth, placement.

Shapes: T frames of a track, K = 17 MuPoTS joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch

from mmp3d.geometry import Camera
from mmp3d.models.estimators import PoseLiftingEstimator
from mmp3d.pipeline.lifted_frames import LiftedTrack
from mmp3d.pipeline.track import Track


def lift_tracks(tracks: Sequence[Track], camera: Camera, networks: PoseLiftingEstimator) -> list[LiftedTrack]:
    """Lift every track; time grows linearly with the frames, and the networks' memory not at all.

    Frames that a track lacks are interpolated (:meth:`Track.without_gaps`), joints that it lacks are completed by the
    networks. Bones keep the lengths that they have in the middle of the track's frames (median), and a person's size
    goes with their depth: the root's depth is the networks', the root's ray is the 2D pose's.

    Args:
        tracks: Any number of them.
        camera: The camera of all frames.
        networks: Estimator with its weights; it is used as it is, ``eval()`` and device are the caller's.

    Returns:
        One result a track, in order. A track without any confident joint is nowhere: its poses are NaN.

    Raises:
        ValueError: Two tracks have one id.
    """
    twice = [number for number, count in Counter(track.track_id for track in tracks).items() if count > 1]
    if twice:
        raise ValueError(
            f'tracks must have ids of their own, found several tracks with id {twice[:3]}; join or renumber'
        )
    return [lift_track(track, camera, networks) for track in tracks]


@torch.inference_mode()
def lift_track(track: Track, camera: Camera, networks: PoseLiftingEstimator) -> LiftedTrack:
    """Lift one track, see :func:`lift_tracks`."""
    track = track.without_gaps()
    device = next(networks.parameters()).device
    rays, scores = (
        torch.as_tensor(array, dtype=torch.float32, device=device)
        for array in (camera.normalize(track.keypoints), track.keypoint_scores)
    )
    points = networks.lift_track(rays, scores.clamp(max=1)).cpu().numpy()
    if not track.keypoint_scores.any():
        points = np.full_like(points, np.nan)
    return LiftedTrack(track.track_id, track.frame_ids, points, track.keypoint_scores)

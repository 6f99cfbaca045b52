"""What the whole system is put together from: who finds, lifts and integrates people.

Shapes: N people of a frame, K = 17 MuPoTS joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import NamedTuple, Protocol

import numpy as np

from mmp3d.geometry import Camera
from mmp3d.pipeline.clip_frames import Chunk
from mmp3d.pipeline.given_people import People2D, PeopleFinder
from mmp3d.pipeline.integration import PoseRule
from mmp3d.pipeline.lifted_frames import LiftedTrack
from mmp3d.pipeline.track import Track


class BottomUpFinder(Protocol):
    """The bottom-up branch."""

    def start(
        self, chunk: Chunk, poses: Sequence[People2D] | None, camera: Camera, helper: Executor
    ) -> Callable[[], list[dict[str, np.ndarray]]]:
        """The part that needs the network, carried out here; what is given waits for the rest.

        Args:
            chunk: The frames.
            poses: 2D people of each frame, whose joints the network gets as heatmaps; None: the pictures alone.
            camera: The camera of all frames.
            helper: Of one thread, for the people of the batch before.

        Returns:
            Gives people of each frame in camera space, nobody in one that cannot be read. One mapping a frame:
            ``keypoints`` (N, K, 2) px, ``keypoint_scores`` (N, K), ``keypoints_cam`` (N, K, 3) mm and ``bbox_scores``
            (N,).
        """
        ...

    def digest(self) -> str:
        """Digest of what the result depends on, beside the frames and poses."""
        ...


class TrackLifter(Protocol):
    """The lifting of the top-down branch."""

    def lift(self, tracks: Sequence[Track], camera: Camera) -> list[LiftedTrack]:
        """See :func:`~mmp3d.pipeline.lift_tracks`."""
        ...

    def digest(self) -> str:
        """Digest of the networks."""
        ...


class ClipStages(NamedTuple):
    """What finds, lifts and integrates; ``bottom_up`` or ``lifter`` is None where its branch is not used."""

    people_2d: PeopleFinder
    bottom_up: BottomUpFinder | None
    lifter: TrackLifter | None
    integration: PoseRule

    def digests(self) -> dict[str, str]:
        """What the outputs of the stages depend on, beside the frames, by stage."""
        return {name: stage.digest() for name, stage in self._asdict().items() if stage is not None}

"""Ids of the people that come out of the two branches: a person keeps theirs when a branch loses them for a while.

Shapes: N bottom-up and M top-down people of a frame, P people in all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from mmp3d.pipeline.matching import Matches
from mmp3d.pipeline.tracking import UNTRACKED, FramePoses, PoseTracker, TrackerSettings

# What tells stored people from those that another rule has numbered; change it with the rule.
NUMBERING = 'tracks, and tracks of the others'


class BottomUpIds:
    """Numbers the bottom-up people of one frame after another by a tracker; everybody gets a number.

    Those whom it takes into no track, because they are doubtful or much like another one, are tracked beside it: a
    number of their own in every frame would make hundreds of people of one.

    Args:
        settings: Of the tracker.
    """

    def __init__(self, settings: TrackerSettings) -> None:
        self._tracker, self._others = PoseTracker(settings), PoseTracker(settings.for_everybody())
        self._jointless = 0

    def update(self, frame: FramePoses) -> np.ndarray:
        """(N,) the tracker's ids, negative ones of the others; people without any joint have new ones every time."""
        ids = self._tracker.update(frame).ids.copy()
        left = np.flatnonzero(ids == UNTRACKED)
        found = self._others.update(FramePoses(frame.frame_id, frame.keypoints[left], frame.scores[left])).ids
        jointless = found == UNTRACKED
        new = self._jointless + np.cumsum(jointless)
        self._jointless += int(jointless.sum())
        # Odd and even, so that neither has the other's numbers.
        ids[left] = np.where(jointless, 1 - 2 * new, -2 - 2 * found)
        return ids


def final_ids(
    matches: Sequence[Matches], bottom_up_ids: Sequence[np.ndarray], top_down_ids: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """(P,) ids of each frame's people: pairs first, then those of the top-down branch alone, then bottom-up alone.

    The top-down ids stay. A person of the bottom-up branch alone is the top-down person with whom their bottom-up track
    is paired most often, unless that one is in the frame; else they get a number of their own behind the top-down ids.

    Args:
        matches: F frames.
        bottom_up_ids: F arrays (N,), all different within a frame.
        top_down_ids: F arrays (M,) from 0 on, likewise.
    """
    frames = list(zip(matches, bottom_up_ids, top_down_ids, strict=True))
    partners = _partners(frames)
    own: dict[int, int] = {}
    first = 1 + max((int(ids.max()) for ids in top_down_ids if len(ids)), default=-1)
    found = []
    for match, lower, upper in frames:
        ids = [*upper[match.pairs[:, 1]].tolist(), *upper[match.top_down_only].tolist()]
        for number in lower[match.bottom_up_only].tolist():
            partner = partners.get(number)
            free = partner is not None and partner not in ids
            ids.append(partner if free else own.setdefault(number, first + len(own)))
        found.append(np.array(ids, np.int64))
    return found


def _partners(frames: Iterable[tuple[Matches, np.ndarray, np.ndarray]]) -> dict[int, int]:
    """The top-down track with which each bottom-up track is paired most often; of equals the first."""
    counts: Counter[tuple[int, int]] = Counter()
    for match, lower, upper in frames:
        counts.update(zip(lower[match.pairs[:, 0]].tolist(), upper[match.pairs[:, 1]].tolist(), strict=True))
    partners: dict[int, int] = {}
    for (number, partner), _ in counts.most_common():
        partners.setdefault(number, partner)
    return partners

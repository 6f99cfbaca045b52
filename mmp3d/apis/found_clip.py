"""From the people of each frame to a clip; what has been found outlives what breaks it off.

Shapes: N people of a frame. Camera frame, millimetres.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mmp3d.apis.clip_run import ClipRun
from mmp3d.export import PeopleClip, clip_from_images
from mmp3d.export.people_clip import NEEDED


class FoundClip(NamedTuple):
    """The people of the frames so far; how many were ``left_out`` as too brief; what ended it early, None where nothing
    did; and how to remove what the run left in its work folder."""

    clip: PeopleClip
    left_out: int = 0
    broken_off: BaseException | None = None
    remove_work: Callable[[], None] = lambda: None


def clip_of_run(run: ClipRun, fps: float, person_thr: float = 0.0, min_frames: int = 1) -> FoundClip:
    """The clip of a run.

    Args:
        run: Carried out here.
        fps: Frames a second.
        person_thr: People with a lower score in a frame are left out of it.
        min_frames: People in fewer frames are left out; of a shorter clip, those who are not in all of its frames.

    Raises:
        ValueError, OSError: There is no first frame, or the work folder cannot be written to.
    """
    frames = []
    for _, people in run.people():
        kept = people.bbox_scores >= person_thr
        frames.append({name: np.asarray(people.get(name)[kept], kind) for name, kind in NEEDED.items()})
    left_out = _leave_out(frames, min(min_frames, len(frames)))
    images = (dict(camera=run.reader.camera, instances=people) for people in frames)
    return FoundClip(clip_from_images(images, fps, run.name), left_out, run.reader.ended_by, run.remove_work)


def _leave_out(frames: list[dict[str, np.ndarray]], least: int) -> int:
    """Take people who are in fewer frames than ``least`` out of ``frames``; how many they are."""
    counts = Counter(number for people in frames for number in people['track_ids'].tolist())
    brief = [number for number, count in counts.items() if count < least]
    for people in frames if brief else ():
        kept = np.isin(people['track_ids'], brief, invert=True)
        people.update({name: values[kept] for name, values in people.items()})
    return len(brief)

"""People of a clip followed from frame to frame beside the networks' work on later frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from mmp3d.pipeline.background import DoneBehind
from mmp3d.pipeline.tracking import FramePoses
from mmp3d.stage_profile import stage

Part = TypeVar('Part')


class Following(Generic[Part]):
    """Gives the frames of one part of a clip after another to a tracker, each once.

    Args:
        frames_of: The frames of a part.
        follow: Takes the next frame.
    """

    def __init__(self, frames_of: Callable[[Part], Iterable[FramePoses]], follow: Callable[[FramePoses], Any]) -> None:
        self._frames_of, self._follow = frames_of, follow
        self._taken = 0

    def soon(self, parts: list[Part], behind: DoneBehind) -> None:
        """Have the parts that were not taken followed by ``behind``.

        Args:
            parts: All parts so far.
            behind: The same one each time. Raises what the following of an earlier part has raised.
        """
        behind.do(self._take, parts[self._taken :])
        self._taken = len(parts)

    def rest(self, parts: list[Part]) -> None:
        """Follow the parts that were not taken; what was to be done soon is done."""
        self._take(parts[self._taken :])
        self._taken = len(parts)

    def _take(self, parts: list[Part]) -> None:
        for part in parts:
            frames = list(self._frames_of(part))
            with stage('tracking', len(frames)):
                for frame in frames:
                    self._follow(frame)

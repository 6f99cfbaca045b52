"""Choices of the whole system."""

from __future__ import annotations

from dataclasses import dataclass, field

from mmp3d.pipeline.matching import MIN_SIMILARITY
from mmp3d.pipeline.track_linking import LinkSettings
from mmp3d.pipeline.tracking import TrackerSettings
from mmp3d.synthetic.ranges import check_number, recipe_of

BRANCHES, MATCHINGS = ('both', 'top_down', 'bottom_up'), ('frame', 'track', 'none', 'released')


@dataclass(frozen=True)
class TwoBranchSettings:
    """Choices of the whole system.

    Args:
        branches: ``'both'``, or one alone: ``'top_down'``, ``'bottom_up'``.
        feed_poses: Give the bottom-up network the top-down branch's joints as heatmaps; False: its pictures alone.
        matching: Pairs by eq. 5-6, ``'frame'`` by frame, or one decision for each pair of tracks (``'track'``, which
            holds the whole clip's poses at once); ``'none'``: the baseline without pose matching,
            :func:`~mmp3d.pipeline.nearest_roots.match_nearest_roots`; ``'released'``: by shape alone, and the people of
            the bottom-up branch alone are left out, :func:`~mmp3d.pipeline.release_matching.match_by_shape`.
        bottom_up_strangers: With both branches: keep people of whom the top-down branch has no track. False where the
            bottom-up network sees people who are not there, as on pictures unlike those that it was trained on.
        min_similarity: See :func:`~mmp3d.pipeline.matching.match_people`.
        least_score: What a joint counts at least that a branch completed without having found it.
        root_depth_error: Error to expect of a top-down root depth, as a share of the distance: ranks people as
            ``root_depth_error`` of ``BottomUpDepthEstimator`` does.
        tracker: When a 2D pose belongs to a track; a dict of its fields is taken, too.
        links: Which tracks are one person's; likewise.
        chunk: Frames whose pictures are in memory at a time.
        frame_batch: Frames that the bottom-up network sees at a time.
        crop_batch: Boxes that the top-down network sees at a time.
        padding: Enlargement of the boxes.
        box_overlap: IoU with the box of a surer pose above which a box around given 2D poses is left out, as detectors
            do; 1: none is.
        merge_threshold: OKS above which people found through different boxes are one, see
            :func:`~mmp3d.pipeline.merge_people`.

    Raises:
        ValueError: A field is not as above; names it.
    """

    branches: str = 'both'
    feed_poses: bool = True
    matching: str = 'frame'
    bottom_up_strangers: bool = True
    min_similarity: float = MIN_SIMILARITY
    least_score: float = 0.2
    root_depth_error: float = 0.1
    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    links: LinkSettings = field(default_factory=LinkSettings)
    chunk: int = 32
    frame_batch: int = 8
    crop_batch: int = 32
    padding: float = 1.25
    box_overlap: float = 1.0
    merge_threshold: float = 0.85

    def __post_init__(self) -> None:
        for name, allowed in (('branches', BRANCHES), ('matching', MATCHINGS)):
            if getattr(self, name) not in allowed:
                raise ValueError(f'settings: {name} must be one of {allowed}, got {getattr(self, name)!r}')
        for name in ('min_similarity', 'least_score', 'root_depth_error', 'box_overlap', 'merge_threshold'):
            check_number(name, getattr(self, name), 0, 1)
        check_number('padding', self.padding, 1, 10)
        for name in ('chunk', 'frame_batch', 'crop_batch'):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ValueError(f'settings: {name} must be a whole number from 1 on, got {getattr(self, name)!r}')
        for name, kind in (('tracker', TrackerSettings), ('links', LinkSettings)):
            if isinstance(getattr(self, name), dict):
                object.__setattr__(self, name, recipe_of(kind, name, getattr(self, name)))

    @property
    def uses(self) -> dict[str, bool]:
        """Which of ``lifter`` and ``bottom_up`` the branches need."""
        return {'lifter': self.branches != 'bottom_up', 'bottom_up': self.branches != 'top_down'}

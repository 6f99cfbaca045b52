"""The whole system on one clip (paper, Fig. 2): frames in, people with ids in camera space out.

Every picture is looked at once, in chunks; what the two branches saw of it is small and waits, in memory or in a
folder, until all frames are seen and the tracks are whole. Then tracks are lifted, people matched and poses integrated.

Shapes: T frames, N people of a frame. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.geometry.depth_confidence import root_confidence
from mmp3d.pipeline.background import DoneBehind
from mmp3d.pipeline.clip_frames import Chunk, ClipFrame, chunks_of
from mmp3d.pipeline.clip_stages import ClipStages
from mmp3d.pipeline.following import Following
from mmp3d.pipeline.identities import NUMBERING, BottomUpIds, final_ids
from mmp3d.pipeline.integration import BranchFrames, PairedPeople, integrate, pair_people
from mmp3d.pipeline.lifted_frames import lifted_columns, people_at, track_columns, tracks_of
from mmp3d.pipeline.matching import CameraPeople, Matches, match_people
from mmp3d.pipeline.nearest_roots import match_nearest_roots
from mmp3d.pipeline.stage_columns import by_frame, flat_columns, no_people
from mmp3d.pipeline.stage_memory import StageMemory
from mmp3d.pipeline.track_linking import tracks_of_frames
from mmp3d.pipeline.tracking import FramePoses, PoseTracker, TrackerSettings
from mmp3d.pipeline.two_branch_settings import TwoBranchSettings
from mmp3d.stage_profile import stage

# What runs networks with mmengine and PyTorch is imported where such networks are: the stages here need neither.
if TYPE_CHECKING:
    from mmengine.structures import InstanceData
    from torch import nn

    from mmp3d.models.estimators import BottomUpDepthEstimator, MultiPersonTopDownEstimator, PoseLiftingEstimator
    from mmp3d.pipeline.detection import PersonDetector
    from mmp3d.pipeline.stage_store import StageStore

ROOT = MUPOTS17.root_index


class TwoBranchNetworks(NamedTuple):
    """The networks, with their weights and in evaluation mode; their devices are the caller's.

    ``lifter`` and ``bottom_up`` with its ``bottom_up_pipeline`` (the transforms of its config at test) may be None
    where their branch is not used, ``integration`` where there is one branch; without ``top_down`` the frames bring
    their 2D poses; without ``detector`` the boxes of ``top_down`` are those around these poses.
    """

    lifter: PoseLiftingEstimator | None = None
    bottom_up: BottomUpDepthEstimator | None = None
    bottom_up_pipeline: Sequence[dict] = ()
    integration: nn.Module | None = None
    top_down: MultiPersonTopDownEstimator | None = None
    detector: PersonDetector | None = None


class ClipPipeline:
    """Runs the stages on one clip after another; nothing is carried from one clip to the next.

    Args:
        stages: Those that the settings use.
        settings: The choices.
    """

    def __init__(self, stages: ClipStages, settings: TwoBranchSettings) -> None:
        self.stages, self.settings, self.uses = stages, settings, settings.uses

    def columns(
        self, frames: Iterable[ClipFrame], camera: Camera, store: StageMemory | StageStore | None, clip: str
    ) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
        """Number and people of each frame as arrays, in order; arguments and errors as :meth:`TwoBranchPipeline.run`.

        Yields:
            ``frame_id``, and ``keypoints, keypoint_scores, keypoints_cam, keypoints_3d, root_cam, bboxes, bbox_scores,
            track_ids, source`` by the data contract, the surest first.
        """
        yield from self._looked_at(frames, camera, store, clip).people()

    def pairs(
        self, frames: Iterable[ClipFrame], camera: Camera, store: StageMemory | StageStore | None, clip: str
    ) -> Iterator[tuple[list[int], PairedPeople]]:
        """Numbers of the frames of a chunk, and what the branches say about their people: what integration is given.

        Arguments and errors as :meth:`TwoBranchPipeline.run`.
        """
        run = self._looked_at(frames, camera, store, clip)
        yield from ((part.frame_ids, run.paired(part)) for part in run.parts)

    def _looked_at(
        self, frames: Iterable[ClipFrame], camera: Camera, store: StageMemory | StageStore | None, clip: str
    ) -> _ClipRun:
        with DoneBehind() as behind, ThreadPoolExecutor(1, 'stages') as helper:
            run = _ClipRun(self, camera, StageMemory() if store is None else store, clip, behind)
            try:
                for chunk in chunks_of(frames, self.settings.chunk):
                    run.look(chunk, helper)
                    del chunk  # and its pictures, before the next ones are read
            finally:
                run.finish()  # also what an error or Ctrl-C leaves
        return run

    @cached_property
    def digests(self) -> dict[str, str]:
        """See :meth:`ClipStages.digests`."""
        return self.stages.digests()


class TwoBranchPipeline(ClipPipeline):
    """The stages on PyTorch networks.

    Args:
        networks: The networks.
        settings: The choices; None for the defaults.

    Raises:
        ValueError: A network is missing that the chosen branches need.
    """

    def __init__(self, networks: TwoBranchNetworks, settings: TwoBranchSettings | None = None) -> None:
        from mmp3d.pipeline.network_stages import network_stages

        settings = settings or TwoBranchSettings()
        super().__init__(network_stages(networks, settings), settings)
        self.networks = networks

    def run(
        self, frames: Iterable[ClipFrame], camera: Camera, store: StageStore | None = None, clip: str = 'clip'
    ) -> Iterator[tuple[int, InstanceData]]:
        """Number and people of each frame, in order; the first comes when all frames are seen.

        Args:
            frames: Frames of one sequence, one after another at an even rate; read once, and their pictures only where
                a stage needs them.
            camera: The camera of all frames.
            store: Where stage outputs are kept and found; None: in memory, until the clip is done.
            clip: Name of the clip in the store.

        Yields:
            ``frame_id``, and people by the data contract: ``keypoints, keypoint_scores, keypoints_cam, keypoints_3d,
            root_cam, bboxes, bbox_scores, track_ids, source``, the surest first.

        Raises:
            ValueError: Frames are not in order, or a frame brings poses of another shape.
        """
        from mmengine.structures import InstanceData

        for frame_id, people in self.columns(frames, camera, store, clip):
            yield frame_id, InstanceData(**people)


class _Part(NamedTuple):
    """A chunk that has been looked at."""

    start: int
    frame_ids: list[int]
    poses_key: str
    bottom_up_key: str


class _ClipRun:
    """One clip on its way through the stages; people are followed ``behind``, while networks look at later chunks."""

    def __init__(
        self,
        pipeline: ClipPipeline,
        camera: Camera,
        store: StageMemory | StageStore,
        clip: str,
        behind: DoneBehind,
    ) -> None:
        self.pipeline, self.settings = pipeline, pipeline.settings
        self.camera, self.store, self.clip, self._behind = camera, store, clip, behind
        self.parts: list[_Part] = []
        self.finish: Callable[[], Any] = _nothing
        self._begin_tracks(self.settings.tracker)
        self._lower_ids: list[np.ndarray] = []
        numbers = BottomUpIds(self.settings.tracker)
        self._lower = Following(self._lower_poses, lambda frame: self._lower_ids.append(numbers.update(frame)))

    @property
    def length(self) -> int:
        """T."""
        return sum(len(part.frame_ids) for part in self.parts)

    def look(self, chunk: Chunk, helper: Executor) -> None:
        """Stages that need pictures: people in 2D, and the bottom-up branch.

        What the latter's network saw is decoded by ``helper``, beside the networks on the next chunk. Call
        :attr:`finish` when all chunks have been looked at.
        """
        settings, key = self.settings, self.store.key
        frames_key = key(self.clip, self.camera.to_dict(), *chunk.facts())
        poses_key = key('poses2d', frames_key, lambda: self.pipeline.digests['people_2d'])
        part = _Part(chunk.start, [frame.frame_id for frame in chunk.frames], poses_key, '')
        poses = self._got('poses2d', poses_key, lambda: flat_columns(self.pipeline.stages.people_2d.find(chunk)), part)
        if self.pipeline.uses['bottom_up']:
            fed = by_frame(poses) if settings.feed_poses else None
            source = poses_key if settings.feed_poses else frames_key
            part = part._replace(bottom_up_key=key('bottom_up', source, lambda: self.pipeline.digests['bottom_up']))
            self._look_bottom_up(part, partial(self.pipeline.stages.bottom_up.start, chunk, fed, self.camera, helper))
        self.parts.append(part)

    def _look_bottom_up(self, part: _Part, start: Callable[[], Callable[[], list]]) -> None:
        name, key = self._name('bottom_up', part), part.bottom_up_key
        if self.store.find(name, key) is not None:
            return
        found = start()
        self.finish()

        def finish() -> None:
            self.store.keep(name, key, flat_columns(found()))
            self.finish = _nothing
            # Not where all outputs are found: the tracks may be, too.
            if self.pipeline.uses['lifter']:
                self._upper.soon(self.parts, self._behind)
            self._lower.soon(self.parts, self._behind)

        self.finish = finish

    def people(self) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
        """Number and people of each frame."""
        if not self.parts:
            return
        key = self._people_key()
        for part in self.parts:
            with stage('integration', len(part.frame_ids)):
                columns = self._got('people', key, partial(self._integrated, part), part)
            for frame_id, found in zip(part.frame_ids, by_frame(columns), strict=True):
                yield frame_id, _whole_people(found)

    def _people_key(self) -> str:
        settings = asdict(self.settings)
        names = (
            'branches',
            'matching',
            'bottom_up_strangers',
            'min_similarity',
            'least_score',
            'root_depth_error',
            'tracker',
        )
        choices = [settings[name] for name in names]
        sources = [self._lifting_key, [part.bottom_up_key for part in self.parts], self.camera.to_dict()]
        return self.store.key('people', choices, NUMBERING, *sources, lambda: self.pipeline.digests['integration'])

    @cached_property
    def _tracks_key(self) -> str:
        choices = asdict(self.settings.tracker), asdict(self.settings.links)
        return self.store.key('tracks', [part.poses_key for part in self.parts], *choices)

    @cached_property
    def _lifting_key(self) -> str:
        if not self.pipeline.uses['lifter']:
            return ''
        camera = self.camera.to_dict()
        return self.store.key('lifting', self._tracks_key, camera, lambda: self.pipeline.digests['lifter'])

    @cached_property
    def _lifted(self) -> dict[str, np.ndarray]:
        """See :func:`lifted_columns`; frames are places in the clip."""
        if not self.pipeline.uses['lifter']:
            return lifted_columns([])
        return self._got('lifting', self._lifting_key, self._lift)

    def _lift(self) -> dict[str, np.ndarray]:
        tracks = tracks_of(self._got('tracks', self._tracks_key, self._track))
        with stage('lifting', self.length):
            return lifted_columns(self.pipeline.stages.lifter.lift(tracks, self.camera))

    def _track(self) -> dict[str, np.ndarray]:
        # In a clip that is shorter than what a track needs to count, everybody counts who is in all of its frames.
        tracker, links = self.settings.tracker, self.settings.links
        if self.length < tracker.confirming_hits:
            self._begin_tracks(replace(tracker, confirming_hits=self.length))
        self._upper.rest(self.parts)
        # Of the frames only the ids are kept, so that a long video needs no more memory: the poses are read once more.
        frames = zip((pose for part in self.parts for pose in self._upper_poses(part)), self._upper_ids, strict=True)
        with stage('tracking'):
            links = replace(links, shortest=min(links.shortest, self.length))
            return track_columns(tracks_of_frames(frames, links))

    def _begin_tracks(self, settings: TrackerSettings) -> None:
        tracker, self._upper_ids = PoseTracker(settings), []
        self._upper = Following(self._upper_poses, lambda frame: self._upper_ids.append(tracker.update(frame)))

    def _upper_poses(self, part: _Part) -> Iterator[FramePoses]:
        frames = by_frame(self._again('poses2d', part.poses_key, part))
        for place, found in enumerate(frames, part.start):
            yield FramePoses(place, found['keypoints'], found['keypoint_scores'], found['bboxes'])

    def _lower_poses(self, part: _Part) -> Iterator[FramePoses]:
        for place, found in enumerate(self._bottom_up(part), part.start):
            yield FramePoses(place, found['keypoints'], found['keypoint_scores'])

    def _bottom_up(self, part: _Part) -> list[dict[str, np.ndarray]]:
        if not self.pipeline.uses['bottom_up']:
            return [no_people() for _ in part.frame_ids]
        return by_frame(self._again('bottom_up', part.bottom_up_key, part))

    @cached_property
    def _matched(self) -> tuple[list[Matches], list[np.ndarray]]:
        """Matches and ids of the people of each of the T frames."""
        self._lower.rest(self.parts)
        matches, upper_ids, waiting = [], [], []
        for part in self.parts:
            found, upper = self._bottom_up(part), people_at(self._lifted, part.start, len(part.frame_ids))
            upper_ids += [people.track_ids for people in upper]
            ids = self._lower_ids[part.start : part.start + len(found)]
            lower = [_camera_people(*each) for each in zip(found, ids, strict=True)]
            if self.settings.matching == 'track':
                waiting += zip(lower, upper, strict=True)
            else:
                matches += self._matches(lower, upper)
        if waiting:
            matches = match_people(*zip(*waiting, strict=True), self.settings.min_similarity, by_track=True)
        return matches, final_ids(matches, self._lower_ids, upper_ids)

    def _matches(self, lower: list[CameraPeople], upper: list[CameraPeople]) -> list[Matches]:
        if self.settings.matching == 'frame':
            return match_people(lower, upper, self.settings.min_similarity)
        rule = match_nearest_roots
        if self.settings.matching == 'released':
            # It aligns poses as the metrics do, whose package needs mmengine.
            from mmp3d.pipeline.release_matching import match_by_shape

            rule = match_by_shape
        return [rule(*pair) for pair in zip(lower, upper, strict=True)]

    def paired(self, part: _Part) -> PairedPeople:
        """What both branches say about the people of a chunk."""
        with stage('matching', len(part.frame_ids)):
            matches = self._matched[0][part.start : part.start + len(part.frame_ids)]
        found, upper = self._bottom_up(part), people_at(self._lifted, part.start, len(part.frame_ids))
        return pair_people(
            matches,
            BranchFrames([_camera_people(frame) for frame in found], [frame['bbox_scores'] for frame in found]),
            BranchFrames(upper, [self._top_down_scores(frame) for frame in upper]),
            self.settings.least_score,
        )

    def _integrated(self, part: _Part) -> dict[str, np.ndarray]:
        pipeline, ids = self.pipeline, self._matched[1][part.start : part.start + len(part.frame_ids)]
        people = integrate(self.paired(part), pipeline.stages.integration, self.camera, sum(pipeline.uses.values()))
        found = ({**of, 'track_ids': own} for of, own in zip(people, ids, strict=True))
        return flat_columns([_ranked(self._wanted(frame)) for frame in found])

    def _wanted(self, people: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if self.settings.bottom_up_strangers or not all(self.pipeline.uses.values()):
            return people
        kept = np.isin(people['track_ids'], self._lifted['track_ids'])
        return {name: values[kept] for name, values in people.items()}

    def _top_down_scores(self, people: CameraPeople) -> np.ndarray:
        sure = root_confidence(people.keypoints_cam[:, ROOT], self.settings.root_depth_error)
        # The root brings it to the bottom-up branch's scale and leaves the order (docs/pipeline.md).
        return np.sqrt(np.clip(people.keypoint_scores, 0, 1).mean(axis=1) * sure)

    def _got(self, stage: str, key: str, compute: partial, part: _Part | None = None) -> dict[str, np.ndarray]:
        return self.store.get(self._name(stage, part), key, compute)

    def _again(self, stage: str, key: str, part: _Part) -> dict[str, np.ndarray]:
        return self.store.again(self._name(stage, part), key)

    def _name(self, stage: str, part: _Part | None) -> str:
        return f'{self.clip}/{stage}' + ('' if part is None else f'-{part.start:06d}')


def _nothing() -> None:
    """What is left to finish where everything is done."""


def _camera_people(found: dict[str, np.ndarray], track_ids: np.ndarray | None = None) -> CameraPeople:
    return CameraPeople(found['keypoints_cam'], found['keypoint_scores'], track_ids)


def _ranked(people: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    order = np.argsort(-people['bbox_scores'], kind='stable')
    return {name: values[order] for name, values in people.items()}


def _whole_people(people: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    # Copies: a view would keep the arrays of the whole chunk.
    fields = {name: values.copy() for name, values in people.items()}
    root = fields['keypoints_cam'][:, ROOT].copy()
    return {**fields, 'root_cam': root, 'keypoints_3d': fields['keypoints_cam'] - root[:, None]}

"""What a 2D pose detector makes of people in motion: errors that last, misses, mix-ups, joints defined elsewhere.

Shapes: P people, T frames, K = 17 MuPoTS-17 joints. Pixels; millimetres in the camera frame. The twin for single
pictures, in the same terms, is ``detections``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
from scipy.signal import lfilter
from scipy.special import ndtri

from mmp3d.geometry.skeleton import MUPOTS17, SKELETONS
from mmp3d.synthetic.counter_random import CounterRandom
from mmp3d.synthetic.ranges import check_number, check_range

_SIGMAS = MUPOTS17.sigmas
_FLIP = MUPOTS17.flip_indices
_PARENTS = np.array(MUPOTS17.parents)
_NAMES = MUPOTS17.joint_names
_SEGMENTS = sorted({name.removeprefix('left_').removeprefix('right_') for name in _NAMES})
_SEGMENT_OF = np.array([_SEGMENTS.index(name.removeprefix('left_').removeprefix('right_')) for name in _NAMES])
_SIDE = np.array([name.startswith('right_') - float(name.startswith('left_')) for name in _NAMES], np.float32)
_LIMBS = [np.array([name.split('_')[-1] in parts for name in _NAMES]) for parts in (
    ('shoulder', 'elbow', 'wrist'), ('hip', 'knee', 'ankle'))]  # fmt: skip
_MEAN_OF_RAYLEIGH = np.float32(np.sqrt(np.pi / 2))
_SWAP_TAG, _SURE_TAG = 5000, 8000
_PROBABILITIES = ('miss', 'occluded_miss', 'person_miss', 'swap', 'side_flip', 'sure_share')


@dataclass(frozen=True)
class ClipNoise:
    """How a simulated detector errs. Every probability is 0 to 0.99, and is that of one frame.

    Args:
        jitter: Error of a visible joint, as a share of the joint's COCO sigma times the person's size in the picture.
        occluded_jitter: The same for an occluded joint.
        pixel_jitter: Error in px that is there at any distance, so that far people are seen less well.
        millimetre_jitter: Further error in mm at the person's depth.
        quality_spread: Standard deviation of the logarithm of a factor on all jitter, one for a clip.
        definition_spread: Standard deviation in mm of how far a joint of the detector's joint set lies from ours,
            along the body's axes and its own bone; the same in all of a clip, mirrored between left and right.
        joint_sets: Name of a joint set (``geometry.SKELETONS``) to the share of clips seen by a detector of that set.
            Joints that it lacks are not found; those that it implies are mid-points of its own.
        miss: Probability that a visible joint is not found (score 0, point (0, 0)).
        occluded_miss: The same for an occluded joint.
        person_miss: Probability that a person is not found at all.
        swap: Probability that a joint is exchanged with the same joint of a person close by.
        swap_distance: How close that is, as a share of the smaller person's size.
        side_flip: Probability that left and right are mixed up, in arms and legs each by itself.
        memory: Seconds in which errors change; misses and mix-ups last about as long. 0: each frame anew.
        score, occluded_score: Mean score of visible and of occluded joints.
        score_spread: Standard deviation of the scores.
        score_slope: How far a score falls with a jitter one standard deviation larger.
        sure_share: Share of clips seen by another detector: it finds whatever is in the picture, hidden or not, at
            score 1 and with an error of its own in each frame.
        sure_jitter: Least and greatest error of that detector in mm at the person's depth.

    Raises:
        ValueError: A field is out of its range; names the field.
    """

    jitter: float = 0.35
    occluded_jitter: float = 1.1
    pixel_jitter: float = 0.7
    millimetre_jitter: float = 0.0
    quality_spread: float = 0.35
    definition_spread: float = 12.0
    joint_sets: Mapping[str, float] = field(default_factory=lambda: {'mupots17': 0.5, 'coco17': 0.5})
    miss: float = 0.02
    occluded_miss: float = 0.25
    person_miss: float = 0.01
    swap: float = 0.1
    swap_distance: float = 0.15
    side_flip: float = 0.01
    memory: float = 0.15
    score: float = 0.86
    occluded_score: float = 0.5
    score_spread: float = 0.08
    score_slope: float = 0.05
    sure_share: float = 0.0
    sure_jitter: tuple[float, float] = (0.0, 20.0)

    def __post_init__(self) -> None:
        for spec in fields(self):
            if spec.name not in ('joint_sets', 'sure_jitter'):
                check_number(spec.name, getattr(self, spec.name), 0, 0.99 if spec.name in _PROBABILITIES else 1e4)
        check_range('sure_jitter', self.sure_jitter, 0, 1e4)
        unknown = set(self.joint_sets) - set(SKELETONS)
        if unknown or not self.joint_sets or min(self.joint_sets.values()) < 0 or not sum(self.joint_sets.values()) > 0:
            raise ValueError(f'joint_sets: expected shares of {sorted(SKELETONS)}, got {dict(self.joint_sets)}')

    @classmethod
    def none(cls) -> ClipNoise:
        """The detector that errs in nothing: all joints in the picture, at score 1."""
        silent = {spec.name: 0.0 for spec in fields(cls) if spec.name not in ('joint_sets', 'sure_jitter')}
        return cls(**{**silent, 'score': 1.0, 'occluded_score': 1.0}, joint_sets={'mupots17': 1.0})


@dataclass(frozen=True, eq=False)
class TrueClips:
    """What there is to see.

    Args:
        keypoints: (P, T, K, 2) px, exact.
        keypoints_cam: (P, T, K, 3) mm.
        inside: (P, T, K) bool, in the picture.
        occluded: (P, T, K) bool.
        focal: (P,) px.
        rows: (S, B) int people at each place of each scene, -1 where a place is empty: who may be mixed up with whom.
    """

    keypoints: np.ndarray
    keypoints_cam: np.ndarray
    inside: np.ndarray
    occluded: np.ndarray
    focal: np.ndarray
    rows: np.ndarray


def observe(
    random: CounterRandom, scenes: CounterRandom, clips: TrueClips, noise: ClipNoise, fps: float
) -> tuple[np.ndarray, np.ndarray]:
    """What the detector finds of each person.

    Args:
        random: P streams, of the people.
        scenes: B streams, of the scenes.
        clips: What there is to see.
        noise: The errors.
        fps: Frames a second.

    Returns:
        (P, T, K, 2) px and (P, T, K) scores, float32; score 0 and point (0, 0) where a joint is not found.
    """
    memory = np.float32(np.exp(-1 / (noise.memory * fps)) if noise.memory else 0.0)
    points = clips.keypoints + _definition_offsets(random, clips, noise.definition_spread)
    size = _sizes(clips.keypoints)
    error, relative = _jitter(random, clips, size, noise, memory)
    points += error
    scores = _scores(random, clips, relative, noise, memory)
    _flip_sides(random, points, scores, noise.side_flip, memory)
    _swap_people(scenes, points, scores, size, clips.rows, noise, memory)
    _miss(random, scores, clips, noise, memory)
    _convert_joint_sets(random, points, scores, noise.joint_sets)
    if noise.sure_share:
        _see_surely(random.fork(_SURE_TAG), points, scores, clips, noise)
    points[scores == 0] = 0
    return points, scores


def lasting(random: CounterRandom, memory: float, *shape: int) -> np.ndarray:
    """Normal numbers that change slowly over the first axis of the shape.

    Args:
        random: P streams.
        memory: Correlation of neighbouring frames, 0..1; each frame by itself has mean 0 and standard deviation 1.
        *shape: T and further axes.

    Returns:
        (P, \\*shape) float32.
    """
    values = random.normal(*shape)
    if memory == 0 or shape[0] == 1:
        return values
    values[:, 1:] *= np.sqrt(1 - np.float32(memory) ** 2)
    return lfilter(np.ones(1, np.float32), np.array([1, -memory], np.float32), values, axis=1)


def _happens(random, memory, probability: np.ndarray | float, *shape: int) -> np.ndarray:
    """(P, \\*shape) bool: events of a probability that last; the probability of each frame is exact."""
    if np.max(probability) == 0:
        return np.zeros((len(random), *shape), bool)
    return lasting(random, memory, *shape) < ndtri(probability).astype(np.float32)


def _definition_offsets(random, clips: TrueClips, spread: float) -> np.ndarray:
    """(P, T, K, 2) px from our joints to the detector's: along the trunk, across it and along the joint's own bone."""
    amounts = random.normal(3, len(_SEGMENTS))[..., _SEGMENT_OF] * np.float32(spread / np.sqrt(3))
    if spread == 0:
        return np.zeros_like(clips.keypoints)
    joints = clips.keypoints_cam
    axes = (('neck', 'pelvis'), ('right_hip', 'left_hip'))
    up, across = (_unit(joints[:, :, _NAMES.index(end)] - joints[:, :, _NAMES.index(start)]) for end, start in axes)
    bones = _unit(joints - joints[:, :, _PARENTS])
    along, aside, own = (amounts[:, axis, None, :, None] for axis in range(3))
    offset = along * up[:, :, None] + aside * _SIDE[:, None] * across[:, :, None] + own * bones
    # The picture of a small offset: f (dx - dz x / z) / z.
    moved = joints[..., :2] + offset[..., :2]
    depth = joints[..., 2:]
    focal = clips.focal[:, None, None, None]
    return focal * (moved / np.maximum(depth + offset[..., 2:], 1) - joints[..., :2] / depth)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(_lengths(vectors)[..., None], np.float32(1e-6))


def _lengths(vectors: np.ndarray) -> np.ndarray:
    """(...) Euclidean lengths of (..., 2 or 3) vectors; numpy takes many times as long to add up so short an axis."""
    squares = vectors * vectors
    total = squares[..., 0] + squares[..., 1]
    for axis in range(2, vectors.shape[-1]):
        total += squares[..., axis]
    return np.sqrt(total)


def boxes_around(keypoints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(..., 2) lower and (..., 2) upper corners of (..., K, 2) px, coordinate by coordinate: that is much faster."""
    axes = [keypoints[..., axis] for axis in range(2)]
    return tuple(np.stack([extreme(axis, axis=-1) for axis in axes], axis=-1) for extreme in (np.min, np.max))


def _sizes(keypoints: np.ndarray) -> np.ndarray:
    """(P, T) px: geometric mean side of the box around the joints."""
    low, high = boxes_around(keypoints)
    sides = high - low
    return np.sqrt(np.maximum(sides[..., 0] * sides[..., 1], 1))


def _jitter(random, clips: TrueClips, size, noise: ClipNoise, memory) -> tuple[np.ndarray, np.ndarray]:
    """(P, T, K, 2) px errors and (P, T, K) their length in standard deviations."""
    quality = np.exp(random.normal(1, 1) * np.float32(noise.quality_spread))
    share = np.where(clips.occluded, np.float32(noise.occluded_jitter), np.float32(noise.jitter))
    spread = np.hypot(share * _SIGMAS * size[..., None], np.float32(noise.pixel_jitter)) * quality
    if noise.millimetre_jitter:
        spread = np.hypot(
            spread, np.float32(noise.millimetre_jitter) * clips.focal[:, None, None] / clips.keypoints_cam[..., 2]
        )
    unit = lasting(random, memory, *clips.keypoints.shape[1:])
    return unit * spread[..., None], _lengths(unit)


def _scores(random, clips: TrueClips, relative, noise: ClipNoise, memory) -> np.ndarray:
    mean = np.where(clips.occluded, np.float32(noise.occluded_score), np.float32(noise.score))
    scores = mean - np.float32(noise.score_slope) * (relative - _MEAN_OF_RAYLEIGH)
    if noise.score_spread:
        scores += lasting(random, memory, *mean.shape[1:]) * np.float32(noise.score_spread)
    return np.clip(scores, np.float32(0.05), np.float32(1))


def _flip_sides(random, points, scores, probability, memory) -> None:
    flipped = _happens(random, memory, probability, points.shape[1], len(_LIMBS))
    for limb, members in enumerate(_LIMBS):
        people, frames = np.nonzero(flipped[..., limb])
        source = np.where(members, _FLIP, np.arange(len(_FLIP)))
        points[people, frames] = points[people, frames][:, source]
        scores[people, frames] = scores[people, frames][:, source]


def _swap_people(scenes, points, scores, size, rows, noise: ClipNoise, memory) -> None:
    """Exchange joints of the same name between two people where they nearly coincide."""
    if noise.swap == 0:
        return
    for first in range(len(rows)):
        for second in range(first + 1, len(rows)):
            both = np.flatnonzero((rows[first] >= 0) & (rows[second] >= 0))
            if not len(both):
                continue
            one, other = rows[first, both], rows[second, both]
            gap = points[one] - points[other]
            reach = noise.swap_distance * np.minimum(size[one], size[other])[..., None]
            streams = scenes.fork(_SWAP_TAG + first * len(rows) + second, both)
            swapped = _happens(streams, memory, noise.swap, *gap.shape[1:3])
            swapped &= (gap * gap).sum(axis=-1) < reach * reach
            pair, frame, joint = np.nonzero(swapped)
            mine, theirs = (one[pair], frame, joint), (other[pair], frame, joint)
            points[mine], points[theirs] = points[theirs], points[mine]
            scores[mine], scores[theirs] = scores[theirs], scores[mine]


def _miss(random, scores, clips: TrueClips, noise: ClipNoise, memory) -> None:
    probability = np.where(clips.occluded, noise.occluded_miss, noise.miss)
    missed = _happens(random, memory, probability, *scores.shape[1:])
    missed |= _happens(random, memory, noise.person_miss, scores.shape[1])[..., None]
    scores[missed | ~clips.inside] = 0


def _convert_joint_sets(random, points, scores, joint_sets: Mapping[str, float]) -> None:
    """Leave of each clip what a detector of its joint set can see."""
    names = sorted(name for name, share in joint_sets.items() if share > 0)
    shares = np.cumsum([joint_sets[name] for name in names])
    drawn = np.searchsorted(shares / shares[-1], random.uniform(), side='right')
    for number, name in enumerate(names):
        skeleton = SKELETONS[name]
        people = np.flatnonzero(drawn == number)
        if set(_NAMES) <= set(skeleton.joint_names) or not len(people):
            continue
        matrix = skeleton.conversion_to(MUPOTS17)
        for joint, row in enumerate(matrix):
            parts = [_NAMES.index(skeleton.joint_names[part]) for part in np.flatnonzero(row)]
            if len(parts) == 0:
                scores[people, :, joint] = 0
            elif parts != [joint]:
                points[people, :, joint] = points[people][:, :, parts].mean(axis=2)
                scores[people, :, joint] = scores[people][:, :, parts].min(axis=2)


def _see_surely(random, points, scores, clips: TrueClips, noise: ClipNoise) -> None:
    """Give some people over to the detector that is always sure."""
    people = np.flatnonzero(random.uniform() < noise.sure_share)
    if not len(people):
        return
    streams = random.fork(1, people)
    jitter = streams.uniform(low=noise.sure_jitter[0], high=noise.sure_jitter[1])[:, None, None]
    spread = jitter * clips.focal[people, None, None] / np.maximum(clips.keypoints_cam[people, ..., 2], 1)
    error = streams.normal(*clips.keypoints.shape[1:]) * spread[..., None]
    points[people] = clips.keypoints[people] + error
    scores[people] = clips.inside[people]

"""What PCK, PCKabs and AUCrel share: official matching, joint errors, and the table per sequence and joint group.

Shapes: M scored people of all images, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from mmengine.logging import MMLogger

from mmp3d.evaluation.functional.bone_lengths import map_bone_lengths
from mmp3d.evaluation.functional.curves import curves_to_dict, pck_curves
from mmp3d.evaluation.functional.mupots_matching import MATCH_RADIUS
from mmp3d.evaluation.functional.padding import split_by_counts, sum_by_counts
from mmp3d.evaluation.functional.pck import (
    JOINT_GROUPS,
    average_scores,
    joint_errors,
    mean_of_sequences,
    sequence_scores,
)
from mmp3d.evaluation.metrics.base import PeopleMetric
from mmp3d.evaluation.metrics.people_matching import match_records
from mmp3d.evaluation.people_record import SKELETONS, PeopleRecord
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.geometry import MUPOTS17
from mmp3d.natural_order import natural_key

AVERAGES = {'sequences': 'plain mean of the sequences', 'pooled': 'all joints of all sequences alike'}
PER_JOINT = {'errors': float, 'valid': bool, 'occluded': bool}


class JointMetric(PeopleMetric):
    """A score in [0, 1] of each joint of each annotated person, averaged as the MuPoTS-3D evaluation does.

    Args:
        skeleton: Annotation to compare with: ``'univ_annot3'`` (official) or ``'annot3'`` (true size).
        bone_map: Give predictions the annotated bone lengths first (official).
        average: ``'sequences'`` (official) or ``'pooled'``.
        occlusion_split: Also report joints that are visible and joints that are occluded each for themselves.
        collect_device: See :class:`PeopleMetric`.
        prefix: See :class:`PeopleMetric`.

    Raises:
        ValueError: An option has a value that is not listed here.
    """

    pred_fields = ('keypoints', 'keypoints_cam')
    variants = {
        'annot3': {'skeleton': 'annot3'},
        'no_bone_map': {'bone_map': False},
        'pooled': {'average': 'pooled'},
        'occlusion': {'occlusion_split': True},
    }
    root_relative = True

    def __init__(
        self,
        skeleton: str = 'univ_annot3',
        bone_map: bool = True,
        average: str = 'sequences',
        occlusion_split: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        for name, value, allowed in (('skeleton', skeleton, SKELETONS), ('average', average, AVERAGES)):
            if value not in allowed:
                raise ValueError(f'{type(self).__name__}: {name} must be one of {sorted(allowed)}, got {value!r}')
        self.skeleton, self.bone_map, self.average = skeleton, bone_map, average
        self.occlusion_split = occlusion_split

    @abstractmethod
    def credit(self, errors: np.ndarray) -> np.ndarray:
        """(M, K) errors in mm to (M, K) credit in [0, 1]."""

    def split_credit(self, errors: np.ndarray) -> np.ndarray:
        """The credit that the table of visible and occluded joints uses."""
        return self.credit(errors)

    @property
    def protocol(self) -> dict[str, str]:
        position = 'relative to the pelvis' if self.root_relative else 'absolute camera space, predicted root'
        return {
            'annotation': self.skeleton,
            'position': position,
            'bone lengths': 'annotated (official bone map)' if self.bone_map else 'as predicted',
            'people matched by': f'2D joints, {MATCH_RADIUS:g} px on x and y, greedy in annotation order, no score',
            'joints': f'{len(JOINT_GROUPS["total"])} (head top to ankles; pelvis, spine, head left out)',
            'average': AVERAGES[self.average],
            'all': 'every annotated person; one that nobody matched scores zero (headline)',
            'matched': 'people whom a prediction matched; misses cost nothing',
            'extra predictions': 'cost nothing',
        }

    def measure(self, records: tuple[PeopleRecord, ...]) -> list[dict]:
        """Joint errors in mm and match of each scored person; ``errors`` is infinite where nobody matched."""
        return measure_joints(records, self.skeleton, self.root_relative, self.bone_map)

    def summarize(self, results: list[dict]) -> tuple[dict[str, float], list[ScoreTable]]:
        """Scalars ``all``, ``matched``, ``recall`` in percent, and a table per sequence and joint group for each."""
        names, sequence, people = _gather(results)
        self._warn_about(results, names)
        found = np.broadcast_to(people['matched'][:, None], people['valid'].shape)
        credit = self.credit(people['errors'])
        weights = {'all': people['valid'], 'matched': people['valid'] & found}
        curves = pck_curves(people['errors'], np.stack(list(weights.values())), sequence, len(names), self.average)
        self.curves = {mode: curves_to_dict(of_mode) for mode, of_mode in zip(weights, curves, strict=True)}
        scalars, tables = {}, []
        for mode, weight in weights.items():
            scores = sequence_scores(credit, weight, sequence, len(names))
            if self.average == 'sequences':
                mean = mean_of_sequences(scores)
            else:
                mean = average_scores(credit, weight, sequence, len(names), self.average)
            rows = [(name or 'all images', row) for name, row in zip(names, scores, strict=True)]
            rows.append(('mean' if self.average == 'sequences' else 'pooled', mean))
            tables.append(ScoreTable(f'{self.prefix} {mode}, percent', ('sequence', *JOINT_GROUPS), tuple(rows)))
            scalars[mode] = float(mean[-1])
            if self.occlusion_split:
                scalars.update(self._split_by_occlusion(mode, people, weight, sequence, len(names)))
        everyone = np.ones(found.shape)
        scalars['recall'] = float(average_scores(found, everyone, sequence, len(names), self.average)[-1])
        return scalars, tables

    def _split_by_occlusion(
        self, mode: str, people: dict, weight: np.ndarray, sequence: np.ndarray, num_sequences: int
    ) -> dict[str, float]:
        credit = self.split_credit(people['errors'])
        masks = {'visible': ~people['occluded'], 'occluded': people['occluded']}
        return {
            f'{mode}/{name}': float(average_scores(credit, weight & mask, sequence, num_sequences, self.average)[-1])
            for name, mask in masks.items()
        }

    def _warn_about(self, results: list[dict], names: list[str]) -> None:
        logger = MMLogger.get_current_instance()
        empty = sorted({result['seq_name'] for result in results} - set(names), key=natural_key)
        not_finite = sum(result['not_finite'] for result in results)
        if not names:
            logger.warning(f'{self.prefix}: none of {len(results)} images has an annotated person with a valid 3D '
                           'pose, so every score is NaN; check the annotation file and `person_valid`')  # fmt: skip
        elif empty:
            logger.warning(f'{self.prefix}: left out, no valid annotation: sequences {", ".join(empty)}')
        if not_finite:
            logger.warning(f'{self.prefix}: {not_finite} predicted people have joints that are not finite; '
                           'such joints count as missed')  # fmt: skip


@lru_cache(maxsize=2)
def measure_joints(records: tuple[PeopleRecord, ...], skeleton: str, root_relative: bool, bone_map: bool) -> list[dict]:
    """What :meth:`JointMetric.measure` says; metrics of the same choices share the answer: read only."""
    pairs = _matched_poses(records, skeleton, bone_map)
    poses = pairs.poses if root_relative else pairs.poses + pairs.roots
    errors = np.full((len(pairs.found), MUPOTS17.num_joints), np.inf)
    errors[pairs.found] = joint_errors(poses, pairs.gt, root_relative=root_relative, bone_map=False)
    errors = split_by_counts(errors, [len(image['matched']) for image in pairs.images])
    return [{**image, 'errors': own} for image, own in zip(pairs.images, errors, strict=True)]


def not_finite_of(records: Sequence[PeopleRecord], fields: tuple[str, ...]) -> list[int]:
    """How many predicted people of each image have a joint that is not finite in one of the fields."""
    broken = [
        ~np.isfinite(np.concatenate([record.pred[name] for record in records])).all(axis=(1, 2)) for name in fields
    ]
    return sum_by_counts(np.any(broken, axis=0), [len(record.pred[fields[0]]) for record in records])


class MatchedPoses(NamedTuple):
    """The M' matched ones of the M scored people of some images.

    Args:
        poses: (M', K, 3) mm, predictions with the pelvis in the origin.
        roots: (M', 1, 3) mm, the predicted pelvises.
        gt: (M', K, 3) mm.
        found: (M,) bool: a prediction matched.
        images: What does not depend on the position, of each image.
    """

    poses: np.ndarray
    roots: np.ndarray
    gt: np.ndarray
    found: np.ndarray
    images: list[dict]


@lru_cache(maxsize=1)
def _matched_poses(records: tuple[PeopleRecord, ...], skeleton: str, bone_map: bool) -> MatchedPoses:
    """What PCK and PCKabs have in common."""
    gt, valid, occluded = (
        np.concatenate([record.gt[name] for record in records])
        for name in (SKELETONS[skeleton], 'keypoints_3d_valid', 'keypoints_occluded')
    )
    matches = match_records(records)
    people = np.array([len(record.gt['person_valid']) for record in records])
    frames, places = np.nonzero(np.arange(matches.shape[1]) < people[:, None])
    matches = matches[frames, places]
    found = matches >= 0
    starts = np.cumsum([0] + [len(record.pred['keypoints_cam']) for record in records])[frames]
    chosen = np.concatenate([record.pred['keypoints_cam'] for record in records])[(starts + matches)[found]]
    roots = chosen[:, MUPOTS17.root_index, None].astype(np.float64)
    with np.errstate(invalid='ignore'):
        poses = chosen - roots
    if bone_map:
        poses = map_bone_lengths(poses, gt[found], valid[found])
    images = _images(records, people, {'matched': found, 'valid': valid > 0, 'occluded': occluded > 0})
    return MatchedPoses(poses, roots, gt[found], found, images)


def _images(records: Sequence[PeopleRecord], people: np.ndarray, of_people: dict[str, np.ndarray]) -> list[dict]:
    """A dict for each image, with its own part of the arrays (M, ...)."""
    columns = [split_by_counts(array, people) for array in of_people.values()]
    counts = not_finite_of(records, ('keypoints', 'keypoints_cam'))
    return [
        {
            'img_id': record.img_id,
            'seq_name': record.seq_name,
            'not_finite': count,
            **dict(zip(of_people, parts, strict=True)),
        }
        for record, count, *parts in zip(records, counts, *columns, strict=True)
    ]


def _gather(results: list[dict]) -> tuple[list[str], np.ndarray, dict[str, np.ndarray]]:
    """Names of the sequences that have people, the sequence of each person, and the people's arrays."""
    counts = [len(result['matched']) for result in results]
    names = sorted({r['seq_name'] for r, count in zip(results, counts, strict=True) if count}, key=natural_key)
    number = {name: index for index, name in enumerate(names)}
    sequence = np.repeat([number.get(result['seq_name'], -1) for result in results], counts).astype(int)
    nobody = {key: np.zeros((0, MUPOTS17.num_joints), kind) for key, kind in PER_JOINT.items()}
    nobody['matched'] = np.zeros(0, bool)
    return names, sequence, {key: np.concatenate([none] + [r[key] for r in results]) for key, none in nobody.items()}

"""PA-MPJPE and MPJPE of several people on 3DPW, on all frames and on frames where people are hidden; mm.

Shapes: F images, M scored people of all images, E errors. Camera frame; pixels of the full image.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from mmp3d.evaluation.functional.padding import pad_people
from mmp3d.evaluation.functional.pw3d_subsets import NAMED_SUBSETS, OVERLAP_IOU, in_named_subset, largest_overlaps
from mmp3d.evaluation.metrics.mpjpe import ERRORS, NOBODY, MPJPEMetric, column_means, gather
from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.geometry import LSP14, MUPOTS17
from mmp3d.natural_order import natural_key

LSP14_JOINTS = tuple(MUPOTS17.joint_names.index(name) for name in LSP14.joint_names)
JOINTS = {'lsp14': LSP14_JOINTS, 'mupots17': tuple(range(MUPOTS17.num_joints))}
ROOTS = {'pelvis': ('pelvis',), 'hips': ('left_hip', 'right_hip')}
OVERLAP = 'overlap'


@METRICS.register_module()
class PW3DMPJPE(MPJPEMetric):
    """Pose errors over all annotated people, and how much worse they are where people are hidden.

    The official evaluation's 24 SMPL joints are none that a prediction here has; with SMPL joints at hand use
    :func:`mmp3d.evaluation.functional.pa_mpjpe` and :func:`~mmp3d.evaluation.functional.mpjpe`, which take any joints.

    Args:
        joints: ``'lsp14'`` or ``'mupots17'``.
        root: ``'pelvis'`` or ``'hips'`` (their mean): what MPJPE puts into the origin.
        subsets: Any of ``'overlap'``, ``'3DPW-PC'``, ``'3DPW-OC'`` and ``'3DPW-NC'``.
        overlap: Least intersection over union of two annotated boxes for an image to belong to ``'overlap'``.
        match: See :class:`MPJPEMetric`.
        options: See :class:`MPJPEMetric`.

    Raises:
        ValueError: An option has a value that is not listed here.
    """

    default_prefix = 'PW3DMPJPE'
    matches = ('joints_2d', 'joints_3d', 'mupots', 'root_2d')
    variants = {'mupots17': {'joints': 'mupots17'}, 'hips': {'root': 'hips'}}

    def __init__(
        self,
        joints: str = 'lsp14',
        root: str = 'pelvis',
        subsets: Sequence[str] = (OVERLAP,),
        overlap: float = OVERLAP_IOU,
        match: str = 'joints_2d',
        **options,
    ) -> None:
        super().__init__(match=match, **options)
        self.check_choice('joints', joints, JOINTS)
        self.check_choice('root', root, ROOTS)
        for subset in subsets:
            self.check_choice('subsets', subset, (OVERLAP, *NAMED_SUBSETS))
        if not 0 < overlap <= 1:
            raise ValueError(f'PW3DMPJPE: overlap must be above 0 and at most 1, got {overlap!r}')
        self.joints, self.root = JOINTS[joints], tuple(map(MUPOTS17.joint_names.index, ROOTS[root]))
        self.subsets, self.overlap = tuple(subsets), overlap

    @property
    def protocol(self) -> dict[str, str]:
        rules = {OVERLAP: f'images with two annotated boxes of an IoU >= {self.overlap:g}', **NAMED_SUBSETS}
        return {
            **super().protocol,
            'average': 'all people of all images alike',
            **{f'subset {name}': rules[name] for name in self.subsets},
            'delta': 'mean of the subset less mean of all',
        }

    def measure(self, records: Sequence[PeopleRecord]) -> list[dict]:
        """As :meth:`MPJPEMetric.measure`, with the subsets of each image and its number of people without box."""
        boxes, present = pad_people([record.gt['bboxes'] for record in records])
        boxless = (present & ~np.isfinite(boxes).all(axis=-1)).sum(axis=1).tolist()
        overlaps = largest_overlaps(boxes, present) >= self.overlap
        return [
            {**result, 'subsets': self._subsets_of(record, overlap), 'boxless': count}
            for record, overlap, count, result in zip(
                records, overlaps.tolist(), boxless, super().measure(records), strict=True
            )
        ]

    def _subsets_of(self, record: PeopleRecord, overlap: bool) -> list[bool]:
        frame = record.info.get('frame_id')
        return [
            overlap if subset == OVERLAP else in_named_subset(subset, record.seq_name, frame) for subset in self.subsets
        ]

    def summarize(self, results: list[dict]) -> tuple[dict[str, float], list[ScoreTable]]:
        """Errors in mm for all and for each subset with its delta, ``recall`` in percent; tables, by sequence too."""
        self.warn_about(results)
        people = self._people(results)
        whole = _row(people, np.ones(len(people['found']), bool))
        scalars = dict(zip(ERRORS, whole[:-2], strict=True))
        scalars['recall'] = 100 * float(people['found'].mean()) if whole[-2] else float('nan')
        rows = [('all', whole)]
        for name, chosen in zip(self.subsets, people['subsets'].T, strict=True):
            part = _row(people, chosen)
            delta = tuple(np.subtract(part[:-2], whole[:-2]))
            rows += [(name, part), (f'{name} less all', (*delta, part[-2] - whole[-2], part[-1] - whole[-1]))]
            scalars |= {f'{error}/{name}': value for error, value in zip(ERRORS, part[:-2], strict=True)}
            scalars |= {f'{error}/{name}/delta': value for error, value in zip(ERRORS, delta, strict=True)}
        self._warn_about_subsets(results, people)
        names = sorted(set(people['sequence']), key=natural_key)
        sequences = tuple((name or 'all images', _row(people, people['sequence'] == name)) for name in names)
        header = (*ERRORS, 'people', 'missed')
        return scalars, [
            ScoreTable(f'{self.prefix}, mm and counts', ('images', *header), tuple(rows)),
            ScoreTable(f'{self.prefix} of each sequence, mm and counts', ('sequence', *header), sequences),
        ]

    def _people(self, results: list[dict]) -> dict[str, np.ndarray]:
        """Errors (M, E), found (M,), sequence (M,) and subsets (M, number of subsets) of all people who are scored."""
        counts = [int(result['scored'].sum()) for result in results]
        member = np.array([result['subsets'] for result in results], bool).reshape(len(results), len(self.subsets))
        names = np.array([result['seq_name'] for result in results], object)
        return gather(results, NOBODY) | {
            'sequence': np.repeat(names, counts),
            'subsets': np.repeat(member, counts, axis=0),
        }

    def _warn_about_subsets(self, results: list[dict], people: dict[str, np.ndarray]) -> None:
        logger = MMLogger.get_current_instance()
        boxless = sum(result['boxless'] for result in results)
        if boxless and OVERLAP in self.subsets:
            logger.warning(f'{self.prefix}: {boxless} annotated people have no box and overlap nobody')
        empty = [name for name, size in zip(self.subsets, people['subsets'].sum(axis=0), strict=True) if not size]
        if empty and len(people['found']):
            logger.warning(f'{self.prefix}: nobody is in {", ".join(empty)}, so its scores are NaN')


def _row(people: dict[str, np.ndarray], chosen: np.ndarray) -> tuple[float, ...]:
    """Means of the chosen people's errors, how many people there are, and how many were missed."""
    found = people['found'][chosen]
    return (*column_means(people['errors'][chosen]), len(found), int((~found).sum()))

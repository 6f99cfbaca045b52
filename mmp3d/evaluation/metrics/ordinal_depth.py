"""OrdinalDepth: share of pairs of people that are put in the right order of depth; percent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmpose.registry import METRICS

from mmp3d.evaluation.functional.mupots_matching import MATCH_RADIUS
from mmp3d.evaluation.functional.ordinal_depth import ORDER_RULES, SAME_DEPTH, depth_order
from mmp3d.evaluation.functional.padding import pad_people
from mmp3d.evaluation.metrics.people_matching import match_records
from mmp3d.evaluation.metrics.ratio_metric import RatioMetric, image_results
from mmp3d.evaluation.people_record import SKELETONS, PeopleRecord
from mmp3d.geometry import MUPOTS17


@METRICS.register_module()
class OrdinalDepth(RatioMetric):
    """Share of pairs of people of one image whose pelvises are predicted in the right order of depth.

    Scalars in percent: ``all``, over all pairs of annotated people, where a pair with a missed person is wrong;
    ``matched``, over pairs of which both people were matched (what SMAP reports); ``recall``, the share of such pairs.
    Results take some 50 bytes per image.

    Args:
        rule: ``'smap'``: right order, or both depth differences below ``same_depth``; ``'two_way'``: right order.
        same_depth: mm, for ``'smap'``.
        skeleton: Annotation whose pelvis is the truth, ``'univ_annot3'`` (as SMAP) or ``'annot3'``; in MuPoTS-3D they
            are the same point.
        average: ``'sequences'``: plain mean of the sequences (as SMAP), those without a pair left out; ``'pooled'``.
        options: See :class:`PeopleMetric`.

    Raises:
        ValueError: An option has a value that is not listed here.
    """

    default_prefix = 'OrdinalDepth'
    variants = {
        'two_way': {'rule': 'two_way'},
        'annot3': {'skeleton': 'annot3'},
        'pooled': {'average': 'pooled'},
    }
    pred_fields = ('keypoints', 'keypoints_cam')
    columns = ('all', 'matched', 'recall')
    things, units = 'pairs', 'percent'

    def __init__(
        self,
        rule: str = 'smap',
        same_depth: float = SAME_DEPTH,
        skeleton: str = 'univ_annot3',
        average: str = 'sequences',
        **options,
    ) -> None:
        super().__init__(average=average, **options)
        for name, value, allowed in (('rule', rule, ORDER_RULES), ('skeleton', skeleton, SKELETONS)):
            if value not in allowed:
                raise ValueError(f'{type(self).__name__}: {name} must be one of {sorted(allowed)}, got {value!r}')
        if not same_depth >= 0:
            raise ValueError(f'{type(self).__name__}: same_depth must be 0 or more mm, got {same_depth!r}')
        self.rule, self.same_depth, self.skeleton = rule, same_depth, skeleton

    @property
    def protocol(self) -> dict[str, str]:
        average = {'pooled': 'all pairs alike', 'sequences': 'plain mean of the sequences that have pairs'}
        return {
            'depth': f'z of the pelvis in camera space, as predicted; annotation {self.skeleton}',
            'people matched by': f'2D joints, {MATCH_RADIUS:g} px on x and y, greedy in annotation order',
            'pair is right': ORDER_RULES[self.rule].format(same=self.same_depth),
            'average': average[self.average],
            'all': 'every pair of annotated people of one image; wrong if one of them was not matched',
            'matched': 'pairs whose people were both matched',
        }

    def measure(self, records: Sequence[PeopleRecord]) -> list[dict]:
        """Numbers of pairs of each image: right, matched, all."""
        root = MUPOTS17.root_index
        pred, pred_present = pad_people([record.pred['keypoints_cam'][:, root, 2] for record in records])
        gt, present = pad_people([record.gt[SKELETONS[self.skeleton]][:, root, 2] for record in records])
        matches = match_records(records)
        frames, people = np.nonzero(matches >= 0)
        depths = np.full(gt.shape, np.nan)
        depths[frames, people] = pred[frames, matches[frames, people]]
        pairs, right = depth_order(depths, gt, present, self.rule, self.same_depth)
        found = np.isfinite(depths)
        both = pairs & found[:, :, None] & found[:, None]
        num_right, num_both, num_pairs = (chosen.sum(axis=(1, 2)) for chosen in (right, both, pairs))
        totals = 100.0 * np.stack([num_right, num_right, num_both], axis=-1)
        counts = np.stack([num_pairs, num_both, num_pairs], axis=-1)
        return image_results(records, totals, counts, (pred_present & ~np.isfinite(pred)).sum(axis=1))

"""PCK and AUC as the evaluation code of the paper's release computes them. GROUND TRUTH LEAKS INTO THESE NUMBERS.

They exist to check a claim or a reimplementation against that code, never to compare methods; see
docs/release_protocol.md. Shapes: F images, P predicted and G scored people of an image, M matched people, K = 17
MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from mmp3d.evaluation.functional.mupots_matching import MATCH_RADIUS
from mmp3d.evaluation.functional.padding import pad_people, split_people
from mmp3d.evaluation.functional.pck import auc_credit
from mmp3d.evaluation.functional.release_alignment import ALIGNMENTS, align_as_released
from mmp3d.evaluation.functional.release_depth import errors_on_rays, fit_depths, owners_by_match, owners_by_track, rays
from mmp3d.evaluation.functional.release_matching import SHAPE_RADIUS, match_people_by_shape
from mmp3d.evaluation.metrics.joint_metric import JointMetric, not_finite_of
from mmp3d.evaluation.metrics.pck import PCK, AUCrel
from mmp3d.evaluation.metrics.people_matching import match_records
from mmp3d.evaluation.people_record import SKELETONS, PeopleRecord
from mmp3d.geometry import MUPOTS17

WARNING = 'GROUND TRUTH LEAKS INTO THIS NUMBER. DO NOT COMPARE IT WITH PCK, PCKabs, AUCrel OR ANY OFFICIAL FIGURE'
RELEASE_AUC_THRESHOLDS = np.arange(0.0, 200.0, 5.0)
MATCHES = {
    'procrustes': f'SHAPE AFTER PROCRUSTES onto the annotation, mean <= {SHAPE_RADIUS:g} mm; place ignored, not 1:1',
    '2d': f'2D joints, {MATCH_RADIUS:g} px on x and y, greedy in annotation order (official)',
}
DEPTH_FITS = {
    'per_sequence_ols': 'SCALE AND OFFSET FITTED ON THE ANNOTATED DEPTHS of each sequence (least squares)',
    'none': 'as predicted',
}
DEPTH_OWNERS = {
    '2d': 'of the annotated person that the official 2D matching gives the prediction to, WHOMEVER IT IS MATCHED TO',
    'track': 'of the annotated person of the same track id, WHOMEVER IT IS MATCHED TO',
    'matched': 'of the annotated person that the prediction is matched to',
}


class Matched(NamedTuple):
    """The M matched people of some images.

    Args:
        people: Their index in an array (F, G, ...).
        chosen: The index of their predictions in an array (F, P, ...).
        pred_roots: (M, 3) mm.
        gt_roots: (M, 3) mm.
        offsets: (M, K, 3) mm, aligned prediction minus annotation, both relative to their pelvises.
    """

    people: tuple[np.ndarray, np.ndarray]
    chosen: tuple[np.ndarray, np.ndarray]
    pred_roots: np.ndarray
    gt_roots: np.ndarray
    offsets: np.ndarray


class ReleaseMetric(JointMetric):
    """A joint metric with the matching and the alignment of the release.

    With ``match='2d', align='bone', skeleton='univ_annot3'`` it is the official metric that it derives from, but for
    the grid of the AUC.

    Args:
        align: What is done to a pose before it is compared, see :func:`align_as_released`. ``'bone_port'`` made the
            published figures, ``'procrustes'`` those of the authors' later code (GnTCN).
        match: ``'procrustes'`` (release) or ``'2d'`` (official).
        skeleton: ``'annot3'`` (release) or ``'univ_annot3'``.
        options: See :class:`JointMetric`, without ``bone_map``, and the metric's own.

    Raises:
        ValueError: An option has a value that is not listed here.
    """

    variants = {
        'gntcn': {'align': 'procrustes'},
        'univ_annot3': {'skeleton': 'univ_annot3'},
        'pooled': {'average': 'pooled'},
        'occlusion': {'occlusion_split': True},
    }

    def __init__(
        self, align: str = 'bone_port', match: str = 'procrustes', skeleton: str = 'annot3', **options
    ) -> None:
        super().__init__(skeleton=skeleton, bone_map=False, **options)
        self.align = self._one_of('align', align, ALIGNMENTS)
        self.match = self._one_of('match', match, MATCHES)

    def _one_of(self, name: str, value: str, allowed: Mapping) -> str:
        if value not in allowed:
            raise ValueError(f'{type(self).__name__}: {name} must be one of {sorted(allowed)}, got {value!r}')
        return value

    @property
    def protocol(self) -> dict[str, str]:
        return {
            'WARNING': WARNING,
            **super().protocol,
            'bone lengths': ALIGNMENTS[self.align],
            'people matched by': MATCHES[self.match],
        }

    def measure(self, records: Sequence[PeopleRecord]) -> list[dict]:
        """What is known of each scored person; NaN where nobody matched."""
        pred, pred_present = pad_people([record.pred['keypoints_cam'] for record in records])
        gt, present = pad_people([record.gt[SKELETONS[self.skeleton]] for record in records])
        valid, _ = pad_people([record.gt['keypoints_3d_valid'] for record in records])
        if self.match == '2d':
            matches = match_records(records)
        else:
            matches = match_people_by_shape(pred, gt, pred_present, present, valid)
        people = np.nonzero(matches >= 0)
        chosen = people[0], matches[people]
        pred, gt, root = pred[chosen], gt[people], MUPOTS17.root_index
        offsets = align_as_released(pred, gt, self.align, valid[people])
        of_people, of_images = self.keep(records, Matched(people, chosen, pred[:, root], gt[:, root], offsets))
        of_people['matched'] = np.ones(len(offsets), bool)
        columns = {name: split_people(_scatter(of, people, present), present) for name, of in of_people.items()}
        columns.update(of_images)
        fields = ('keypoints', 'keypoints_cam') if self.match == '2d' else ('keypoints_cam',)
        return [
            {
                'img_id': record.img_id,
                'seq_name': record.seq_name,
                'valid': record.gt['keypoints_3d_valid'] > 0,
                'occluded': record.gt['keypoints_occluded'] > 0,
                'not_finite': count,
                **{name: images[index] for name, images in columns.items()},
            }
            for index, (record, count) in enumerate(zip(records, not_finite_of(records, fields), strict=True))
        ]

    def keep(self, records: Sequence[PeopleRecord], matched: Matched) -> tuple[dict, dict]:
        """What to keep, such that the ``errors`` (M, K) of matched people can be made of it.

        Returns:
            By name, arrays (M, ...) over the matched people, and lists of one array for each image.
        """
        return {'errors': np.linalg.norm(matched.offsets, axis=-1)}, {}

    def summarize(self, results: list[dict]) -> tuple[dict, list]:
        """As :meth:`JointMetric.summarize`, with a warning."""
        MMLogger.get_current_instance().warning(f'{self.prefix}: {WARNING}')
        return super().summarize(results)


class ReleaseAbsolute(ReleaseMetric):
    """The release's absolute position: root on the annotated ray, at the predicted share of an annotated depth.

    The predicted depth is that of the pelvis of ``keypoints_cam``. In the release every prediction belongs to an
    annotated track from the start. The depth fit pairs it with that track's depth, and so does the ratio that moves it
    along the ray, even where the matching takes the prediction for somebody else: a confusion costs next to nothing.
    Predictions of this package have no annotated track; ``depth_of`` says who takes that place. As in the release that
    may be a person who is not scored, if it has a place. A prediction that belongs to nobody is not used by the fit,
    and if it is matched all the same, it is held against the depth of whom it is matched to.

    The fit needs a whole sequence, hence every person is kept as offsets of the joints: about 300 bytes a person and 16
    a prediction, 7 MB for MuPoTS-3D.

    Args:
        depth_fit: ``'per_sequence_ols'`` (release) or ``'none'``.
        gt_ray: Put roots on the annotated ray (release); else on the predicted one.
        depth_of: ``'2d'``, ``'track'`` or ``'matched'``, see ``DEPTH_OWNERS``; ``'track'`` needs predictions with the
            annotation's ``track_ids`` (the release's setting).
        options: See :class:`ReleaseMetric`.
    """

    root_relative = False

    def __init__(
        self, depth_fit: str = 'per_sequence_ols', gt_ray: bool = True, depth_of: str = '2d', **options
    ) -> None:
        super().__init__(**options)
        self.depth_fit = self._one_of('depth_fit', depth_fit, DEPTH_FITS)
        self.depth_of = self._one_of('depth_of', depth_of, DEPTH_OWNERS)
        self.gt_ray = gt_ray
        if depth_of == 'track':
            self.pred_fields = (*self.pred_fields, 'track_ids')

    @property
    def protocol(self) -> dict[str, str]:
        ray = 'ON THE ANNOTATED RAY: x and y are annotated' if self.gt_ray else 'on the predicted ray'
        return {
            **super().protocol,
            'position': f'camera space, root {ray}',
            'root depth': DEPTH_FITS[self.depth_fit],
            'depth is fitted to, and compared with, that': DEPTH_OWNERS[self.depth_of],
        }

    def keep(self, records: Sequence[PeopleRecord], matched: Matched) -> tuple[dict, dict]:
        """Offsets, ray, predicted depth and annotated root of people; the pairs of depths of images for the fit."""
        depths, owned = matched.pred_roots[:, 2], matched.gt_roots[:, 2]
        frames, pairs = matched.people[0], np.stack([depths, owned], axis=-1)
        if self.depth_of != 'matched':
            predicted, annotated = self._depths_of_owners(records)
            by_owner = annotated[matched.chosen]
            owned = np.where(np.isfinite(by_owner), by_owner, owned)
            frames, guesses = np.nonzero(np.isfinite(annotated))
            pairs = np.stack([predicted[frames, guesses], annotated[frames, guesses]], axis=-1)
        of_people = {
            'offsets': matched.offsets.astype(np.float32),
            'rays': rays(matched.gt_roots, owned) if self.gt_ray else rays(matched.pred_roots, depths),
            'depths': depths,
            'roots': matched.gt_roots,
        }
        return of_people, {'pairs': np.split(pairs, np.searchsorted(frames, np.arange(1, len(records))))}

    def summarize(self, results: list[dict]) -> tuple[dict, list]:
        """Fits the depths, places the people, and goes on as :meth:`JointMetric.summarize`."""
        return super().summarize(self._placed(results) if results else results)

    def _depths_of_owners(self, records: Sequence[PeopleRecord]) -> tuple[np.ndarray, np.ndarray]:
        """(F, P) predicted depth, and annotated depth of whom each prediction belongs to, NaN for nobody; mm."""
        root = MUPOTS17.root_index
        pred, pred_present = pad_people([record.pred['keypoints_cam'][:, root, 2] for record in records])
        gt, present = pad_people([record.annotated(SKELETONS[self.skeleton])[:, root, 2] for record in records])
        valid, _ = pad_people([record.annotated('keypoints_3d_valid')[:, root] for record in records])
        if self.depth_of == '2d':
            owners = owners_by_match(match_records(records, unscored=True), pred.shape[1])
        else:
            pred_tracks, _ = pad_people([record.pred['track_ids'] for record in records])
            gt_tracks, _ = pad_people([record.annotated('track_ids') for record in records])
            owners = owners_by_track(np.where(pred_present, pred_tracks, -1), np.where(present, gt_tracks, -1))
        if not gt.size:
            return pred, np.full(pred.shape, np.nan)
        # A person who is not scored may be annotated with no place at all.
        gt = np.where((valid > 0) & (gt > 0), gt, np.nan)
        return pred, np.where(owners >= 0, np.take_along_axis(gt, owners, axis=1), np.nan)

    def _placed(self, results: list[dict]) -> list[dict]:
        offsets, ray, depths, roots = (
            np.concatenate([result[name] for result in results]) for name in ('offsets', 'rays', 'depths', 'roots')
        )
        counts = [len(result['depths']) for result in results]
        if self.depth_fit == 'per_sequence_ols':
            sequences, number = np.unique([result['seq_name'] for result in results], return_inverse=True)
            pairs = np.concatenate([result['pairs'] for result in results])
            sequence = np.repeat(number, [len(result['pairs']) for result in results])
            lines = fit_depths(*pairs.T, sequence, len(sequences))[np.repeat(number, counts)]
            depths = lines[:, 0] * depths + lines[:, 1]
        errors = np.split(errors_on_rays(offsets, ray, depths, roots), np.cumsum(counts)[:-1])
        return [{**result, 'errors': own} for result, own in zip(results, errors, strict=True)]


@METRICS.register_module()
class ReleasePCK(ReleaseMetric, PCK):
    """Share of joints whose pelvis-relative error is below 150 mm, by the release's rules. Leaks ground truth."""

    default_prefix = 'ReleasePCK'


@METRICS.register_module()
class ReleasePCKabs(ReleaseAbsolute, ReleasePCK):
    """Share of joints whose error is below 150 mm, root depth alone being predicted. Leaks ground truth."""

    default_prefix = 'ReleasePCKabs'


@METRICS.register_module()
class ReleaseAUC(ReleaseMetric, AUCrel):
    """Mean of :class:`ReleasePCK` over 0, 5, ..., 195 mm: 40 values, 97.5 at best. Leaks ground truth."""

    default_prefix = 'ReleaseAUC'

    @property
    def protocol(self) -> dict[str, str]:
        return {**super().protocol, 'joint score': 'share of thresholds 0, 5, ..., 195 mm that the error is below'}

    def credit(self, errors: np.ndarray) -> np.ndarray:
        """Share of the 40 thresholds that the error is below."""
        return auc_credit(errors, RELEASE_AUC_THRESHOLDS)


@METRICS.register_module()
class ReleaseAUCabs(ReleaseAbsolute, ReleaseAUC):
    """Mean of :class:`ReleasePCKabs` over 0, 5, ..., 195 mm. Leaks ground truth."""

    default_prefix = 'ReleaseAUCabs'


def _scatter(values: np.ndarray, people: tuple[np.ndarray, np.ndarray], present: np.ndarray) -> np.ndarray:
    """(M, ...) values of the matched people as (N, ...) of all people that are present, the others NaN or False."""
    missing = False if values.dtype == bool else np.nan
    whole = np.full((*present.shape, *values.shape[1:]), missing, values.dtype)
    whole[people] = values
    return whole[present]

"""MPJPE, PA-MPJPE, N-MPJPE and velocity error on Human3.6M, as VideoPose3D and as PoseNet report them; mm.

Shapes: M scored people (one an image), K = 17 joints (MuPoTS-17 and Human3.6M-17 are the same joints in two orders).
Camera frame.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from mmp3d.evaluation.functional.pose_errors import sequence_weighted_mean
from mmp3d.evaluation.functional.smoothness import track_errors
from mmp3d.evaluation.metrics.mpjpe import ERRORS, NOBODY, MPJPEMetric, column_means, gather
from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.geometry import MUPOTS17
from mmp3d.natural_order import natural_key

ACTIONS = ('Directions', 'Discussion', 'Eating', 'Greeting', 'Phoning', 'Posing', 'Purchases', 'Sitting', 'SittingDown',
           'Smoking', 'Photo', 'Waiting', 'Walking', 'WalkDog', 'WalkTogether')  # fmt: skip
FIRST_ACTION_NUMBER = 2
OTHER_SPELLINGS = {'TakingPhoto': 'Photo', 'WalkingDog': 'WalkDog'}
TAKE_NAME = re.compile(r's_(?P<subject>\d+)_act_(?P<action>\d+)_subact_\d+_ca_\d+')
SUBJECT_NAME = re.compile(r'[sS]_?(\d+)(?!\d)')
UNKNOWN_ACTION = 'unknown action'
AVERAGES = {'actions': 'plain mean of the action means', 'frames': 'all poses alike'}


class Protocol(NamedTuple):
    """A published way to report Human3.6M: the errors that carry its name, test subjects and average."""

    headline: str
    subjects: tuple[int, ...]
    average: str
    frames: str


PROTOCOLS = {
    'videopose3d': Protocol('protocol 1 is MPJPE, protocol 2 is PA-MPJPE', (9, 11), 'actions', 'every one'),
    'posenet1': Protocol('protocol 1 is PA-MPJPE-rigid', (11,), 'frames', 'every 64th'),
    'posenet2': Protocol('protocol 2 is MPJPE', (9, 11), 'frames', 'every 64th'),
}


@METRICS.register_module()
class H36MMPJPE(MPJPEMetric):
    """Pose errors per action; every variant is reported, ``protocol`` sets subjects and average.

    Images whose sequence names another subject are left out; those of unknown subject count. Which frames are tested
    is the data set's choice.

    Args:
        protocol: ``'videopose3d'``, ``'posenet1'`` or ``'posenet2'``.
        average: ``'actions'`` or ``'frames'``. None: the protocol's.
        subjects: Numbers of the subjects that count. None: the protocol's.
        frame_step: Difference of the frame numbers of two frames between which velocity is measured.
        match: See :class:`MPJPEMetric`.
        options: See :class:`MPJPEMetric`.

    Raises:
        ValueError: An option has a value that is not listed here.
    """

    default_prefix = 'H36MMPJPE'
    variants = {'posenet1': {'protocol': 'posenet1'}, 'posenet2': {'protocol': 'posenet2'}}

    def __init__(
        self,
        protocol: str = 'videopose3d',
        average: str | None = None,
        subjects: Sequence[int] | None = None,
        frame_step: int = 1,
        match: str = 'root_2d',
        **options,
    ) -> None:
        super().__init__(match=match, **options)
        self.check_choice('protocol', protocol, PROTOCOLS)
        self.check_choice('average', average or PROTOCOLS[protocol].average, AVERAGES)
        if frame_step < 1:
            raise ValueError(f'H36MMPJPE: frame_step must be a whole number from 1 on, got {frame_step!r}')
        self.protocol_name, self.frame_step = protocol, frame_step
        self.average = average or PROTOCOLS[protocol].average
        self.subjects = tuple(PROTOCOLS[protocol].subjects if subjects is None else subjects)

    @property
    def protocol(self) -> dict[str, str]:
        published = PROTOCOLS[self.protocol_name]
        return {
            'protocol': f'{self.protocol_name}: {published.headline}',
            'subjects': f'{", ".join(map(str, self.subjects))}, and images of unknown subject',
            'frames': f'those of the data set (published: {published.frames})',
            'average': AVERAGES[self.average],
            'velocity': f'mm a frame, root in the origin, between frames whose numbers differ by {self.frame_step}; '
            'mean of each sequence, weighted by its poses',
            **super().protocol,
        }

    def measure(self, records: Sequence[PeopleRecord]) -> list[dict]:
        """As :meth:`MPJPEMetric.measure`, with what velocity and actions need.

        Raises:
            ValueError: An image has more than one scored person.
        """
        for record in records:
            if len(record.gt['person_valid']) > 1:
                raise ValueError(
                    f'H36MMPJPE: image {record.img_id} has {len(record.gt["person_valid"])} annotated people, expected '
                    'one, as in Human3.6M; PW3DMPJPE scores several'
                )
        return [
            {
                **result,
                'action': action_of(record.info.get('action'), record.seq_name),
                'frame': record.info.get('frame_id'),
            }
            for record, result in zip(records, super().measure(records), strict=True)
        ]

    def details_of_people(self, residuals: np.ndarray) -> dict[str, np.ndarray]:
        """The residuals: a velocity error is the change from one to the next."""
        return {'residuals': residuals.astype(np.float32)}

    def summarize(self, results: list[dict]) -> tuple[dict[str, float], list[ScoreTable]]:
        """A scalar in mm for each error and ``velocity``, ``recall`` in percent, and a table per action."""
        tested = [result for result in results if subject_of(result['seq_name']) in (None, *self.subjects)]
        self.warn_about(tested)
        self._warn_about_names(results, tested)
        poses = [result for result in tested if result['scored'].any()]
        columns = self._columns(poses)
        actions = np.array([result['action'] for result in poses], object)
        names = sorted(set(actions), key=_action_order)
        rows = [(name, _row(columns, actions == name)) for name in names]
        whole = _row(columns, np.ones(len(poses), bool))
        if self.average == 'actions' and rows:
            means = column_means(np.array([row for _, row in rows], np.float64))
            whole = (*means[:-2], *whole[-2:])
        rows.append(('mean of actions' if self.average == 'actions' else 'all poses', whole))
        scalars = dict(zip((*ERRORS, 'velocity'), whole[:-2], strict=True))
        scalars['recall'] = 100 * (1 - whole[-1] / len(poses)) if poses else float('nan')
        header = ('action', *ERRORS, 'velocity', 'people', 'missed')
        return scalars, [ScoreTable(f'{self.prefix}, mm and counts', header, tuple(rows))]

    def _columns(self, poses: list[dict]) -> dict[str, np.ndarray]:
        """Errors, velocity, sequence and presence of each of M poses, as arrays."""
        columns = gather(poses, {**NOBODY, 'residuals': np.zeros((0, MUPOTS17.num_joints, 3), np.float32)})
        numbered = np.array([isinstance(pose['frame'], (int, np.integer)) for pose in poses], bool)
        frames = np.array([pose['frame'] if known else -1 for pose, known in zip(poses, numbered, strict=True)], int)
        columns['residuals'][~numbered] = np.nan
        _, columns['sequence'] = np.unique([pose['seq_name'] for pose in poses], return_inverse=True)
        columns['velocity'], _ = track_errors(columns.pop('residuals'), columns['sequence'], frames, self.frame_step)
        return columns

    def _warn_about_names(self, results: list[dict], tested: list[dict]) -> None:
        logger = MMLogger.get_current_instance()
        if len(tested) < len(results):
            others = len(results) - len(tested)
            logger.warning(f'{self.prefix}: {others} of {len(results)} images are of other subjects than '
                           f'{", ".join(map(str, self.subjects))} and are left out')  # fmt: skip
        unknown = sum(result['action'] == UNKNOWN_ACTION for result in tested)
        if unknown:
            logger.warning(f'{self.prefix}: {unknown} images have no action, neither as `action` nor in a name of the '
                           'sequence like s_09_act_02_subact_01_ca_01; they are one action')  # fmt: skip


def action_of(action: str | int | None, seq_name: str) -> str:
    """Human3.6M's name of an action, from what the data set says or else from the sequence's name.

    A take number behind a name (``'Directions 1'``) and the spellings of the raw videos are understood, and so are the
    official numbers 2 to 16. Another name stands for itself; without any the action is ``UNKNOWN_ACTION``.
    """
    take = TAKE_NAME.match(seq_name)
    if action is None or action == '':
        action = take['action'] if take else UNKNOWN_ACTION
    if str(action).isdigit():
        number = int(action) - FIRST_ACTION_NUMBER
        return ACTIONS[number] if 0 <= number < len(ACTIONS) else f'action {action}'
    name = re.sub(r'[ _]\d+$', '', str(action))
    return OTHER_SPELLINGS.get(name, name)


def subject_of(seq_name: str) -> int | None:
    """Number of the subject that a sequence is named after (``s_09_act_...`` or ``S9...``), or None."""
    found = SUBJECT_NAME.match(seq_name)
    return int(found[1]) if found else None


def _row(columns: dict[str, np.ndarray], chosen: np.ndarray) -> tuple[float, ...]:
    """Means of the chosen poses' errors, their velocity error, how many poses there are, and how many were missed."""
    errors, found, sequence, velocity = (columns[name][chosen] for name in ('errors', 'found', 'sequence', 'velocity'))
    counted = ~np.isnan(errors[:, 0])
    mean_velocity = sequence_weighted_mean(velocity, sequence, counted)
    return (*column_means(errors), mean_velocity, len(errors), int((~found).sum()))


def _action_order(name: str) -> tuple:
    return (ACTIONS.index(name) if name in ACTIONS else len(ACTIONS), natural_key(name))

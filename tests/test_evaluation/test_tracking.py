import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.functional.tracking import TrackedPeople, count_tracks, tracking_scores
from mmp3d.evaluation.metrics.tracking import Tracking3D
from mmp3d.evaluation.sequences import frame_step, has_track_ids, in_time_order
from tests.test_evaluation.scenes import PELVIS, evaluate, make_people, make_sample

NOBODY = np.zeros((0, 17, 3))


def on_a_line(*frames: dict[int, float]) -> TrackedPeople:
    """People by id at places on the x axis, frame by frame."""
    roots = [np.array([[place, 0, 0] for place in frame.values()], float).reshape(-1, 3) for frame in frames]
    return TrackedPeople([np.array([*frame], int) for frame in frames], roots)


def counts_of(gt: list[dict], pred: list[dict], gate: float = 100.0) -> dict:
    return count_tracks(on_a_line(*gt), on_a_line(*pred), gate)._asdict()


def wandering(seed: int, frames: int, people: int) -> tuple[TrackedPeople, TrackedPeople]:
    """People who wander through each other, with misses, false people, swapped and lost ids."""
    rng = np.random.default_rng(seed)
    places, ids = rng.normal(size=(people, 3)) * 800, np.arange(people)
    gt, pred = TrackedPeople([], []), TrackedPeople([], [])
    for frame in range(frames):
        places = places + rng.normal(size=places.shape) * 120
        ids = rng.permutation(ids) if rng.random() < 0.1 else ids
        here, found = (rng.permutation(people)[rng.random(people) < share] for share in (0.9, 0.75))
        false = rng.normal(size=(rng.integers(0, 2), 3)) * 800
        gt.ids.append(here)
        gt.roots.append(places[here])
        pred.ids.append(np.append(ids[found], [people + frame] * len(false)).astype(int))
        pred.roots.append(np.concatenate([places[found] + rng.normal(size=(len(found), 3)) * 200, false]))
    return gt, pred


# What py-motmetrics 1.4.0 gives: switches, fragmentations, misses, false positives; IDF1, IDP, IDR, MOTA, MOTP.
MOTMETRICS = {
    (0, 40, 4): ([5, 26, 43, 43],
                 [0.6453900709219859, 0.6453900709219859, 0.6453900709219859, 0.35460992907801414, 294.77124960878757]),
    (1, 60, 6): ([44, 67, 94, 67],
                 [0.36220472440944884, 0.3782894736842105, 0.3474320241691843, 0.3806646525679759, 292.5613440507302]),
    (2, 25, 2): ([4, 8, 15, 14],
                 [0.5054945054945055, 0.5111111111111111, 0.5, 0.28260869565217395, 288.5195277674208]),
}  # fmt: skip


@pytest.mark.parametrize('scene', MOTMETRICS)
def test_equals_motmetrics(scene):
    counts = count_tracks(*wandering(*scene), 500.0)
    numbers, scores = MOTMETRICS[scene]
    lost = [counts.people - counts.matches, counts.predictions - counts.matches]
    assert [counts.switches, counts.fragmentations, *lost] == numbers
    assert [*tracking_scores(counts).values()] == pytest.approx(scores, rel=1e-9)


def test_perfect_tracks_under_other_ids():
    frames = [{0: 0.0, 1: 900.0}] * 3
    counts = count_tracks(on_a_line(*frames), on_a_line(*[{7: 0.0, 5: 900.0}] * 3), 100.0)
    assert tracking_scores(counts) == {'IDF1': 1, 'IDP': 1, 'IDR': 1, 'MOTA': 1, 'MOTP': 0}


def test_swapped_ids_are_two_switches():
    counts = counts_of([{0: 0, 1: 900}] * 4, [{0: 0, 1: 900}] * 3 + [{1: 0, 0: 900}])
    assert (counts['matches'], counts['switches'], counts['fragmentations']) == (8, 2, 0)
    assert counts['identity_matches'] == 6


def test_a_person_keeps_its_id_although_another_is_nearer():
    counts = counts_of([{0: 0}, {0: 0}], [{5: 0}, {5: 90, 6: 0}])
    assert (counts['switches'], counts['distance']) == (0, 90)


def test_an_id_out_of_the_gate_is_let_go_and_the_gate_is_inclusive():
    counts = counts_of([{0: 0}, {0: 0}], [{5: 100}, {5: 100.1, 6: 0}])
    assert (counts['switches'], counts['distance']) == (1, 100)


def test_two_people_who_claim_one_id():
    counts = counts_of([{0: 0}, {1: 0}, {1: 20, 0: 0}], [{5: 0}] * 3)
    assert (counts['matches'], counts['distance']) == (3, 20)


def test_a_gap_is_a_fragmentation_and_a_new_id_behind_it_a_switch():
    found, missed = {5: 0}, {}
    gt = [{0: 0}] * 7
    assert counts_of(gt, [missed, found, missed, missed, found, found, missed])['fragmentations'] == 1
    assert counts_of(gt[:3], [found, missed, {6: 0}])['switches'] == 1
    absent = [{0: 0}, {}, {0: 0}]
    assert counts_of(absent, [found, missed, found])['fragmentations'] == 0


def test_most_pairs_come_before_the_nearest():
    assert counts_of([{0: 0, 1: 60}], [{5: 50, 6: 150}])['matches'] == 2


def test_nobody_and_not_finite():
    assert all(
        np.isnan(value) for value in tracking_scores(count_tracks(on_a_line({}), on_a_line({5: 0}), 1.0)).values()
    )
    scores = tracking_scores(count_tracks(on_a_line({0: 0}, {}), on_a_line({}, {}), 1.0))
    assert (scores['IDF1'], scores['MOTA']) == (0, 0)
    assert np.isnan(scores['MOTP'])
    assert counts_of([{0: 0}], [{5: np.nan, 6: np.inf}])['matches'] == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), frames=st.integers(1, 20), people=st.integers(1, 5))
def test_names_of_the_ids_do_not_matter_and_scores_are_bounded(seed, frames, people):
    gt, pred = wandering(seed, frames, people)
    counts = count_tracks(gt, pred, 500.0)
    names = np.random.default_rng(seed).permutation(1000)
    renamed = [TrackedPeople([names[ids] for ids in side.ids], side.roots) for side in (gt, pred)]
    assert count_tracks(*renamed, 500.0) == pytest.approx(counts)
    scores = tracking_scores(counts)
    assert counts.identity_matches <= min(counts.people, counts.predictions)
    assert not scores['MOTA'] > 1 and not scores['MOTP'] > 500


def tracked(img_id: int, seq_name: str, frame: int, gt: np.ndarray, gt_ids: list, pred_ids: list) -> dict:
    """An image in which everybody is found, 100 mm beside where they are."""
    sample = make_sample(img_id, gt, gt + [0, 100, 0], seq_name=seq_name, track_ids=np.array(gt_ids))
    sample['pred_instances']['track_ids'] = np.array(pred_ids)
    return dict(sample, frame_id=frame)


def test_sequences_count_apart_and_in_time_order():
    gt = make_people(np.random.default_rng(0), 2)
    samples = [
        tracked(0, 'TS10', 2, gt, [0, 1], [9, 8]),
        tracked(1, 'TS10', 1, gt, [0, 1], [8, 9]),
        tracked(2, 'TS10', 0, gt, [0, 1], [8, 9]),
        tracked(3, 'TS2', 0, gt, [0, 1], [9, 8]),
    ]
    samples[3]['pred_instances']['root_cam'][1] += 1000
    metric = Tracking3D()
    scores = {name.removeprefix('Tracking3D/'): value for name, value in evaluate(metric, samples).items()}
    expected = {'IDF1': 100 * 10 / 16, 'MOTA': 100 * (1 - 4 / 8), 'MOTP': 100, 'switches': 2, 'fragmentations': 0,
                'misses': 1, 'false_positives': 1}  # fmt: skip
    assert scores == pytest.approx(expected, rel=1e-5)
    rows = metric.report['tables'][0]['rows']
    assert list(rows) == ['TS2', 'TS10', 'whole set']
    assert rows['TS10'][5] == 2
    assert evaluate(Tracking3D(gate=99), samples)['Tracking3D/misses'] == 8


@pytest.mark.parametrize(
    ('gt_ids', 'pred_ids', 'message'),
    [
        ([0, 1], [-1, -1], 'add a tracker'),
        ([-1, -1], [0, 1], 'the data set has no track ids'),
    ],
)
def test_without_ids_the_scores_are_nan_with_one_warning(gt_ids, pred_ids, message, log):
    gt = make_people(np.random.default_rng(1), 2)
    samples = [tracked(number, 'TS1', number, gt, gt_ids, pred_ids) for number in range(3)]
    assert all(np.isnan(value) for value in evaluate(Tracking3D(), samples).values())
    warnings = [record.message for record in log.records if record.levelname == 'WARNING']
    assert len(warnings) == 1
    assert message in warnings[0]


def test_nobody_annotated_is_nan_and_not_finite_roots_are_counted(log):
    gt = make_people(np.random.default_rng(2), 2)
    scores = evaluate(Tracking3D(), [])
    assert all(np.isnan(scores[f'Tracking3D/{name}']) for name in ('IDF1', 'MOTA', 'MOTP'))
    assert 'none of 0 images has an annotated person' in log.text
    sample = tracked(0, 'TS1', 0, gt, [0, 1], [0, 1])
    sample['pred_instances']['root_cam'][1] = np.nan
    scores = evaluate(Tracking3D(), [sample])
    assert (scores['Tracking3D/misses'], scores['Tracking3D/false_positives']) == (1, 0)
    assert '1 predicted people have a root that is not finite' in log.text
    assert evaluate(Tracking3D(), [make_sample(0, gt, NOBODY)])['Tracking3D/MOTA'] == 0


@pytest.mark.parametrize(
    ('ids', 'message'),
    [
        ([3, 3], "sequence 'TS1', frame 7: predicted track id 3, expected every id once a frame"),
        ([3, -1], "sequence 'TS1', frame 7: predicted track id -1, expected an id of 0 or higher for everybody"),
    ],
)
def test_wrong_ids_are_named(ids, message):
    frames = [{'seq_name': 'TS1', 'frame_id': frame, 'ids': np.array(ids)} for frame in (7, 8)]
    with pytest.raises(ValueError, match=message):
        has_track_ids(frames, 'ids', 'predicted')


def test_frames_without_number_or_with_the_same_are_named():
    frames = [{'img_id': number, 'seq_name': 'TS1', 'frame_id': frame} for number, frame in enumerate((20, 5, 10))]
    ordered = in_time_order(frames)['TS1']
    assert [frame['img_id'] for frame in ordered] == [1, 2, 0]
    assert frame_step(ordered) == 5
    with pytest.raises(ValueError, match="sequence 'TS1', frame 5: two images, 1 and 9"):
        in_time_order([*frames, {'img_id': 9, 'seq_name': 'TS1', 'frame_id': 5}])
    with pytest.raises(ValueError, match='image 9 has no frame_id'):
        in_time_order([*frames, {'img_id': 9, 'seq_name': 'TS1', 'frame_id': None}])


def test_wrong_gate_is_named():
    with pytest.raises(ValueError, match='gate must be a positive number of mm, got 0'):
        Tracking3D(gate=0)


def test_people_without_a_pelvis_do_not_count():
    gt = make_people(np.random.default_rng(3), 2)
    sample = tracked(0, 'TS1', 0, gt, [0, 1], [0, 1])
    sample['gt_instances']['keypoints_3d_valid'][0, PELVIS] = 0
    scores = evaluate(Tracking3D(), [sample])
    assert (scores['Tracking3D/misses'], scores['Tracking3D/false_positives']) == (0, 1)

import numpy as np
import pytest
from mmpose.registry import METRICS

from mmp3d.evaluation.functional.pose_errors import mpjpe, n_mpjpe, pa_mpjpe, root_relative, velocity_error
from mmp3d.evaluation.metrics.h36m_mpjpe import ACTIONS, H36MMPJPE, action_of, subject_of
from mmp3d.evaluation.metrics.pw3d_mpjpe import LSP14_JOINTS, PW3DMPJPE
from tests.test_evaluation.scenes import PELVIS, evaluate, make_people, make_sample

NOBODY = np.zeros((0, 17, 3))
BOTH = (H36MMPJPE, PW3DMPJPE)


def takes(rng: np.random.Generator, lengths: dict[str, int]) -> tuple[list[dict], dict[str, tuple]]:
    """One person in sequences of given lengths: shuffled samples, and the poses (T, 17, 3) by name of the sequence."""
    poses, samples = {}, []
    for name, length in lengths.items():
        gt = make_people(rng, 1) + rng.normal(size=(length, 17, 3)) * 30
        pred = gt + rng.normal(size=gt.shape) * 60 + [0, 0, 200]
        poses[name] = pred.astype(np.float32).astype(float), gt.astype(np.float32).astype(float)
        for frame in range(length):
            sample = make_sample(len(samples), gt[frame : frame + 1], pred[frame : frame + 1], seq_name=name)
            samples.append({**sample, 'frame_id': frame})
    return [samples[index] for index in rng.permutation(len(samples))], poses


def test_videopose3d_protocols_over_actions_and_frames():
    lengths = {'s_09_act_02_subact_01_ca_01': 4, 's_11_act_02_subact_02_ca_03': 2, 's_09_act_14_subact_01_ca_01': 5}
    samples, poses = takes(np.random.default_rng(0), lengths)
    by_take = []
    for pred, gt in poses.values():
        centred = root_relative(pred, PELVIS), root_relative(gt, PELVIS)
        errors = [error(*centred).mean() for error in (mpjpe, pa_mpjpe, n_mpjpe, velocity_error)]
        by_take.append([*errors, mpjpe(pred, gt).mean()])
    directions, walking = np.average(by_take[:2], axis=0, weights=[4, 2]), np.array(by_take[2])
    names = ('MPJPE', 'PA-MPJPE', 'N-MPJPE', 'velocity', 'MPJPE-abs')
    for average, expected in (('actions', (directions + walking) / 2), ('frames', (6 * directions + 5 * walking) / 11)):
        metric = H36MMPJPE(average=average)
        scores = evaluate(metric, samples)
        found = [scores[f'H36MMPJPE/{name}'] for name in names]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        rows = metric.report['tables'][0]['rows']
        assert list(rows)[:2] == ['Directions', 'Walking']
        assert [rows[name][-2:] for name in ('Directions', 'Walking')] == [[6, 0], [5, 0]]
        assert rows['Walking'][0] == pytest.approx(walking[0])
    assert scores['H36MMPJPE/recall'] == 100


def test_posenet_protocol_1_keeps_the_size_and_tests_subject_11(log):
    gt = make_people(np.random.default_rng(1), 1)
    larger = (gt - gt[:, PELVIS:15]) * 1.5 + gt[:, PELVIS:15]
    samples = [make_sample(0, gt, gt, seq_name='s_09_act_02_subact_01_ca_01'),
               make_sample(1, gt, larger, seq_name='s_11_act_02_subact_01_ca_01')]  # fmt: skip
    scores = {name: evaluate(H36MMPJPE(protocol=name), samples) for name in ('posenet1', 'posenet2', 'videopose3d')}
    assert '1 of 2 images are of other subjects than 11' in log.text
    size = pa_mpjpe(larger, gt, scale=False)[0]
    assert scores['posenet1']['H36MMPJPE/PA-MPJPE-rigid'] == pytest.approx(size, rel=1e-5)
    assert scores['posenet1']['H36MMPJPE/PA-MPJPE'] == pytest.approx(0, abs=1e-3)
    assert scores['posenet2']['H36MMPJPE/PA-MPJPE-rigid'] == pytest.approx(size / 2, rel=1e-5)
    assert evaluate(H36MMPJPE(subjects=(9,)), samples)['H36MMPJPE/MPJPE'] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    ('action', 'seq_name', 'expected'),
    [
        (None, 's_09_act_02_subact_01_ca_01', 'Directions'),
        (None, 's_11_act_16_subact_02_ca_04', 'WalkTogether'),
        ('Eating', 's_09_act_02_subact_01_ca_01', 'Eating'),
        ('Directions 1', '', 'Directions'),
        ('WalkingDog', '', 'WalkDog'),
        ('TakingPhoto 2', '', 'Photo'),
        (9, '', 'Sitting'),
        ('17', '', 'action 17'),
        (None, 'S9', 'unknown action'),
    ],
)
def test_action_names(action, seq_name, expected):
    assert action_of(action, seq_name) == expected


def test_there_are_15_actions_and_subjects_come_from_the_sequence():
    assert len(set(ACTIONS)) == 15
    assert [subject_of(name) for name in ('s_09_act_02', 'S11', 'S9_Walking', 'TS1', '')] == [9, 11, 9, None, None]


def test_unknown_actions_are_one_action_and_named(log):
    gt = make_people(np.random.default_rng(2), 1)
    metric = H36MMPJPE()
    evaluate(metric, [make_sample(number, gt, gt, seq_name=f'TS{number}') for number in range(2)])
    assert list(metric.report['tables'][0]['rows']) == ['unknown action', 'mean of actions']
    assert '2 images have no action' in log.text


def test_two_annotated_people_are_refused_on_human36m():
    gt = make_people(np.random.default_rng(3), 2)
    with pytest.raises(ValueError, match='image 0 has 2 annotated people, expected one.* PW3DMPJPE'):
        evaluate(H36MMPJPE(), [make_sample(0, gt, gt)])


@pytest.mark.parametrize('match', ['root_2d', 'joints_2d', 'joints_3d', 'mupots'])
def test_the_prediction_in_the_right_place_stands_for_the_person(match):
    rng = np.random.default_rng(4)
    gt = make_people(rng, 1)
    others = make_people(rng, 2) + [0, 2000, 0]
    sample = make_sample(0, gt, np.concatenate([others, gt]))
    assert evaluate(H36MMPJPE(match=match), [sample])['H36MMPJPE/MPJPE-abs'] == pytest.approx(0, abs=1e-3)
    assert evaluate(H36MMPJPE(match='score'), [sample])['H36MMPJPE/MPJPE-abs'] > 1000


def test_radius_turns_a_far_prediction_into_a_miss():
    gt = make_people(np.random.default_rng(5), 1)
    sample = make_sample(0, gt, gt + [300, 0, 0])
    assert evaluate(PW3DMPJPE(), [sample])['PW3DMPJPE/recall'] == 100
    assert evaluate(PW3DMPJPE(match_radius=20), [sample])['PW3DMPJPE/recall'] == 0


@pytest.mark.parametrize('collector', BOTH)
def test_missed_people_are_skipped_or_scored_as_zero_and_always_counted(collector, log):
    gt = make_people(np.random.default_rng(6), 1)
    not_finite = gt.copy()
    not_finite[0, 2] = np.nan
    samples = [make_sample(0, gt, gt), make_sample(1, gt, NOBODY), make_sample(2, gt, not_finite)]
    name = collector.default_prefix
    scores = evaluate(collector(), samples)
    assert scores[f'{name}/MPJPE'] == pytest.approx(0, abs=1e-3)
    assert scores[f'{name}/recall'] == pytest.approx(100 / 3)
    assert '2 annotated people have no prediction' in log.text
    assert '1 predicted people have joints that are not finite' in log.text
    metric = collector(missing='zero')
    joints = list(metric.joints)
    relative = np.linalg.norm(root_relative(gt, PELVIS)[:, joints], axis=-1).mean()
    scores = evaluate(metric, samples)
    assert scores[f'{name}/MPJPE'] == pytest.approx(2 / 3 * relative, rel=1e-5)
    assert scores[f'{name}/MRPE'] == pytest.approx(2 / 3 * np.linalg.norm(gt[0, PELVIS]), rel=1e-5)
    assert scores[f'{name}/recall'] == pytest.approx(100 / 3)


@pytest.mark.parametrize('collector', BOTH)
@pytest.mark.parametrize('images', [0, 2])
def test_nobody_to_score_is_nan_and_says_so(collector, images, log):
    gt = make_people(np.random.default_rng(7), 1)
    scores = evaluate(collector(), [make_sample(number, NOBODY, gt) for number in range(images)])
    assert scores and all(np.isnan(value) for value in scores.values())
    assert 'every score is NaN' in log.text


@pytest.mark.parametrize('collector', BOTH)
def test_people_with_too_few_valid_joints_are_left_out(collector, log):
    gt = make_people(np.random.default_rng(8), 1)
    valid = np.zeros((1, 17))
    valid[0, [PELVIS, 0]] = 1
    samples = [make_sample(0, gt, gt + 100, keypoints_3d_valid=valid), make_sample(1, gt, gt)]
    assert evaluate(collector(), samples)[f'{collector.default_prefix}/MPJPE-abs'] == pytest.approx(0, abs=1e-3)
    assert '1 annotated people left out: fewer than 3 joints' in log.text


@pytest.mark.parametrize('collector', BOTH)
def test_two_ranks_with_a_padded_last_batch_equal_one(collector):
    samples, _ = takes(np.random.default_rng(9), {'s_09_act_03_subact_01_ca_01': 4, 's_11_act_05_subact_01_ca_01': 3})
    one = evaluate(collector(), samples)
    ranks = [collector(), collector()]
    for rank, metric in enumerate(ranks):
        metric.process(None, (samples + samples[:1])[rank::2])
        metric._measure_pending()
    merged = [result for pair in zip(*(rank.results for rank in ranks), strict=True) for result in pair][: len(samples)]
    scores = ranks[0].compute_metrics(merged)
    assert {f'{ranks[0].prefix}/{name}': value for name, value in scores.items()} == pytest.approx(one, nan_ok=True)


def test_3dpw_joints_are_the_lsp14_and_hips_can_be_the_root():
    assert sorted(LSP14_JOINTS) == list(range(14))
    gt = make_people(np.random.default_rng(10), 1)
    pred = gt.copy()
    pred[0, 16] += 700
    assert evaluate(PW3DMPJPE(), [make_sample(0, gt, pred)])['PW3DMPJPE/MPJPE'] == pytest.approx(0, abs=1e-3)
    all_joints = evaluate(PW3DMPJPE(joints='mupots17'), [make_sample(0, gt, pred)])
    assert all_joints['PW3DMPJPE/MPJPE'] == pytest.approx(700 * 3**0.5 / 17, rel=1e-5)
    pred = gt.copy()
    pred[0, PELVIS] += [70, 0, 0]
    assert evaluate(PW3DMPJPE(), [make_sample(0, gt, pred)])['PW3DMPJPE/MPJPE'] == pytest.approx(70, rel=1e-5)
    assert evaluate(PW3DMPJPE(root='hips'), [make_sample(0, gt, pred)])['PW3DMPJPE/MPJPE'] == pytest.approx(0, abs=1e-3)


def test_3dpw_subset_and_its_delta():
    gt = make_people(np.random.default_rng(11), 2)
    turned = gt.copy()
    turned[:, 0, 1] += 140
    apart, touching = np.array([[0, 0, 9, 9], [20, 0, 29, 9]]), np.array([[0, 0, 9, 9], [4, 0, 13, 9]])
    samples = [
        make_sample(0, gt, gt, bboxes=apart, seq_name='downtown_walking_00'),
        make_sample(1, gt, turned, bboxes=touching, seq_name='downtown_walking_00'),
        make_sample(150, gt[:1], gt[:1], bboxes=apart[:1], seq_name='courtyard_hug_00'),
    ]
    metric = PW3DMPJPE(subsets=('overlap', '3DPW-PC', '3DPW-OC'))
    scores = evaluate(metric, samples)
    assert scores['PW3DMPJPE/MPJPE'] == pytest.approx(2 * 10 / 5, rel=1e-4)
    assert scores['PW3DMPJPE/MPJPE/overlap'] == pytest.approx(10, rel=1e-4)
    assert scores['PW3DMPJPE/MPJPE/overlap/delta'] == pytest.approx(6, rel=1e-4)
    assert scores['PW3DMPJPE/MPJPE/3DPW-PC'] == pytest.approx(0, abs=1e-3)
    assert np.isnan(scores['PW3DMPJPE/MPJPE/3DPW-OC'])
    rows = metric.report['tables'][0]['rows']
    assert [rows[name][-2:] for name in ('all', 'overlap', '3DPW-PC')] == [[5, 0], [2, 0], [1, 0]]
    assert list(metric.report['tables'][1]['rows']) == ['courtyard_hug_00', 'downtown_walking_00']
    assert 'IoU >= 0.3' in metric.protocol['subset overlap']


def test_people_without_boxes_and_empty_subsets_are_named(log):
    gt = make_people(np.random.default_rng(12), 2)
    evaluate(PW3DMPJPE(), [make_sample(0, gt, gt, bboxes=np.full((2, 4), np.nan))])
    assert '2 annotated people have no box' in log.text
    assert 'nobody is in overlap, so its scores are NaN' in log.text


@pytest.mark.parametrize(
    ('name', 'options', 'message'),
    [
        ('H36MMPJPE', {'protocol': 'p1'}, "protocol must be one of .*'videopose3d'.* got 'p1'"),
        ('H36MMPJPE', {'average': 'joints'}, "average must be one of .* got 'joints'"),
        ('H36MMPJPE', {'frame_step': 0}, 'frame_step must be a whole number from 1 on, got 0'),
        ('H36MMPJPE', {'missing': 'drop'}, "missing must be one of .*'zero'.* got 'drop'"),
        ('PW3DMPJPE', {'match': 'score'}, "match must be one of .* got 'score'"),
        ('PW3DMPJPE', {'match': 'mupots', 'match_radius': 40}, "match_radius must be None.* got 40 with 'mupots'"),
        ('PW3DMPJPE', {'match_radius': -1}, 'match_radius must be None, or positive'),
        ('PW3DMPJPE', {'joints': 'smpl24'}, "joints must be one of .* got 'smpl24'"),
        ('PW3DMPJPE', {'subsets': ('crowd',)}, "subsets must be one of .*'overlap'.* got 'crowd'"),
        ('PW3DMPJPE', {'overlap': 0}, 'overlap must be above 0 and at most 1, got 0'),
    ],
)
def test_wrong_options_are_named(name, options, message):
    with pytest.raises(ValueError, match=message):
        METRICS.build({'type': name, **options})

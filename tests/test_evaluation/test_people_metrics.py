import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.structures import InstanceData
from mmpose.registry import METRICS

from mmp3d.evaluation import PCK, AUCrel, PCKabs, RootAP
from tests.test_evaluation.scenes import evaluate, make_people, make_sample

ALL = (PCK, PCKabs, AUCrel, RootAP)
NOBODY = np.zeros((0, 17, 3))


def scene(seed: int = 0, images: int = 8, noise: float = 120.0) -> list[dict]:
    """Images of two sequences with 1 to 3 people, noisy predictions, misses and false people."""
    rng = np.random.default_rng(seed)
    samples = []
    for img_id in range(images):
        gt = make_people(rng, rng.integers(1, 4))
        pred = gt + rng.normal(size=gt.shape) * noise
        pred = pred[rng.random(len(pred)) > 0.2]
        pred = np.concatenate([pred, make_people(rng, 1) + [0, 3000, 0]])
        samples.append(make_sample(img_id, gt, pred, rng.random(len(pred)).astype(np.float32), f'TS{1 + img_id % 2}'))
    return samples


@pytest.mark.parametrize('name', ['PCK', 'PCKabs', 'AUCrel', 'AP25root'])
def test_registered_under_the_names_of_the_papers(name):
    metric = METRICS.build({'type': name})
    assert metric.prefix == name


def test_perfect_prediction():
    gt = make_people(np.random.default_rng(0), 3)
    samples = [make_sample(0, gt, gt)]
    assert evaluate(PCK(), samples) == pytest.approx({'PCK/all': 100, 'PCK/matched': 100, 'PCK/recall': 100})
    assert evaluate(PCKabs(), samples)['PCKabs/all'] == pytest.approx(100)
    assert evaluate(AUCrel(), samples)['AUCrel/all'] == pytest.approx(100 * 30 / 31)
    assert evaluate(RootAP(), samples)['AP25root/AP'] == pytest.approx(100 * (1 - 1 / 3))
    assert evaluate(RootAP(first_rectangle=True), samples)['AP25root/AP'] == pytest.approx(100)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_all_is_matched_times_recall_in_one_sequence(seed):
    samples = [dict(sample, seq_name='') for sample in scene(seed)]
    for metric in (PCK(), PCKabs(), AUCrel()):
        scores = {name.split('/')[1]: value for name, value in evaluate(metric, samples).items()}
        assert scores['all'] == pytest.approx(scores['matched'] * scores['recall'] / 100)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_order_of_the_images_does_not_matter(seed):
    samples = scene(seed)
    shuffled = [samples[index] for index in np.random.default_rng(seed).permutation(len(samples))]
    for metric in ALL:
        assert evaluate(metric(), shuffled) == pytest.approx(evaluate(metric(), samples))


def test_root_shift_costs_absolute_metrics_only():
    gt = make_people(np.random.default_rng(1), 2)
    ray = gt[:, 14:15] / np.linalg.norm(gt[:, 14:15], axis=-1, keepdims=True)
    samples = [make_sample(0, gt, gt)]
    samples[0]['pred_instances'].update(
        keypoints_cam=(gt + 300 * ray).astype(np.float32), root_cam=(gt + 300 * ray)[:, 14].astype(np.float32)
    )
    assert evaluate(PCK(), samples)['PCK/all'] == pytest.approx(100)
    assert evaluate(PCKabs(), samples)['PCKabs/all'] == 0
    assert evaluate(RootAP(), samples)['AP25root/AP'] == 0
    assert evaluate(RootAP(radius=400), samples)['AP40root/AP'] == pytest.approx(50)


def test_missed_person_halves_all_but_not_matched():
    gt = make_people(np.random.default_rng(2), 2)
    scores = evaluate(PCK(), [make_sample(0, gt, gt[:1])])
    assert scores == pytest.approx({'PCK/all': 50, 'PCK/matched': 100, 'PCK/recall': 50})


def test_skeleton_and_bone_map_change_what_is_compared():
    gt = make_people(np.random.default_rng(3), 2)
    root = gt[:, 14:15]
    sample = make_sample(0, gt, gt, keypoints_cam_univ=(gt - root) * 0.1 + root)
    assert evaluate(PCK(skeleton='annot3', bone_map=False), [sample])['PCK/all'] == pytest.approx(100)
    assert evaluate(PCK(), [sample])['PCK/all'] == pytest.approx(100)
    assert evaluate(PCK(bone_map=False), [sample])['PCK/all'] < 50


def test_mean_of_sequences_and_pooled():
    gt = make_people(np.random.default_rng(4), 1)
    samples = [make_sample(0, gt, gt, seq_name='TS1')]
    samples += [make_sample(number, gt, NOBODY, seq_name='TS2') for number in (1, 2, 3)]
    assert evaluate(PCK(), samples)['PCK/all'] == pytest.approx(50)
    assert evaluate(PCK(average='pooled'), samples)['PCK/all'] == pytest.approx(25)


def test_occlusion_split_is_inclusive_at_the_threshold():
    gt = make_people(np.random.default_rng(5), 1)
    gt = np.round(gt)
    pred = gt.copy()
    pred[0, 3, 0] += 150
    occluded = np.zeros((1, 17))
    occluded[0, [3, 4]] = 1
    sample = make_sample(0, gt, pred, keypoints_occluded=occluded)
    scores = evaluate(PCK(bone_map=False, occlusion_split=True), [sample])
    assert scores['PCK/all/visible'] == scores['PCK/all/occluded'] == 100
    assert scores['PCK/all'] == pytest.approx(100 * 13 / 14)


def test_people_who_are_not_valid_are_neither_scored_nor_matched():
    gt = make_people(np.random.default_rng(6), 2)
    sample = make_sample(0, gt, gt[1:], person_valid=np.array([0, 1]))
    assert evaluate(PCK(), [sample])['PCK/all'] == pytest.approx(100)
    sample = make_sample(0, gt, gt, person_valid=np.array([0, 1]))
    metric = RootAP()
    assert evaluate(metric, [sample])['AP25root/recall'] == 100
    assert metric.report['tables'][0]['rows']['whole set'][1:] == [1, 1, 1]


def test_joints_without_valid_3d_do_not_count_and_without_pelvis_the_person_does_not():
    gt = make_people(np.random.default_rng(7), 2)
    pred = gt.copy()
    pred[0, 4] += 1000
    valid = np.ones((2, 17))
    valid[0, 4] = 0
    assert evaluate(PCK(), [make_sample(0, gt, pred, keypoints_3d_valid=valid)])['PCK/all'] == pytest.approx(100)
    valid[0, 14] = 0
    assert evaluate(PCK(), [make_sample(0, gt, gt[1:], keypoints_3d_valid=valid)])['PCK/recall'] == 100


def test_joints_outside_of_the_image_still_count_in_the_matching():
    gt = make_people(np.random.default_rng(7), 1)
    assert evaluate(PCK(), [make_sample(0, gt, gt, keypoints_visible=np.zeros((1, 17)))])['PCK/recall'] == 100


def test_detections_in_images_without_valid_people_do_not_count():
    gt = make_people(np.random.default_rng(8), 2)
    empty = make_sample(1, NOBODY, gt)
    assert evaluate(RootAP(), [make_sample(0, gt, gt), empty])['AP25root/AP'] == pytest.approx(50)


@pytest.mark.parametrize('metric', ALL)
def test_nobody_predicted_scores_zero(metric):
    gt = make_people(np.random.default_rng(9), 2)
    scores = evaluate(metric(), [make_sample(0, gt, NOBODY)])
    assert list(scores.values())[0] == 0
    assert all(value == 0 or np.isnan(value) for value in scores.values())


@pytest.mark.parametrize('metric', ALL)
@pytest.mark.parametrize('images', [0, 2])
def test_no_ground_truth_at_all_is_nan_and_says_so(metric, images, log):
    gt = make_people(np.random.default_rng(10), 1)
    scores = evaluate(metric(), [make_sample(number, NOBODY, gt) for number in range(images)])
    assert all(np.isnan(value) for value in scores.values())
    assert 'the score is NaN' in log.text or 'every score is NaN' in log.text


def test_sequence_without_valid_people_is_left_out_and_named(log):
    gt = make_people(np.random.default_rng(11), 1)
    samples = [make_sample(0, gt, gt, seq_name='TS2'), make_sample(1, NOBODY, gt, seq_name='TS10')]
    assert evaluate(PCK(), samples)['PCK/all'] == pytest.approx(100)
    assert 'left out, no valid annotation: sequences TS10' in log.text


def test_not_finite_predictions_are_missed_and_counted(log):
    gt = make_people(np.random.default_rng(12), 2)
    sample = make_sample(0, gt, gt)
    sample['pred_instances']['keypoints_cam'][1] = np.nan
    sample['pred_instances']['root_cam'][1] = np.inf
    assert evaluate(PCK(), [sample])['PCK/all'] == pytest.approx(50)
    assert '1 predicted people have joints that are not finite' in log.text
    assert evaluate(RootAP(first_rectangle=True), [sample])['AP25root/AP'] == pytest.approx(50)
    assert 'AP25root: 1 predicted people have a root or a score that is not finite' in log.text


def test_predictions_without_finite_2d_joints_are_missed_and_counted(log):
    gt = make_people(np.random.default_rng(12), 2)
    sample = make_sample(0, gt, gt)
    sample['pred_instances']['keypoints'][0] = np.nan
    assert evaluate(PCK(), [sample])['PCK/all'] == pytest.approx(50)
    assert '1 predicted people have joints that are not finite' in log.text


def test_log_and_report_state_every_choice(log):
    metric = PCK()
    evaluate(metric, scene())
    for choice in ('univ_annot3', 'bone map', '40 px', 'error < 150 mm', 'mean of the sequences', 'scores zero'):
        assert choice in log.text
    assert set(metric.report) == {'protocol', 'tables', 'curves'}
    assert list(metric.report['tables'][0]['rows']) == ['TS1', 'TS2', 'mean']


@pytest.mark.parametrize('metric', ALL)
def test_tensors_and_instance_data_are_taken_as_arrays_are(metric):
    samples = scene()
    tensors = [
        {
            **sample,
            'pred_instances': InstanceData(
                **{name: array if array.dtype.kind == 'U' else torch.tensor(array)
                   for name, array in sample['pred_instances'].items()}
            ),
        }
        for sample in samples
    ]  # fmt: skip
    assert evaluate(metric(), tensors) == evaluate(metric(), samples)


@pytest.mark.parametrize('metric', ALL)
def test_two_ranks_with_a_padded_last_batch_equal_one(metric):
    samples = scene(images=7)
    one = evaluate(metric(), samples)
    ranks = [metric(), metric()]
    for rank, collector in enumerate(ranks):
        collector.process(None, (samples + samples[:1])[rank::2])
        collector._measure_pending()
    merged = [result for pair in zip(*(rank.results for rank in ranks), strict=True) for result in pair][: len(samples)]
    scores = ranks[0].compute_metrics(merged)
    assert {f'{ranks[0].prefix}/{name}': value for name, value in scores.items()} == pytest.approx(one)


def test_many_images_are_measured_in_chunks(monkeypatch):
    samples = scene(images=9)
    whole = evaluate(PCK(), samples)
    monkeypatch.setattr('mmp3d.evaluation.metrics.base.CHUNK_IMAGES', 2)
    assert evaluate(PCK(), samples) == whole


@pytest.mark.parametrize(
    ('metric', 'options', 'message'),
    [
        (PCK, {'skeleton': 'annot2'}, "skeleton must be one of .*'univ_annot3'.* got 'annot2'"),
        (PCK, {'average': 'frames'}, "average must be one of .* got 'frames'"),
        (PCK, {'threshold': 0}, 'threshold must be a positive number of mm, got 0'),
        (RootAP, {'radius': -1}, 'radius must be in mm'),
    ],
)
def test_wrong_options_are_named(metric, options, message):
    with pytest.raises(ValueError, match=message):
        metric(**options)


def test_missing_fields_and_wrong_shapes_are_named():
    gt = make_people(np.random.default_rng(13), 1)
    sample = make_sample(7, gt, gt)
    with pytest.raises(ValueError, match="image 7: the data sample has no 'gt_instances'"):
        PCK().process(None, [{**sample, 'gt_instances': None}])
    with pytest.raises(ValueError, match="image 7: pred_instances has no field 'keypoints_cam'"):
        PCK().process(None, [{**sample, 'pred_instances': {'keypoints': sample['pred_instances']['keypoints']}}])
    sample['pred_instances']['keypoints_cam'] = np.zeros((1, 15, 3))
    with pytest.raises(ValueError, match=r'keypoints_cam must have shape \(people, 17, 3\), got \(1, 15, 3\)'):
        PCK().process(None, [sample])

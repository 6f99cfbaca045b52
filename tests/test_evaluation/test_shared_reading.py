import copy

import numpy as np
import pytest
from mmengine.evaluator import Evaluator
from mmpose.registry import METRICS

from mmp3d import register_all_modules
from mmp3d.evaluation.metrics import PCK
from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.evaluation.shared_reading import SharedReading
from tests.test_evaluation.scenes import make_people, make_sample

register_all_modules()

CONFIGS = [
    dict(type='PCK'),
    dict(type='PCKabs'),
    dict(type='AUCrel'),
    dict(type='PCK', skeleton='annot3', bone_map=False, prefix='PCK-plain'),
    dict(type='AP25root'),
    dict(type='MRPE'),
    dict(type='OrdinalDepth'),
    dict(type='JointF1', threshold=0.05),
    dict(type='JointF1', threshold=0.2),
    dict(type='JointF1', threshold=0.2, score_threshold=0.5, prefix='F1-sure'),
    dict(type='JointF1', threshold=0.2, association='optimal', per='person'),
    dict(type='AccelerationError'),
    dict(type='PW3DMPJPE', match='mupots'),
    dict(type='ReleasePCK'),
    dict(type='ReleasePCKabs'),
]


def scene() -> list[dict]:
    """Nine images: noise, a person who is not valid, a miss, a prediction that is not finite, an empty image."""
    rng = np.random.default_rng(0)
    samples = []
    for frame in range(9):
        gt = make_people(rng, 3)
        pred = gt[frame % 3 == 0 :] + rng.normal(0, 60, gt[frame % 3 == 0 :].shape)
        if frame == 4:
            pred[0, 3] = np.nan
        sample = make_sample(frame, gt, pred, person_valid=np.array([1, 1, frame % 2]))
        sample['pred_instances']['keypoint_scores'] = rng.random((len(pred), 17)).astype(np.float32)
        samples.append(sample)
    return [*samples, make_sample(9, gt[:0], gt[:0])]


def run(configs: list[dict], samples: list[dict]) -> dict[str, float]:
    evaluator = Evaluator([METRICS.build(config) for config in configs])
    for start in range(0, len(samples), 4):
        evaluator.process(samples[start : start + 4])
    return evaluator.evaluate(len(samples))


def test_metrics_of_one_evaluator_give_what_each_gives_alone_and_leave_the_samples_as_they_are():
    samples = scene()
    before = copy.deepcopy(samples)
    together = run(CONFIGS, samples)
    np.testing.assert_equal(samples, before)
    for config in CONFIGS:
        alone = run([config], scene())
        np.testing.assert_equal({name: together[name] for name in alone}, alone)


def test_a_batch_is_read_once_for_each_choice_of_fields(monkeypatch):
    read = []
    from_sample = PeopleRecord.from_sample
    monkeypatch.setattr(PeopleRecord, 'from_sample', lambda *args: read.append(args[1:]) or from_sample(*args))
    run(CONFIGS[:3], scene())
    assert len(read) == 10
    run([CONFIGS[0], CONFIGS[4]], scene())
    assert len(read) == 30


def test_a_list_that_comes_again_is_read_anew():
    people = make_people(np.random.default_rng(1), 1)
    metric, batch = PCK(), [make_sample(0, people, people)]
    metric.process(None, batch)
    batch[0] = make_sample(1, people, people[:0])
    metric.process(None, batch)
    assert metric.evaluate(2)['PCK/recall'] == 50


def test_nothing_is_held_once_the_reading_is_forgotten():
    people, reading = make_people(np.random.default_rng(1), 1), SharedReading()
    batch = [make_sample(0, people, people)]
    first = reading.records_of(batch, 'one', ('keypoints',), True)
    assert reading.records_of(batch, 'two', ('keypoints',), True) is first
    assert reading.records_of(batch, 'three', ('keypoints',), False) is not first
    reading.forget()
    assert reading.records_of(batch, 'four', ('keypoints',), True) is not first


@pytest.mark.parametrize('instances', ['pred_instances', 'gt_instances'])
def test_fields_of_different_numbers_of_people_are_named(instances):
    people = make_people(np.random.default_rng(2), 2)
    sample = make_sample(7, people, people)
    sample[instances]['keypoints'] = sample[instances]['keypoints'][:1]
    with pytest.raises(ValueError, match=f"image 7: fields of {instances} differ in .*people: .*'keypoints': 1"):
        PCK().process(None, [sample])


def test_arrays_are_taken_over_but_parts_of_larger_ones_are_copied():
    people = make_people(np.random.default_rng(3), 2)
    sample = make_sample(0, people, people)
    found = sample['pred_instances']
    crowd = np.concatenate([found['keypoints_cam']] * 100)
    found['keypoints_cam'] = crowd[:2]
    record = PeopleRecord.from_sample(sample, ('bbox_scores', 'keypoints_cam'))
    assert record.pred['bbox_scores'] is found['bbox_scores']
    assert record.pred['keypoints_cam'].base is None

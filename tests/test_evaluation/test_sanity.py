import numpy as np
import pytest

from mmp3d.evaluation import MRPE, PCK, RootAP
from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.evaluation.sanity import check_extents, check_image_ids, check_track_ids, extents_of
from tests.test_evaluation.scenes import evaluate, make_people, make_sample

FIELDS = ('keypoints', 'keypoints_cam', 'track_ids')
NOBODY = np.zeros((0, 17, 3))


def record(gt: np.ndarray, pred: np.ndarray, fields: tuple = FIELDS, **gt_fields) -> PeopleRecord:
    return PeopleRecord.from_sample(make_sample(7, gt, pred, **gt_fields), fields)


def images(seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [make_people(rng, count) for count in (1, 3, 2)]


def check(records: list[PeopleRecord], sequences: list[str] | None = None) -> None:
    check_extents(extents_of(records), sequences or [''] * len(records))


def depths(pred: list[float], gt: list[float]) -> np.ndarray:
    """Extents of images of which only the depths are known."""
    return np.column_stack([pred, gt, np.full((len(gt), 2), np.nan)])


def test_extents_are_medians_of_depths_and_largest_coordinates():
    gt = make_people(np.random.default_rng(0), 3)
    gt[:, 14, 2] = [3000, 5000, 4000]
    pred = gt[:2].copy()
    sample = make_sample(0, gt, pred)
    sample['pred_instances']['keypoints'][:] = np.nan
    sample['pred_instances']['keypoints'][1, 3] = [-7, np.inf]
    found = extents_of([PeopleRecord.from_sample(sample, FIELDS), record(NOBODY, NOBODY)])
    largest = np.abs(sample['gt_instances']['keypoints']).max()
    np.testing.assert_allclose(found, [[3000, 4000, 7, largest], [np.nan] * 4], rtol=1e-6)


@pytest.mark.parametrize('fields', [FIELDS, ('root_cam', 'bbox_scores'), ('keypoints_cam',), ()])
def test_sound_records_pass_whatever_the_fields(fields):
    check([record(gt, gt * 1.5, fields) for gt in images()] + [record(NOBODY, NOBODY, fields)])


@pytest.mark.parametrize('fields', [('keypoints_cam',), ('root_cam',)])
def test_metres_are_told_from_millimetres_on_either_side(fields):
    with pytest.raises(ValueError, match='predictions seem to be in metres, expected millimetres.* 3 images'):
        check([record(gt, gt / 1000, fields) for gt in images()])
    with pytest.raises(ValueError, match='annotations seem to be in metres, expected millimetres'):
        check([record(gt / 1000, gt, fields) for gt in images()])


def test_poor_depths_are_no_mistake_in_units():
    true = np.full(20, 4000.0)
    check_extents(depths(np.where(np.arange(20) < 10, true / 1000, true), true), [''] * 20)
    for factor in (0.01, 0.1, 10, 100, 0, -0.001, np.nan):
        check_extents(depths(factor * true, true), [''] * 20)
    check_extents(depths([], []), [])


def test_one_sequence_in_metres_is_named_and_a_few_odd_images_are_not():
    true, sequences = np.full(60, 4000.0), np.repeat(['TS1', 'TS2'], 30)
    with pytest.raises(ValueError, match="sequence 'TS2': the predictions seem to be in metres.* 30 images"):
        check_extents(depths(np.where(sequences == 'TS2', true / 1000, true), true), sequences)
    few = np.where(np.arange(60) < 9, 'TS0', sequences)
    check_extents(depths(np.where(few == 'TS0', true / 1000, true), true), few)


def test_pixels_scaled_to_the_image_are_found():
    def scaled(factor: float) -> list[PeopleRecord]:
        samples = [make_sample(7, gt, gt) for gt in images()]
        for sample in samples:
            sample['pred_instances']['keypoints'] *= factor
        return [PeopleRecord.from_sample(sample, FIELDS) for sample in samples]

    for factor in (1, 0, np.nan):
        check(scaled(factor))
    with pytest.raises(
        ValueError, match='the predicted keypoints seem to be scaled to the image .largest coordinate 0'
    ):
        check(scaled(1 / 2000))
    long = scaled(1) * 5 + scaled(1 / 2000) * 5
    with pytest.raises(ValueError, match="sequence 'b': the predicted keypoints seem to be scaled"):
        check(long, ['a'] * 15 + ['b'] * 15)


@pytest.mark.parametrize(('metric', 'name'), [(PCK, 'keypoints_cam'), (RootAP, 'root_cam'), (MRPE, 'keypoints_cam')])
def test_metrics_look_at_all_images_not_only_at_the_first(metric, name, monkeypatch):
    monkeypatch.setattr('mmp3d.evaluation.metrics.base.CHUNK_IMAGES', 3)
    gt = make_people(np.random.default_rng(1), 1)
    samples = [make_sample(number, gt, gt, seq_name='TS1' if number < 12 else 'TS2') for number in range(24)]
    evaluate(metric(), samples)
    for sample in samples[12:]:
        sample['pred_instances'][name] = sample['pred_instances'][name] / 1000
    with pytest.raises(ValueError, match="sequence 'TS2': the predictions seem to be in metres"):
        evaluate(metric(), samples)


def test_a_set_in_metres_stops_at_the_first_chunk(monkeypatch):
    monkeypatch.setattr('mmp3d.evaluation.metrics.base.CHUNK_IMAGES', 3)
    gt = make_people(np.random.default_rng(1), 1)
    with pytest.raises(ValueError, match='the predictions seem to be in metres'):
        PCK().process(None, [make_sample(number, gt, gt / 1000) for number in range(3)])


def test_two_people_of_one_image_cannot_be_one_track(monkeypatch):
    gt = make_people(np.random.default_rng(0), 8)
    check_track_ids([record(gt, gt), record(gt[:4], gt, track_ids=np.array([3, 1, -1, -1])), record(NOBODY, gt)])
    with pytest.raises(ValueError, match='image 7: annotated people share track ids 1, 2, 3, ..., expected one of'):
        check_track_ids([record(gt, gt), record(gt, gt, track_ids=np.array([1, 1, 2, 2, 3, 3, 4, 4]))])
    monkeypatch.setattr('mmp3d.evaluation.metrics.base.CHUNK_IMAGES', 3)
    samples = [make_sample(number, gt, gt) for number in range(8)]
    samples[7]['gt_instances']['track_ids'] = np.array([5, 5, 0, 1, 2, 3, 4, -1])
    with pytest.raises(ValueError, match='image 7: annotated people share track ids 5, expected'):
        evaluate(PCK(), samples)


def test_an_image_cannot_count_twice():
    check_image_ids([4, 2, -1, -1])
    check_image_ids([])
    with pytest.raises(ValueError, match='1 images were tested more than once: img_id 2; expected'):
        check_image_ids([2, 3, 2])

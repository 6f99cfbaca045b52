import numpy as np
import pytest

from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.evaluation.sanity import check_depth_units, check_image_ids, check_pixels, check_records, check_track_ids
from tests.test_evaluation.scenes import make_people, make_sample, project

FIELDS = ('keypoints', 'keypoints_cam', 'track_ids')
NOBODY = np.zeros((0, 17, 3))


def record(gt: np.ndarray, pred: np.ndarray, fields: tuple = FIELDS, **gt_fields) -> PeopleRecord:
    return PeopleRecord.from_sample(make_sample(7, gt, pred, **gt_fields), fields)


def images(seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [make_people(rng, count) for count in (1, 3, 2)]


def test_sound_records_pass_whatever_the_fields():
    for fields in (FIELDS, ('root_cam', 'bbox_scores'), ('keypoints_cam',), ()):
        check_records([record(gt, gt * 1.5, fields) for gt in images()] + [record(NOBODY, NOBODY, fields)])


@pytest.mark.parametrize('fields', [('keypoints_cam',), ('root_cam',)])
def test_metres_are_told_from_millimetres_on_either_side(fields):
    with pytest.raises(ValueError, match='predictions seem to be in metres, expected millimetres.* 3 images'):
        check_records([record(gt, gt / 1000, fields) for gt in images()])
    with pytest.raises(ValueError, match='annotations seem to be in metres, expected millimetres'):
        check_records([record(gt / 1000, gt, fields) for gt in images()])


def test_poor_depths_are_no_mistake_in_units():
    true = [np.full(2, 4000.0)] * 20
    check_depth_units([depth / 1000 if image < 10 else depth for image, depth in enumerate(true)], true)
    for factor in (0.01, 0.1, 10, 100, 0, -0.001):
        check_depth_units([factor * depth for depth in true], true)
    check_depth_units([np.full(2, np.nan)] * 20, true)
    check_depth_units([], [])


def test_pixels_scaled_to_the_image_are_found():
    gt = [project(people) for people in images()]
    check_pixels(gt, gt)
    with pytest.raises(ValueError, match='scaled to the image .largest coordinate 0.*expected pixels'):
        check_pixels([people / 2000 for people in gt], gt)
    check_pixels([0 * people for people in gt], gt)
    check_pixels([people * np.nan for people in gt], gt)
    check_pixels([people[:0] for people in gt], gt)


def test_two_people_of_one_image_cannot_be_one_track():
    check_track_ids([3, 1, -1, -1], 'here')
    with pytest.raises(ValueError, match='here share track ids 1, 2, 3, ..., expected one of their own'):
        check_track_ids([1, 1, 2, 2, 3, 3, 4, 4], 'here')
    gt = images()[1]
    with pytest.raises(ValueError, match='image 7: annotated people share track ids 5'):
        check_records([record(gt, gt, track_ids=np.array([5, 5, -1]))])


def test_an_image_cannot_count_twice():
    check_image_ids([4, 2, -1, -1])
    check_image_ids([])
    with pytest.raises(ValueError, match='1 images were tested more than once: img_id 2; expected'):
        check_image_ids([2, 3, 2])

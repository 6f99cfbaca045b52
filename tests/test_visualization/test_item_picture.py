"""The picture of an item shows its labels where they are, for any number of people, with 3D and without."""

import numpy as np
import pytest

from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.visualization.item_picture import MOST_LABELS, _labels, item_picture

META = MUPOTS17.metainfo('a_set')


def metainfo():
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    return parse_pose_metainfo(META)


def item(people=2, valid=True, camera=True, **changes):
    seen_by = Camera.from_intrinsics((500, 500), (319.5, 239.5), (640, 480))
    rng = np.random.default_rng(0)
    points = rng.uniform((-800, -600, 3000), (800, 600, 4000), (people, 17, 3)).astype(np.float32)
    pixels = seen_by.project(points).astype(np.float32)
    kept = np.full((people, 17), float(valid), np.float32)
    data = dict(
        img_id=7, seq_name='TS1', frame_id=3, dataset_name='a_set', camera=seen_by if camera else None,
        keypoints=pixels, keypoints_visible=np.ones((people, 17), np.float32),
        keypoints_cam=points * kept[..., None], keypoints_3d_valid=kept, track_ids=np.arange(people),
        bbox=np.tile(np.float32([10, 10, 200, 300]), (people, 1)))  # fmt: skip
    return {**data, **changes}


def draw(data):
    return item_picture(data, np.zeros((480, 640, 3), np.uint8), metainfo())


@pytest.mark.parametrize('people', [0, 1, 3])
@pytest.mark.parametrize('camera', [True, False])
def test_any_number_of_people(people, camera):
    picture = draw(item(people, camera=camera))
    assert picture.dtype == np.uint8
    assert picture.shape[1] == (640 + 528 if people else 640)
    assert picture.shape[0] > 480


def test_without_3d_it_is_the_image_alone_without_distances():
    flat = draw(item(valid=False))
    assert flat.shape[1] == 640
    far = draw(item(valid=False, keypoints_cam=np.full((2, 17, 3), 9000, np.float32)))
    assert np.array_equal(flat, far)


def test_in_a_crowd_only_the_nearest_are_labelled():
    crowd = item(MOST_LABELS + 5)
    distances = np.linalg.norm(crowd['keypoints_cam'][:, MUPOTS17.root_index], axis=-1)
    labels = _labels(crowd)
    assert [bool(label) for label in labels] == (distances <= np.sort(distances)[MOST_LABELS - 1]).tolist()
    nearest = int(distances.argmin())
    assert labels[nearest] == f'{nearest}: {distances[nearest] / 1000:.2f} m'


def test_crosses_stand_where_the_camera_sees_the_3d():
    good = draw(item(1))
    moved = item(1)
    moved['camera'] = Camera.from_intrinsics((500, 500), (349.5, 239.5), (640, 480))
    picture = draw(moved)
    top = picture.shape[0] - 480
    x, y = np.round(moved['camera'].project(moved['keypoints_cam'][0, 0])).astype(int)
    assert (picture[top + y, x] == 255).all()
    assert not (good[top + y, x] == 255).all()


def test_a_joint_without_3d_is_not_drawn_at_the_camera():
    half = item(1)
    half['keypoints_3d_valid'][0, :8] = 0
    half['keypoints_cam'][0, :8] = 0
    moved = {**half, 'keypoints_cam': half['keypoints_cam'].copy()}
    moved['keypoints_cam'][0, :8] = 1e6
    assert np.array_equal(draw(half), draw(moved))

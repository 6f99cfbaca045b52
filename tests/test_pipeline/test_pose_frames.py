"""Order and numbers of the images of a clip."""

from __future__ import annotations

import numpy as np
import pytest

from mmp3d.datasets.poses2d import Poses2D
from mmp3d.datasets.report import recorded
from mmp3d.pipeline.pose_frames import by_place, first_number, keys_of_frames

NOBODY = np.zeros((0, 17, 2), np.float32), np.zeros((0, 17), np.float32)


def poses(key: str, *keys) -> Poses2D:
    return Poses2D(dict.fromkeys(keys, NOBODY), key, 'poses.json')


def test_images_by_number_whatever_their_order():
    assert keys_of_frames(poses('file_name', 'b/10.jpg', 'b/9.jpg')) == {9: 'b/9.jpg', 10: 'b/10.jpg'}
    assert list(keys_of_frames(poses('frame_id', 5, 2))) == [2, 5]


def test_two_videos_are_refused():
    with pytest.raises(ValueError, match=r"poses\.json: 'a/1\.jpg' and 'b/1\.jpg' are both frame 1"):
        keys_of_frames(poses('file_name', 'a/1.jpg', 'b/1.jpg'))


@pytest.mark.parametrize(
    ('numbers', 'num_frames', 'first'),
    [
        ((0, 99), 100, 0),
        ((30, 59), 100, 0),
        ((1, 100), 100, 1),
        ((31, 100), 100, 1),
        # A container that tells one frame too few.
        ((0, 100), 100, 0),
        ((31, 101), 100, 31),
        ((9_000_001, 9_000_050), 100, 9_000_001),
        ((7, 12), 0, 7),
    ],
)
def test_first_image_of_a_video(numbers, num_frames, first):
    assert first_number(poses('img_id', *numbers), num_frames) == first
    assert first_number(poses('frame_id', *numbers), num_frames) == 0


def test_images_of_a_folder_by_their_places():
    ids = {'x/img_20.jpg': 1, 'x/img_40.jpg': 2}
    named = Poses2D(dict.fromkeys(ids, NOBODY), 'file_name', 'p.json', ids)
    placed = by_place(named, ['cover.jpg', 'img_10.jpg', 'img_20.jpg', 'img_30.jpg', 'img_40.jpg'])
    assert (list(placed), placed.key, placed.track_ids) == ([2, 4], 'frame_id', {2: 1, 4: 2})
    assert list(by_place(poses('img_id', 103, 101), ['101.jpg', '102.jpg', '103.jpg'])) == [0, 2]


@pytest.mark.parametrize(('key', 'keys'), [('file_name', ('a/img_20.jpg', 'rendered.jpg')), ('img_id', (20, 22))])
def test_images_that_are_not_in_the_folder_are_left_out_and_said(key, keys):
    with recorded() as said:
        given = Poses2D(dict.fromkeys(keys, NOBODY), key, f'{key}.json')
        assert list(by_place(given, ['img_19.jpg', 'img_20.jpg', 'img_21.jpg'])) == [1]
    assert said == [f'{key}.json: 1 of its 2 images are not among those of the clip and are left out']


def test_other_names_than_the_folders_are_said():
    with recorded() as said:
        assert list(by_place(Poses2D({'a_1.png': NOBODY}, 'file_name', 'other.json'), ['a_1.jpg'])) == ['a_1.png']
    assert said == ['other.json: no image has the name of one of the clip; they are taken by their numbers']


@pytest.mark.parametrize(
    ('given', 'names'),
    [
        (poses('img_id', 1, 2), ['a.jpg', 'b.jpg']),
        (poses('img_id', 1, 2), ['a_1.jpg', 'b_1.jpg']),
        (poses('img_id', 1, 2), []),
        (poses('file_name', 'a/1.jpg', 'b/1.jpg'), ['1.jpg']),
        (poses('frame_id', 1, 2), ['1.jpg', '2.jpg']),
    ],
)
def test_poses_that_no_image_has_stay(given, names):
    assert by_place(given, names) is given


def test_numbers_below_0_are_refused():
    with pytest.raises(ValueError, match=r'poses\.json: has the image number -3; number the images from 0'):
        first_number(poses('img_id', -3, 5), 12)


def test_a_first_frame_that_is_assumed_is_said():
    with recorded() as said:
        first_number(Poses2D({7: NOBODY, 12: NOBODY}, 'img_id', 'seven.json'), 6)
        first_number(Poses2D({7: NOBODY, 12: NOBODY}, 'img_id', 'sixteen.json'), 16)
        first_number(Poses2D({0: NOBODY, 12: NOBODY}, 'img_id', 'from 0.json'), 16)
    assert said == [
        'seven.json: has images 7 to 12; number 7 is taken for the first frame',
        'sixteen.json: has images 7 to 12; number 0 is taken for the first frame',
    ]

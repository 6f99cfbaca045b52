"""Tracks are cut into clips that show the same frames of everybody, whatever their lengths."""

import numpy as np
import pytest

from mmp3d.datasets.track_clips import TrackColumns, clips_of_tracks


def track(first, last, person):
    frames = np.arange(first, last + 1)
    scores = np.ones((len(frames), 17))
    return TrackColumns(frames, dict(number=100 * person + frames, keypoint_scores=scores))


def test_people_of_one_time_are_in_one_clip():
    columns, offsets = clips_of_tracks([track(10, 21, 1), track(14, 17, 2), track(18, 19, 3)], 4)
    assert offsets.tolist() == [0, 1, 3, 5]
    assert columns['number'][:, 0].tolist() == [110, 114, 214, 118, 318]
    assert columns['number'][2].tolist() == [214, 215, 216, 217]
    assert columns['keypoint_scores'].shape == (5, 4, 17)


def test_what_is_shorter_than_a_clip_stands_still_at_score_0():
    columns, offsets = clips_of_tracks([track(0, 1, 0), track(3, 3, 0)], 8)
    assert offsets.tolist() == [0, 2]
    assert columns['number'].tolist() == [[0, 1, 1, 1, 1, 1, 1, 1], [3] * 8]
    assert columns['keypoint_scores'][:, :, 0].tolist() == [[1, 1] + [0] * 6, [0, 0, 0, 1] + [0] * 4]


def test_a_short_rest_is_left_out_and_nobody_is_lost():
    columns, offsets = clips_of_tracks([track(0, 8, 0), track(7, 8, 1)], 8)
    assert offsets.tolist() == [0, 2]
    assert columns['number'][:, 0].tolist() == [0, 107]


def test_no_tracks_give_no_clips_and_a_length_of_0_is_an_error():
    columns, offsets = clips_of_tracks([], 8)
    assert columns == {} and offsets.tolist() == [0]
    with pytest.raises(ValueError, match='clip_length'):
        clips_of_tracks([track(0, 1, 0)], 0)

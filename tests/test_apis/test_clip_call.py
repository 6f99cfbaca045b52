"""The whole system behind the inferencer: by alias, by config, and on every kind of input."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmp3d.apis import MultiPersonPose3DInferencer
from mmp3d.apis.people import PERSON_KEYS
from mmp3d.models.estimators import TwoBranchEstimator
from tests.test_apis import scenes

FRAMES = 6


def two_people(frame, number):
    poses = scenes.poses(50, 120)
    return poses[..., :2].astype(np.float32), poses[..., 2].astype(np.float32)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('system')
    scenes.write_system(folder)
    scenes.write_video(folder / 'clip.mp4', FRAMES)
    return folder


@pytest.fixture(scope='module')
def inferencer(folder):
    return MultiPersonPose3DInferencer(folder / 'system.py', device='cpu', camera=60.0, pose2d=two_people)


def ids_and_sources(results):
    return [sorted((p['track_id'], p['source']) for p in result['predictions'][0]) for result in results]


def test_the_shipped_system_by_its_alias():
    inferencer = MultiPersonPose3DInferencer('tdbu', device='cpu', camera=60.0)
    assert inferencer.by_clip and isinstance(inferencer.model, TwoBranchEstimator)
    results = list(inferencer(scenes.image(), pose2d=two_people))
    assert len(results) == 1 and results[0]['predictions'][0]


def test_people_keep_their_ids_over_a_video(inferencer, folder, tmp_path):
    out = tmp_path / 'out'
    results = list(inferencer(str(folder / 'clip.mp4'), out_dir=str(out), return_vis=True, batch_size=2))
    assert [(r['seq_name'], r['frame_id'], r['error']) for r in results] == [('clip', n, None) for n in range(FRAMES)]
    assert ids_and_sources(results) == [[(0, 'both'), (1, 'both')]] * FRAMES
    assert set(results[0]['predictions'][0][0]) == set(PERSON_KEYS.values())
    assert results[0]['visualization'][0].shape == (360, 900, 3)
    capture = cv2.VideoCapture(str(out / 'visualizations' / 'clip.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == FRAMES
    assert (out / 'predictions' / 'clip.json').is_file()


def test_a_folder_is_one_clip_and_other_images_are_clips_of_their_own(inferencer, tmp_path):
    for number in range(3):
        cv2.imwrite(str(tmp_path / f'{number}.png'), scenes.image(number))
    (tmp_path / '1.png').write_bytes(b'no image')
    inputs = [tmp_path, scenes.image(5), tmp_path / 'nothing.mp4']
    inputs[2].touch()
    results = list(inferencer(inputs))
    assert [result['frame_id'] for result in results] == [0] * 5
    assert '1.png' in results[1]['error'] and 'nothing.mp4' in results[4]['error']
    # The 2D poses are there though the second picture is not.
    assert [len(people) for people in ids_and_sources(results)] == [2, 2, 2, 2, 0]


def test_a_generator_and_its_limits(inferencer):
    images = [scenes.image(number) for number in range(3)]
    assert len(list(inferencer(iter(images)))) == 3
    with pytest.raises(ValueError, match='stream: pictures need its frames a second time'):
        list(inferencer(iter(images), return_vis=True))


def test_stages_in_a_folder_change_nothing_and_are_used_again(inferencer, folder, tmp_path, monkeypatch):
    video, options = str(folder / 'clip.mp4'), dict(work_dir=str(tmp_path / 'work'))
    first = [list(inferencer(video, **each)) for each in ({}, options)]
    monkeypatch.setattr(type(inferencer.model.bottom_up), 'start_test', lambda *_: pytest.fail('work done twice'))
    again = list(inferencer(video, **options))
    assert first[0] == first[1] == again


def test_without_poses_only_the_bottom_up_branch_sees_and_that_is_said(folder, monkeypatch):
    said = []
    monkeypatch.setattr('mmp3d.apis.clip_run.warn_once', said.append)
    inferencer = MultiPersonPose3DInferencer(folder / 'system.py', device='cpu', camera=60.0)
    (result,) = inferencer(scenes.image())
    assert result['predictions'] == [[]] and '--pose2d' in said[0]


def test_a_work_folder_is_not_for_models_that_look_at_frames(folder):
    inferencer = MultiPersonPose3DInferencer(folder / 'tiny.py', folder / 'tiny.pth', device='cpu')
    with pytest.raises(ValueError, match='work_dir is for models that look at whole clips'):
        inferencer(scenes.image(), work_dir='anywhere')


def test_frames_are_counted_on_after_an_unreadable_image(inferencer, tmp_path):
    (tmp_path / 'broken.png').write_bytes(b'no image')
    cv2.imwrite(str(tmp_path / 'whole.png'), scenes.image())
    asked = []

    def poses(frame, number):
        asked.append(number)
        return two_people(frame, number)

    results = list(inferencer([str(tmp_path / 'broken.png'), str(tmp_path / 'whole.png')], pose2d=poses))
    assert [bool(result['error']) for result in results] == [True, False]
    assert asked == [1]


def test_a_line_of_pixels_is_no_clip(inferencer):
    thin = np.zeros((1, 300, 3), np.uint8)
    with pytest.raises(ValueError, match='000000: 300 x 1 px is too long and thin'):
        list(inferencer(thin))
    results = list(inferencer([thin, scenes.image()]))
    assert 'too long and thin' in results[0]['error']
    assert [len(result['predictions'][0]) for result in results] == [0, 2]


def test_a_function_that_gives_no_poses_is_named(inferencer):
    with pytest.raises(ValueError, match='000000: pose2d must give keypoints .* got 5'):
        list(inferencer(scenes.image(), pose2d=lambda frame, number: 5))

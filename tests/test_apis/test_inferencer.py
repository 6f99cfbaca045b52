"""The inferencer from every kind of input to results, pictures and files."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmpose.apis import MMPoseInferencer

from mmp3d.apis import MultiPersonPose3DInferencer
from mmp3d.apis.people import PERSON_KEYS
from mmp3d.datasets.report import recorded
from mmp3d.engine.launch import load_config
from mmp3d.evaluation.predictions import read_predictions
from mmp3d.geometry import Camera
from mmp3d.models.estimators import BottomUpDepthEstimator
from tests.test_apis import scenes


@pytest.fixture(scope='module')
def model(tmp_path_factory) -> tuple[str, str]:
    return tuple(str(path) for path in scenes.write_model(tmp_path_factory.mktemp('model')))


@pytest.fixture(scope='module')
def inferencer(model) -> MultiPersonPose3DInferencer:
    return MultiPersonPose3DInferencer(*model, device='cpu', camera=60.0)


def two_people(frame, number):
    poses = scenes.poses(50, 120)
    return poses[..., :2].astype(np.float32), poses[..., 2].astype(np.float32)


def test_person_dict_is_plain_and_consistent(inferencer):
    (result,) = inferencer(scenes.image(), pose2d=[scenes.poses(50, 120)])
    (people,) = result['predictions']
    assert len(people) == 2
    assert json.loads(json.dumps(people)) == people
    camera = Camera.from_dict(result['camera'])
    assert camera.source == 'fov'
    for person in people:
        assert set(person) == set(PERSON_KEYS.values())
        joints, root = np.array(person['keypoints_cam']), np.array(person['root_cam'])
        assert np.allclose(joints, np.array(person['keypoints_3d']) + root, atol=0.1)
        assert np.allclose(camera.project(joints), person['keypoints'], atol=0.05)
        assert (person['track_id'], person['source']) == (-1, 'bu')
    lefts = sorted(np.median(np.array(person['keypoints'])[:, 0]) for person in people)
    assert np.allclose(lefts, [50, 120], atol=6)


def test_nobody_gives_an_empty_list_and_a_picture(inferencer):
    (result,) = inferencer(scenes.image(), return_vis=True)
    assert result['predictions'] == [[]] and result['error'] is None
    assert result['visualization'][0].shape == (360, 900, 3)


def test_no_pictures_unless_asked_for(inferencer, tmp_path):
    (result,) = inferencer(scenes.image(), vis_out_dir=str(tmp_path))
    assert result['visualization'] == []
    assert (tmp_path / '000000.jpg').is_file()


@pytest.mark.parametrize('batch_size', [2, 3, 8])
def test_batches_change_nothing_but_reach_the_network(inferencer, monkeypatch, batch_size):
    images = [scenes.image(seed) for seed in range(5)] + [cv2.resize(scenes.image(), (128, 128))]
    one_by_one = list(inferencer(images, pose2d=two_people))
    sizes = []
    test_step = inferencer.model.test_step
    monkeypatch.setattr(
        inferencer.model, 'test_step', lambda data: sizes.append(len(data['inputs'])) or test_step(data)
    )
    batched = list(inferencer(images, pose2d=two_people, batch_size=batch_size))
    assert sizes == {2: [2, 2, 1, 1], 3: [3, 2, 1], 8: [5, 1]}[batch_size]
    assert len(batched) == 6
    for single, several in zip(one_by_one, batched, strict=True):
        ours, theirs = (
            np.array([each['keypoints_cam'] for each in one['predictions'][0]]) for one in (single, several)
        )
        assert np.allclose(ours, theirs, rtol=1e-4)


def test_folded_batch_norm_changes_nothing_but_rounding(inferencer, model):
    fused = MultiPersonPose3DInferencer(*model, device='cpu', camera=60.0, fuse_conv_bn=True)
    image = scenes.image()
    ours, theirs = (
        [person['keypoints_cam'] for person in next(each(image, pose2d=two_people, camera=60.0))['predictions'][0]]
        for each in (fused, inferencer)
    )
    assert len(ours) == 2
    assert np.allclose(ours, theirs, rtol=1e-4, atol=0.1)
    assert not any('BatchNorm' in type(layer).__name__ for layer in fused.model.modules())


def test_folder_in_order_with_a_bad_image(inferencer, tmp_path, caplog):
    for name in ('b.png', 'a.jpg', 'd.jpg'):
        cv2.imwrite(str(tmp_path / name), scenes.image())
    (tmp_path / 'c.jpg').write_bytes((tmp_path / 'a.jpg').read_bytes()[:200])
    (tmp_path / 'notes.txt').write_text('not an image')
    out = tmp_path / 'out'
    results = list(inferencer(str(tmp_path), pose2d=two_people, batch_size=4, out_dir=str(out), return_vis=True))
    assert [Path(result['img_path']).name for result in results] == ['a.jpg', 'b.png', 'c.jpg', 'd.jpg']
    assert [len(result['predictions'][0]) for result in results] == [2, 2, 0, 2]
    assert 'c.jpg' in results[2]['error'] and results[2]['visualization'] == [None]
    assert sorted(path.name for path in (out / 'visualizations').iterdir()) == ['a.jpg', 'b.jpg', 'd.jpg']
    (image,) = read_predictions(out / 'predictions' / 'a.json')
    assert np.array_equal(
        image['instances']['keypoints_cam'][0], np.float32(results[0]['predictions'][0][0]['keypoints_cam'])
    )


def test_the_only_input_unreadable(inferencer, tmp_path):
    (tmp_path / 'a.jpg').write_bytes(b'no image')
    with pytest.raises(ValueError, match=r'a\.jpg'):
        list(inferencer(str(tmp_path / 'a.jpg')))
    (tmp_path / 'a.mp4').write_bytes(b'no video')
    with pytest.raises(ValueError, match=r'a\.mp4'):
        list(inferencer(str(tmp_path / 'a.mp4')))


def test_a_generator_is_one_clip_and_is_read_in_batches(inferencer, tmp_path):
    images = (scenes.image(index) for index in range(5))
    results = list(inferencer(images, pose2d=two_people, batch_size=2, pred_out_dir=str(tmp_path)))
    assert [(result['seq_name'], result['frame_id']) for result in results] == [('stream', i) for i in range(5)]
    assert len(read_predictions(tmp_path / 'stream.json')) == 5


def test_half_precision_changes_little(model):
    runs = (MultiPersonPose3DInferencer(*model, device='cpu', camera=60.0, half=half) for half in (False, True))
    whole, half = (next(run(scenes.image(), pose2d=two_people)) for run in runs)
    (ours,), (theirs,) = whole['predictions'], half['predictions']
    assert len(ours) == len(theirs) == 2
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one['keypoints'], other['keypoints'], atol=1)
        np.testing.assert_allclose(one['keypoints_cam'], other['keypoints_cam'], rtol=0.02, atol=20)


def test_mixed_list_keeps_the_order(inferencer, tmp_path):
    video = scenes.write_video(tmp_path / 'clip.mp4', 3)
    cv2.imwrite(str(tmp_path / 'a.png'), scenes.image())
    results = list(inferencer([tmp_path / 'a.png', str(video), scenes.image()], batch_size=2))
    assert [(Path(result['img_path']).name, result['frame_id']) for result in results] == [
        ('a.png', 0), ('clip.mp4', 0), ('clip.mp4', 1), ('clip.mp4', 2), ('000002', 0)]  # fmt: skip


def test_video_files(inferencer, tmp_path):
    video = scenes.write_video(tmp_path / 'clip.mp4', 4)
    results = list(inferencer(str(video), pose2d=two_people, out_dir=str(tmp_path / 'out'), batch_size=3))
    assert [(result['seq_name'], result['frame_id']) for result in results] == [('clip', index) for index in range(4)]
    capture = cv2.VideoCapture(str(tmp_path / 'out' / 'visualizations' / 'clip.mp4'))
    assert (capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)) == (4, 25)
    images = read_predictions(tmp_path / 'out' / 'predictions' / 'clip.json')
    assert [image['frame_id'] for image in images] == [0, 1, 2, 3]
    assert images[2]['camera'] == results[2]['camera']
    assert images[2]['instances']['source'].tolist() == ['bu', 'bu']
    assert len(list((tmp_path / 'out').rglob('*.*'))) == 2


def test_a_dropped_generator_finishes_its_files(inferencer, tmp_path):
    video = scenes.write_video(tmp_path / 'clip.mp4', 5)
    results = inferencer(str(video), out_dir=str(tmp_path / 'out'))
    next(results)
    next(results)
    part = tmp_path / 'out' / 'predictions' / 'clip.json.part'
    assert len(part.read_text().splitlines()) == 2
    results.close()
    assert len(read_predictions(tmp_path / 'out' / 'predictions' / 'clip.json')) == 2
    capture = cv2.VideoCapture(str(tmp_path / 'out' / 'visualizations' / 'clip.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 2
    assert not part.exists()


def test_files_that_would_be_lost_and_folders_that_are_none_are_named_at_the_call(inferencer, tmp_path):
    video = str(scenes.write_video(tmp_path / 'clip.mp4', 2))
    poses = scenes.write_poses(tmp_path / 'clip.json', [0, 1])
    with pytest.raises(ValueError, match='clip.json is the pose2d file itself'):
        inferencer(video, pose2d=str(poses), pred_out_dir=str(tmp_path))
    with pytest.raises(ValueError, match='out_dir: .*clip.json is a file; give a folder'):
        inferencer(video, out_dir=str(poses))
    for option in ('vis_out_dir', 'pred_out_dir'):
        with pytest.raises(ValueError, match=f'{option}: .*clip.mp4 is a file; give a folder'):
            inferencer(scenes.image(), **{option: video})
    assert len(list(tmp_path.iterdir())) == 2


def test_images_of_a_generator_may_change_their_size(inferencer, tmp_path):
    images = (cv2.resize(scenes.image(), size) for size in [(192, 128)] * 2 + [(128, 192)] * 2 + [(192, 128)])
    assert len(list(inferencer(images, vis_out_dir=str(tmp_path / 'vary.mp4')))) == 5
    assert cv2.VideoCapture(str(tmp_path / 'vary.mp4')).get(cv2.CAP_PROP_FRAME_COUNT) == 5


def test_return_datasamples_and_person_thr(inferencer):
    (result,) = inferencer(scenes.image(), pose2d=two_people, return_datasamples=True)
    (sample,) = result['predictions']
    scores = np.sort(sample.pred_instances.bbox_scores)
    assert sample.pred_instances.keypoints_cam.shape == (2, 17, 3)
    (result,) = inferencer(scenes.image(), pose2d=two_people, person_thr=float(scores[-1]) + 0.01)
    assert result['predictions'] == [[]]


def test_unknown_options_and_inputs_fail_at_once(inferencer, tmp_path):
    with pytest.raises(ValueError, match='unknown argument'):
        inferencer(scenes.image(), colour='red')
    with pytest.raises(ValueError, match='batch_size'):
        inferencer(scenes.image(), batch_size=0)
    with pytest.raises(FileNotFoundError, match='nowhere'):
        inferencer(str(tmp_path / 'nowhere.jpg'))


@pytest.mark.parametrize(
    'options',
    [
        dict(person_thr='a'), dict(person_thr=None), dict(kpt_thr=float('nan')), dict(radius='a'), dict(radius=1e300),
        dict(thickness=-1), dict(wait_time=float('inf')), dict(out_dir=5), dict(pred_out_dir=[]), dict(batch_size=2.0),
    ],
)  # fmt: skip
def test_wrong_options_are_named_before_the_work(inferencer, options):
    (name,) = options
    with pytest.raises(ValueError, match=f'{name} must be a'):
        inferencer(scenes.image(), return_vis=True, **options)


def test_numbers_of_numpy_are_numbers(inferencer):
    given = dict(batch_size=np.int64(2), person_thr=np.float32(0), radius=np.int32(3), thickness=None)
    results = list(inferencer([scenes.image()] * 2, pose2d=two_people, return_vis=True, **given))
    assert [len(result['predictions'][0]) for result in results] == [2, 2]


@pytest.mark.parametrize(
    'answer', [5, (), np.zeros((1, 17, 2)), (np.zeros((1, 16, 2)), np.zeros((1, 16))), (np.zeros((1, 17, 2)), 'ab')]
)
def test_a_function_that_gives_no_poses_is_named(inferencer, answer):
    with pytest.raises(ValueError, match='000000: pose2d must give keypoints'):
        list(inferencer(scenes.image(), pose2d=lambda frame, number: answer))


@pytest.mark.parametrize('answer', [([], []), None])
def test_a_function_may_give_nobody(inferencer, answer):
    (result,) = inferencer(scenes.image(), pose2d=lambda frame, number: answer)
    assert result['predictions'] == [[]]


@pytest.mark.parametrize('shape', [(1, 300), (300, 1), (10, 161)])
def test_nobody_is_looked_for_in_a_line_of_pixels(inferencer, monkeypatch, shape):
    sizes = []
    test_step = inferencer.model.test_step
    monkeypatch.setattr(
        inferencer.model, 'test_step', lambda data: sizes.append(len(data['inputs'])) or test_step(data)
    )
    thin = np.zeros((*shape, 3), np.uint8)
    with recorded() as notes:
        results = list(inferencer([thin, scenes.image()], pose2d=two_people, return_vis=True, batch_size=2))
    said = f'000000: {shape[1]} x {shape[0]} px is too long and thin'
    assert said in results[0]['error'] and said in notes[0] and results[0]['visualization'] == [None]
    assert [len(result['predictions'][0]) for result in results] == [0, 2] and sizes == [1]


def test_an_image_of_the_greatest_elongation_is_looked_at(inferencer):
    (result,) = inferencer(np.zeros((10, 160, 3), np.uint8))
    assert result['error'] is None


def test_camera_is_assumed_with_one_warning(model, monkeypatch):
    said = []
    monkeypatch.setattr('mmp3d.apis.cameras.warn_once', said.append)
    inferencer = MultiPersonPose3DInferencer(*model, device='cpu')
    results = list(inferencer([scenes.image(), scenes.image(1)]))
    assert [result['camera']['source'] for result in results] == ['assumed', 'assumed']
    assert len(said) == 1 and '192 x 128' in said[0]


def test_config_from_the_checkpoint(model):
    inferencer = MultiPersonPose3DInferencer(weights=model[1], device='cpu')
    assert isinstance(inferencer.model, BottomUpDepthEstimator)


def test_random_weights_are_said_to_be_random(model, caplog):
    inferencer = MultiPersonPose3DInferencer(model[0], device='cpu')
    assert inferencer.model.dataset_meta['num_keypoints'] == 17


def test_weights_of_another_architecture(model, tmp_path):
    cfg = scenes.tiny_config()
    cfg.model.backbone.update(widths=(8, 8, 8, 16))
    cfg.dump(tmp_path / 'other.py')
    with pytest.raises(ValueError, match='another architecture'):
        MultiPersonPose3DInferencer(tmp_path / 'other.py', model[1])


def test_unreadable_config_and_one_of_another_kind(tmp_path):
    (tmp_path / 'broken.py').write_text('model = dict(')
    with pytest.raises(ValueError, match=r'broken\.py: not a readable config'):
        MultiPersonPose3DInferencer(tmp_path / 'broken.py')
    cfg = scenes.tiny_config()
    cfg.data_mode = 'topdown'
    with pytest.raises(ValueError, match='MMPoseInferencer.*topdown'):
        MultiPersonPose3DInferencer(cfg)


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        ({'model.backbone.foo': 1}, "model cannot be built: .*unexpected keyword argument 'foo'"),
        ({'model': 1}, '"model" must be a dict with a "type", but found 1'),
        ({'model.type': 'Nonsense'}, 'model cannot be built: .*Nonsense'),
        ({'test_dataloader': None}, '"test_dataloader" must be a dict, but is missing'),
        (
            {'test_dataloader.dataset.pipeline': None},
            '"test_dataloader.dataset.pipeline" must be the list',
        ),
        ({'test_dataloader.dataset.pipeline.1.type': 'Nonsense'}, 'pipeline cannot be built: .*Nonsense'),
        ({'test_dataloader.collate_fn': 'Nonsense'}, 'collate_fn cannot be built: .*Nonsense'),
    ],
)
def test_wrong_entries_of_a_config_are_named_with_it(model, options, said):
    with pytest.raises(ValueError, match=rf'tiny\.py: .*{said}'):
        MultiPersonPose3DInferencer(load_config(model[0], options), model[1], 'cpu')


def test_a_config_that_is_no_experiment_says_what_it_lacks(model):
    with pytest.raises(ValueError, match=r'default_runtime\.py: "model" must be .* is missing; give an experiment'):
        MultiPersonPose3DInferencer(scenes.CONFIG.parent / '_base_' / 'default_runtime.py', device='cpu')
    with pytest.raises(ValueError, match='the config: "model" must be'):
        MultiPersonPose3DInferencer(dict(data_mode='bottomup'), device='cpu')


def test_a_wrong_part_of_the_whole_system_is_named(tmp_path):
    options = {'model.bottom_up.options': {'model.backbone.foo': 1}}
    with pytest.raises(ValueError, match=r"tiny\.py: model cannot be built: .*'foo'"):
        MultiPersonPose3DInferencer(load_config(str(scenes.write_system(tmp_path)), options), device='cpu')


def test_stock_inferencer_gives_2d_joints(tmp_path):
    config, weights = scenes.write_model(tmp_path, scenes.tiny_config('FixedPosesEstimator'))
    stock = MMPoseInferencer(pose2d=str(config), pose2d_weights=str(weights), device='cpu')
    video = scenes.write_video(tmp_path / 'clip.mp4', 2)
    results = list(stock(str(video), return_vis=True, vis_out_dir=str(tmp_path / 'out'), draw_bbox=True))
    assert len(results) == 2
    (people,) = results[0]['predictions']
    lefts = sorted(np.median(np.array(person['keypoints'])[:, 0]) for person in people)
    assert np.allclose(lefts, [50, 120], atol=6)
    assert np.array(people[0]['keypoints']).shape == (17, 2)
    assert results[0]['visualization'][0].shape == (360, 900, 3)


def test_the_shipped_weights_are_enough():
    weights = Path(__file__).resolve().parents[2] / 'weights' / 'bu_tiny_muco.pth'
    assert type(MultiPersonPose3DInferencer(weights=str(weights)).model).__name__ == 'BottomUpDepthEstimator'

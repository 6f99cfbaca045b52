"""Pictures with known people: what is drawn where, and that every call of the stock hooks is understood."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.engine.hooks import PoseVisualizationHook
from mmpose.registry import VISUALIZERS
from mmpose.structures import PoseDataSample

import mmp3d
from mmp3d.geometry import COCO17, MUPOTS17, Camera
from mmp3d.visualization import MultiPersonPose3DVisualizer
from mmp3d.visualization.limbs import PERSON_COLOURS

SIZE = (640, 400)
CAMERA = Camera.assumed(SIZE)
IMAGE = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)


def joints(*pelvises) -> np.ndarray:
    """(N, 17, 3) mm: people with a joint each 10 cm."""
    figure = np.zeros((17, 3))
    figure[:, 1] = np.linspace(-800, 800, 17)
    figure[:, 0] = np.linspace(-200, 200, 17)
    figure -= figure[MUPOTS17.root_index]
    return (figure + np.array(pelvises).reshape(-1, 1, 3)).astype(np.float32)


def sample(points: np.ndarray, **fields) -> PoseDataSample:
    """Predictions as our estimators give them."""
    keypoints = CAMERA.project(points).reshape(-1, 17, 2)
    people = InstanceData(
        keypoints=keypoints,
        keypoint_scores=np.ones(keypoints.shape[:2]),
        keypoints_cam=points,
        root_cam=points[:, MUPOTS17.root_index],
        bboxes=np.tile([10.0, 20, 200, 300], (len(points), 1)),
        track_ids=np.full(len(points), -1),
    )
    people.update(InstanceData(**fields))
    return PoseDataSample(metainfo=dict(camera=CAMERA.to_dict()), pred_instances=people)


def has_colour(picture: np.ndarray, colour: tuple) -> bool:
    return bool((picture == colour).all(axis=-1).any())


@pytest.fixture
def visualizer() -> MultiPersonPose3DVisualizer:
    return MultiPersonPose3DVisualizer()


def draw(visualizer, data_sample, image=IMAGE, **options) -> np.ndarray:
    return visualizer.add_datasample('a', image, data_sample, draw_gt=False, **options)


def test_is_built_from_a_config():
    mmp3d.register_all_modules()
    built = VISUALIZERS.build(dict(type='MultiPersonPose3DVisualizer', name='v', radius=3, vis_backends=None))
    assert isinstance(built, MultiPersonPose3DVisualizer)


def test_one_colour_a_person_in_both_views(visualizer):
    picture = draw(visualizer, sample(joints([-700, 0, 4000], [700, 0, 5000])))
    assert picture.shape == (400, 640 + 400, 3)
    for view in (picture[:, :640], picture[:, 640:]):
        assert has_colour(view, PERSON_COLOURS[0]) and has_colour(view, PERSON_COLOURS[1])
        assert not has_colour(view, PERSON_COLOURS[2])


def test_colour_follows_the_track(visualizer):
    picture = draw(visualizer, sample(joints([0, 0, 4000]), track_ids=np.array([4])))
    assert has_colour(picture, PERSON_COLOURS[4]) and not has_colour(picture, PERSON_COLOURS[0])


def test_nobody(visualizer):
    picture = draw(visualizer, sample(joints()))
    assert picture.shape == (400, 1040, 3)
    assert (picture[:, :640] == 0).all()
    assert draw(visualizer, PoseDataSample()).shape == (400, 640, 3)


def test_doubtful_and_infinite_joints_are_left_out(visualizer):
    points = joints([0, 0, 4000])
    nothing = draw(visualizer, sample(points, keypoint_scores=np.full((1, 17), 0.2)))
    assert (nothing[:, :640] == 0).all()
    points[0, 2:] = np.nan
    assert draw(visualizer, sample(points)).shape == (400, 1040, 3)
    points[0] = 1e9
    assert draw(visualizer, sample(points)).shape == (400, 1040, 3)


def test_small_images_are_enlarged(visualizer):
    picture = draw(visualizer, sample(joints([0, 0, 4000])), image=IMAGE[:40, :64])
    assert picture.shape[0] == 360


def test_people_of_a_2d_model(visualizer):
    meta = parse_pose_metainfo(COCO17.metainfo('coco'))
    visualizer.set_dataset_meta(meta)
    keypoints = torch.rand(2, 17, 2) * 300
    people = InstanceData(keypoints=keypoints, keypoint_scores=torch.ones(2, 17), bboxes=torch.rand(2, 4) * 100)
    data_sample = PoseDataSample(pred_instances=people)
    assert draw(visualizer, data_sample, draw_bbox=True).shape == (400, 640, 3)
    visualizer.set_dataset_meta(dict(dataset_name='coco'), skeleton_style='openpose')
    assert draw(visualizer, data_sample, skeleton_style='openpose').shape == (400, 640, 3)


def test_every_option_of_the_stock_visualiser(visualizer, tmp_path):
    data_sample = sample(joints([0, 0, 4000]))
    data_sample.gt_instances = data_sample.pred_instances.clone()
    data_sample.pred_fields = PixelData(heatmaps=torch.rand(17, 20, 32))
    visualizer.radius, visualizer.line_width = 3, 1
    picture = visualizer.add_datasample(
        'a', IMAGE, data_sample, draw_gt=True, draw_pred=True, draw_bbox=True, draw_heatmap=True, show_kpt_idx=True,
        skeleton_style='mmpose', show=False, wait_time=0, out_file=str(tmp_path / 'new' / 'a.png'), kpt_thr=0.1, step=3,
    )  # fmt: skip
    assert picture.shape[0] == 400 + 800  # ground truth, then prediction with its heatmap
    assert np.array_equal(cv2.imread(str(tmp_path / 'new' / 'a.png')), picture[..., ::-1])


def test_held_view_only_grows(visualizer):
    far, near, nobody = (sample(joints(*places)) for places in ([[0, 0, 3e3], [0, 0, 9e3]], [[0, 0, 4e3]], []))
    visualizer.reset_view(hold=True)
    draw(visualizer, far)
    axes = draw(visualizer, nobody)
    draw(visualizer, near)
    assert np.array_equal(draw(visualizer, nobody), axes)
    visualizer.reset_view()
    draw(visualizer, near)
    assert not np.array_equal(draw(visualizer, nobody), axes)


def test_the_image_is_not_drawn_on(visualizer):
    image = IMAGE.copy()
    draw(visualizer, sample(joints([0, 0, 4000])), image=image)
    assert (image == 0).all()


@pytest.mark.parametrize('points', [joints([0, 0, 4000]), joints()])
def test_behind_the_stock_hook(visualizer, tmp_path, points):
    cv2.imwrite(str(tmp_path / 'a.jpg'), IMAGE)
    data_sample = sample(points, source=np.full(len(points), 'bu', dtype='<U4'))
    data_sample.set_metainfo(dict(img_path=str(tmp_path / 'a.jpg')))
    hook = PoseVisualizationHook(enable=True, out_dir='pictures')
    hook._visualizer = visualizer
    meta = parse_pose_metainfo(MUPOTS17.metainfo('mupots'))
    runner = SimpleNamespace(work_dir=str(tmp_path), timestamp='run', test_evaluator=SimpleNamespace(dataset_meta=meta))
    hook.after_test_iter(runner, 0, {}, [data_sample])
    assert cv2.imread(str(tmp_path / 'run' / 'pictures' / 'a_0.jpg')).shape == (400, 1040, 3)

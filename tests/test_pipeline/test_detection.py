"""People of a frame: a stock mmdet detector, boxes and poses that are given, and boxes that nobody can use."""

from __future__ import annotations

from pathlib import Path

import mmdet
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope, init_default_scope

from mmp3d import register_all_modules
from mmp3d.datasets.poses2d import Poses2D
from mmp3d.pipeline import BoxesOfPoses, GivenBoxes, MMDetPersonDetector
from mmp3d.pipeline.detection import usable_boxes

register_all_modules()
STOCK = 'yolox/yolox_nano_8xb8-300e_coco.py'
HEIGHT, WIDTH = 96, 128
IMAGE = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


@pytest.fixture(scope='module')
def config_file(tmp_path_factory):
    """mmdet's smallest YOLOX on small pictures, with two classes and every box that random weights find."""
    config = Config.fromfile(Path(mmdet.__file__).parent / '.mim/configs' / STOCK)
    resize = next(step for step in config.test_dataloader.dataset.pipeline if step.type == 'Resize')
    resize.scale = (WIDTH, HEIGHT)
    config.model.bbox_head.num_classes = 2
    config.model.test_cfg.score_thr = 0.0
    path = tmp_path_factory.mktemp('detector') / 'yolox.py'
    config.dump(path)
    return path


@pytest.fixture(scope='module')
def detector(config_file):
    torch.manual_seed(0)
    detector = MMDetPersonDetector(config_file, weights=None, score_thr=0)
    for layer in detector.model.bbox_head.multi_level_conv_cls:
        # Strong enough that both classes are found.
        torch.nn.init.normal_(layer.weight)
    return detector


def test_a_stock_detector_gives_the_people_among_what_it_finds(detector):
    from mmdet.apis import inference_detector

    init_default_scope('mmdet')
    found = inference_detector(detector.model, IMAGE).pred_instances.numpy()
    init_default_scope('mmpose')
    people = usable_boxes(found.bboxes[found.labels == 0], found.scores[found.labels == 0], (HEIGHT, WIDTH))
    given = detector.detect(IMAGE, 0)
    assert set(found.labels) == {0, 1}
    assert 0 < len(people.boxes) < len(found.bboxes)
    for ours, theirs in zip(given, people, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == np.float32
    detector.score_thr, before = float(np.median(given.scores)), detector.score_thr
    assert len(detector.detect(IMAGE, 0).boxes) == (given.scores >= detector.score_thr).sum() < len(given.boxes)
    detector.score_thr = before


def test_the_digest_tells_weights_and_threshold(detector, config_file):
    before = detector.digest()
    others = [
        MMDetPersonDetector(config_file, weights=None, score_thr=0),
        MMDetPersonDetector(config_file, weights=None),
    ]
    others[1].model.load_state_dict(detector.model.state_dict())
    assert detector.digest() == before and before not in [other.digest() for other in others]
    boxes = [GivenBoxes({frame: [[0, 0, 9, side]]}).digest() for frame, side in ((0, 9), (0, 8), (1, 9), (0, 9))]
    assert boxes[0] == boxes[3] and len(set(boxes)) == 3


def test_the_scope_of_the_caller_stays(config_file):
    init_default_scope('mmpose')
    MMDetPersonDetector(config_file, weights=None).detect(IMAGE, 0)
    assert DefaultScope.get_current_instance().scope_name == 'mmpose'


def test_a_config_of_mmdet_is_found_by_its_name():
    assert MMDetPersonDetector(STOCK, weights=None).model.cfg.filename.endswith(STOCK)
    with pytest.raises(FileNotFoundError, match='detector config nothing.py is neither a file nor one of mmdet'):
        MMDetPersonDetector('nothing.py', weights=None)


def test_weights_are_loaded_and_say_the_classes(config_file, detector, tmp_path):
    classes = ['chair', 'person']
    content = {'state_dict': detector.model.state_dict(), 'meta': {'dataset_meta': {'classes': classes}}}
    torch.save(content, tmp_path / 'a.pth')
    loaded = MMDetPersonDetector(config_file, tmp_path / 'a.pth', score_thr=0)
    for name, value in loaded.model.state_dict().items():
        assert torch.equal(value, detector.model.state_dict()[name])
    assert loaded._person == 1
    content['meta']['dataset_meta']['classes'][1] = 'table'
    torch.save(content, tmp_path / 'b.pth')
    with pytest.raises(ValueError, match='the detector knows no class "person"'):
        MMDetPersonDetector(config_file, tmp_path / 'b.pth')
    with pytest.raises(FileNotFoundError, match='c.pth'):
        MMDetPersonDetector(config_file, tmp_path / 'c.pth')


def test_given_boxes():
    detector = GivenBoxes({3: [[10, 10, 40, 60, 0.7], [-9, 5, 20, 200, 0.2]], 4: [], 5: [[1, 2, 3, 4]]})
    boxes, scores = detector.detect(IMAGE, 3)
    np.testing.assert_allclose(boxes, [[10, 10, 40, 60], [0, 5, 20, HEIGHT]])
    np.testing.assert_allclose(scores, [0.7, 0.2])
    assert detector.detect(IMAGE, 5).scores.tolist() == [1]
    for nobody in (4, 99):
        assert [each.shape for each in detector.detect(IMAGE, nobody)] == [(0, 4), (0,)]
    with pytest.raises(ValueError, match=r'boxes of frame 8 must have shape \(people, 4 or 5\), got \(1, 3\)'):
        GivenBoxes({8: [[1, 2, 3]]})


def test_boxes_around_given_poses():
    keypoints, scores = np.full((3, 17, 2), np.nan), np.zeros((3, 17))
    keypoints[0, :2], scores[0, :2] = [[20, 30], [70, 80]], [0.4, 0.8]
    keypoints[1, 5], scores[1, 5] = [50, 50], 0.5
    detector = BoxesOfPoses(Poses2D({'b_7.jpg': (keypoints, scores)}, 'file_name', 'poses.json'))
    boxes, scores = detector.detect(IMAGE, 7)
    # A tenth of the extent around two joints, half a pixel around one; whoever has none is nobody.
    np.testing.assert_allclose(boxes, [[15, 25, 75, 85], [49.5, 49.5, 50.5, 50.5]])
    np.testing.assert_allclose(scores, [0.6, 0.5])


@pytest.mark.parametrize(
    'box',
    [
        [-50, 10, -10, 60],
        [10, HEIGHT, 60, 2 * HEIGHT],
        [10, 10, 10, 60],
        [40, 10, 20, 60],
        [np.nan, 10, 40, 60],
        [10, 10, np.inf, 60],
    ],
    ids=['left of', 'below', 'no width', 'turned round', 'NaN', 'infinite'],
)
def test_an_unusable_box_is_left_out(box):
    good = [10, 10, 40, 60]
    found = usable_boxes(np.array([box, good], float), np.array([0.9, 0.8]), (HEIGHT, WIDTH))
    np.testing.assert_allclose(found.boxes, [good])
    np.testing.assert_allclose(found.scores, [0.8])


def test_a_box_without_a_score_is_left_out():
    assert len(usable_boxes(np.array([[10, 10, 40, 60.0]]), np.array([np.nan]), (HEIGHT, WIDTH)).boxes) == 0

"""The shipped top-down weights on two synthetic people who hide each other and whom they never saw."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from mmpose.apis import MMPoseInferencer, init_model

from mmp3d import register_all_modules
from mmp3d.apis.model_index import find_model
from mmp3d.codecs.own_person import box_overlaps
from mmp3d.evaluation.functional.joints_2d import found_joints
from mmp3d.geometry import COCO17, MUPOTS17
from mmp3d.geometry.boxes import joint_extents
from mmp3d.pipeline import find_people
from mmp3d.synthetic.coco import HIDDEN, coco_keypoints
from mmp3d.synthetic.recipe import CLOSE, Recipe
from mmp3d.synthetic.single import draw_single

register_all_modules()
MODEL = find_model('topdown')
pytestmark = pytest.mark.skipif(not Path(MODEL.weights).is_file(), reason=f'{MODEL.weights} is not there yet')
RECIPE = Recipe('coco', 1, people=(2, 2), size=(384, 288), seed=7003, interactions=CLOSE)
# A picture on which the small network does well; weights/README.md tells how it does on average.
STREAM, NUMBER = 2, 14
# Of the extent of a person's joints.
TOLERANCE = 0.1


class Scene(NamedTuple):
    """A picture and its two people, the one in front first: (2, K, 2) px, (2, K) labelled, (2, 4) px extents."""

    picture: np.ndarray
    keypoints: np.ndarray
    labelled: np.ndarray
    extents: np.ndarray

    def found(self, people: np.ndarray) -> np.ndarray:
        """(2,) share of each one's joints that (M, K, 2) people show."""
        tolerance = TOLERANCE * (self.extents[:, 2:] - self.extents[:, :2]).max(axis=1)
        found = found_joints(people, self.keypoints, self.labelled, tolerance)
        return found.sum(axis=1) / self.labelled.sum(axis=1)


def drawn(number: int) -> Scene:
    _, drawing = draw_single(RECIPE, STREAM, number)
    marks = coco_keypoints(drawing)
    order = np.argsort((marks[..., 2] == HIDDEN).sum(axis=1))
    keypoints, labelled = COCO17.convert(marks[order, :, :2], marks[order, :, 2] > 0, MUPOTS17)
    labelled = labelled > 0
    return Scene(drawing.picture, keypoints, labelled, joint_extents(keypoints, labelled))


@pytest.fixture(scope='module')
def scene() -> Scene:
    made = drawn(NUMBER)
    assert box_overlaps(made.extents[:1], made.extents[1])[0] > 0.3
    return made


def test_both_people_are_found_through_the_box_of_the_one_in_front(scene):
    network = init_model(str(MODEL.config), MODEL.weights, device='cpu')
    (people,) = find_people([scene.picture], [scene.extents[:1]], network)
    front, hidden = scene.found(people.keypoints)
    assert front > 0.6 and hidden > 0.6
    # Nobody else could take the place of the second one.
    assert scene.found(people.keypoints[:1]).min() < 0.3


def test_stock_inferencer_finds_one_of_them_in_a_picture_of_both(scene):
    margin = (scene.extents[0, 2:] - scene.extents[0, :2]) / 4
    left, top = (scene.extents[0, :2] - margin).round().astype(int)
    right, bottom = (scene.extents[0, 2:] + margin).round().astype(int)
    stock = MMPoseInferencer(
        pose2d=str(MODEL.config), pose2d_weights=MODEL.weights, det_model='whole_image', device='cpu'
    )
    (result,) = stock(scene.picture[top:bottom, left:right].copy())
    (person,) = result['predictions'][0]
    assert scene.found(np.array([person['keypoints']]) + [left, top]).max() > 0.6

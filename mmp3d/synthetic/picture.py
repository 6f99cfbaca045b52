"""From a scene and a time to a picture with its annotation.

Shapes: N people, J = 21 MuCo joints, H x W image. Camera frame x right, y down, z forward; mm and px.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from mmp3d.geometry.camera import Camera
from mmp3d.synthetic.background import cast_shadows
from mmp3d.synthetic.person import pose_people
from mmp3d.synthetic.scene import Scene
from mmp3d.synthetic.shading import Light, Materials, shade
from mmp3d.synthetic.shapes import PosedShapes, build_template, join_shapes, pose_shapes
from mmp3d.synthetic.view import FixedView, View
from mmp3d.synthetic.visibility import find_sight
from mmp3d.synthetic.zbuffer import BACKGROUND, Buffers, draw_shapes, extents


@dataclass(frozen=True)
class Annotation:
    """Ground truth of one picture.

    Args:
        keypoints_cam: (N, J, 3) mm, camera frame.
        keypoints: (N, J, 2) px, their projection; may lie outside of the picture.
        occluded: (N, J) bool, hidden by another person or by furniture.
        inside: (N, J) bool, inside of the picture.
        boxes: (N, 4) xyxy px of the whole body as drawn, not clipped to the picture.
        univ_scale: (N,) factor from the person's to the universal height.
    """

    keypoints_cam: np.ndarray
    keypoints: np.ndarray
    occluded: np.ndarray
    inside: np.ndarray
    boxes: np.ndarray
    univ_scale: np.ndarray


@dataclass(frozen=True)
class Drawing:
    """A drawn frame and what it was drawn from.

    Args:
        scene: The scene.
        camera: The camera of the frame.
        picture: (H, W, 3) BGR uint8.
        joints: (N, J, 3) mm, camera frame.
        shapes: The bodies, camera frame; None for nobody.
        buffers: What is where in the picture.
    """

    scene: Scene
    camera: Camera
    picture: np.ndarray
    joints: np.ndarray
    shapes: PosedShapes | None
    buffers: Buffers


class PictureMaker:
    """Draws the frames of one scene.

    Args:
        scene: The scene.
        times: (T,) s of the frames.
        view: The camera of every frame and what stands behind the people; None for the scene's camera and a background
            of its own, drawn once.
    """

    def __init__(self, scene: Scene, times: np.ndarray, view: View | None = None) -> None:
        self.scene = scene
        self.joints, self.bones = pose_people(scene.people, times)
        self.rng = np.random.default_rng(scene.seed)
        self.light = _sample_light(self.rng)
        self.view = view or FixedView(scene, self.rng)
        self.templates = [build_template(person.body, person.appearance) for person in scene.people]
        self.materials = _materials(scene)
        self.shadow = self.rng.uniform(0.25, 0.75)
        self.gain = float(self.rng.uniform(0.7, 1.25))
        self.offset = float(self.rng.normal(0, 10))
        self.blur = float(self.rng.uniform(0.35, 0.9))
        self.grain = float(self.rng.uniform(0.5, 6))

    def draw(self, frame: int) -> tuple[np.ndarray, Annotation]:
        """The (H, W, 3) BGR picture of a frame and its annotation."""
        drawing = self.render(frame)
        return drawing.picture, annotate(drawing)

    def render(self, frame: int) -> Drawing:
        """Draw a frame."""
        camera = self.view.pinhole(frame)
        world, joints, shapes = self._pose(frame, camera)
        buffers = self.view.stage(frame)
        if self.scene.people:
            left = cast_shadows(camera, world, self.scene.lamp, self.shadow)
            left[buffers.label != BACKGROUND] = 255
            buffers.colour = cv2.multiply(buffers.colour, cv2.merge([left] * 3), scale=1 / 255)
            draw_shapes(buffers, camera, shapes)
            light = replace(self.light, direction=camera.R @ self.scene.lamp)
            shade(buffers, camera, shapes, self.materials, light)
        camera, buffers = self.view.through_lens(frame, buffers)
        picture = cv2.GaussianBlur(buffers.colour, (3, 3), self.blur)
        return Drawing(self.scene, camera, self._expose(picture, frame), joints, shapes, buffers)

    def _expose(self, picture: np.ndarray, frame: int) -> np.ndarray:
        """Exposure, black level and sensor noise."""
        height, width = picture.shape[:2]
        tile = np.tile(_grain_tile(), [-(-side // _GRAIN_TILE) for side in (height, width)])
        spare = np.array(tile.shape) - (height, width)
        top, left = np.random.default_rng([self.scene.seed, frame]).integers(0, spare + 1)
        noise = cv2.merge([tile[top : top + height, left : left + width]] * 3)
        share = self.grain / _GRAIN_SIGMA
        return cv2.addWeighted(picture, self.gain, noise, share, self.offset - 128 * share)

    def _pose(self, frame: int, camera: Camera) -> tuple[np.ndarray, np.ndarray, PosedShapes | None]:
        """Joints (N, J, 3) mm in the world and in the camera frame, and the shapes in the latter, None for nobody."""
        world = self.joints[:, frame]
        joints, bones = camera.world_to_camera(world), camera.R @ self.bones[:, frame]
        posed = [
            pose_shapes(template, joints[index], bones[index], index) for index, template in enumerate(self.templates)
        ]
        return world, joints, join_shapes(posed) if posed else None


def annotate(drawing: Drawing) -> Annotation:
    """Ground truth of a drawing."""
    scene, camera, joints, shapes = drawing.scene, drawing.camera, drawing.joints, drawing.shapes
    sight = find_sight(drawing.buffers, camera, joints, shapes)
    return Annotation(
        joints,
        sight.pixels,
        sight.occluded,
        sight.inside,
        _body_boxes(camera, shapes, len(joints)),
        np.array([person.body.universal_scale for person in scene.people]),
    )


def _body_boxes(camera: Camera, shapes: PosedShapes | None, count: int) -> np.ndarray:
    """(N, 4) xyxy px around each person's shapes."""
    if shapes is None:
        return np.zeros((0, 4))
    around = extents(camera, shapes)
    people = [around[shapes.owner == person] for person in range(count)]
    return np.array([[*own[:, :2].min(axis=0), *own[:, 2:].max(axis=0)] for own in people])


def _materials(scene: Scene) -> Materials:
    looks = [person.appearance for person in scene.people]
    if not looks:
        return Materials(np.zeros((0, 2, 3), np.float32), np.zeros(0, int), np.ones(0))
    return Materials(
        *(np.concatenate([getattr(look, name) for look in looks]) for name in ('colours', 'pattern', 'period'))
    )


def _sample_light(rng: np.random.Generator) -> Light:
    """A lamp without direction, which depends on the camera."""
    tint = np.clip(1 + rng.normal(0, 0.07, 3), 0.75, 1.2)
    ambient = rng.uniform(0.25, 0.6)
    return Light(np.zeros(3), np.float32(ambient), np.float32(rng.uniform(0.75, 1.1) - ambient * 0.6), tint)


_GRAIN_TILE, _GRAIN_SIGMA = 1024, 32


@lru_cache(maxsize=1)
def _grain_tile() -> np.ndarray:
    """(1024, 1024) uint8 noise of standard deviation 32 around 128."""
    noise = np.random.default_rng(1).normal(128, _GRAIN_SIGMA, (_GRAIN_TILE, _GRAIN_TILE))
    return np.clip(noise, 0, 255).astype(np.uint8)

"""Writes crowds in JTA's layout: a JSON file and a folder of frames a sequence.

Shapes: N people, K = 22 JTA22 joints. Camera frame, metres in the file; pixels.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmp3d.geometry.skeleton import JTA22
from mmp3d.synthetic.camera_rig import street_camera
from mmp3d.synthetic.casting import Area, cast_people
from mmp3d.synthetic.clip import casting_of, clip_times, video_of
from mmp3d.synthetic.files import write_jpeg, write_json
from mmp3d.synthetic.furniture import furniture, seats
from mmp3d.synthetic.joint_mix import mixed
from mmp3d.synthetic.picture import Drawing, PictureMaker
from mmp3d.synthetic.recipe import Recipe
from mmp3d.synthetic.scene import Scene, sample_lamp
from mmp3d.synthetic.view import OpenView
from mmp3d.synthetic.visibility import find_sight

FRAMES_PER_SECOND = 30.0
NEAR, FAR = 4000.0, 60000.0
# People walk on; arcs are wide.
_RADIUS = 4000.0, 30000.0
_STREAM = 3
_MOST_BOXES = 12
# Sequences are dealt out in this order; the numbers of val are odd and those of test even from 256 on, as in JTA.
SPLITS = ('train', 'val', 'test', 'train')
_FIRST_NUMBER = {'train': (0, 1), 'val': (257, 2), 'test': (256, 2)}


def sequence_of(index: int) -> tuple[str, int]:
    """Split and number of the sequence of unit ``index``."""
    split = SPLITS[index % len(SPLITS)]
    rounds, place = divmod(index, len(SPLITS))
    before = rounds * SPLITS.count(split) + SPLITS[:place].count(split)
    first, step = _FIRST_NUMBER[split]
    return split, first + step * before


def annotation_files(recipe: Recipe) -> list[str]:
    """Paths of all annotation files below the data set's folder."""
    return ['annotations/{}/seq_{}.json'.format(*sequence_of(index)) for index in range(recipe.units)]


def write_unit(recipe: Recipe, folder: Path, index: int) -> dict:
    """Draw and write a sequence.

    Returns:
        Nothing that is needed later.
    """
    rng = np.random.default_rng([recipe.seed, _STREAM, index])
    split, number = sequence_of(index)
    scene = _sample_scene(rng, recipe)
    maker = PictureMaker(scene, clip_times(recipe, FRAMES_PER_SECOND), OpenView(scene, [scene.camera], scene.seed))
    rows: list[list] = []
    with video_of(recipe, folder / f'videos/{split}/seq_{number}.mp4', FRAMES_PER_SECOND) as record:
        for frame in range(recipe.frames):
            drawing = maker.render(frame)
            write_jpeg(folder / f'frames/{split}/seq_{number}/{frame + 1}.jpg', drawing.picture)
            record(drawing.picture)
            rows += _rows(frame + 1, drawing)
    write_json(folder / f'annotations/{split}/seq_{number}.json', rows)
    return {}


def write_annotations(recipe: Recipe, folder: Path, units: list[dict]) -> None:
    """Nothing: every sequence has written its own file."""


def _sample_scene(rng: np.random.Generator, recipe: Recipe) -> Scene:
    camera = street_camera(rng, recipe.size)
    count = int(rng.integers(recipe.people[0], recipe.people[1] + 1))
    area = Area(camera, NEAR, FAR)
    horizon = recipe.frames / FRAMES_PER_SECOND
    persons = cast_people(rng, count, area, horizon=horizon, casting=casting_of(recipe, _RADIUS))
    boxes = seats(rng, persons)
    for _ in range(int(rng.integers(_MOST_BOXES + 1))):
        boxes += furniture(rng, area, persons, horizon)
    return Scene(camera, persons, boxes, sample_lamp(rng), int(rng.integers(2**31)))


def _rows(frame: int, drawing: Drawing) -> list[list]:
    """JTA's rows of a frame: everybody of whom a joint is in the picture, hidden or not."""
    joints = mixed(drawing.joints, JTA22)
    clearance = [person.body.clearance for person in drawing.scene.people]
    cover = mixed(np.reshape(clearance, (-1, drawing.joints.shape[1], 1)), JTA22)[..., 0]
    # A joint is in the middle of its limb: the own skin in front of it does not hide it, another limb does.
    sight = find_sight(drawing.buffers, drawing.camera, joints, drawing.shapes, 2 * cover + 30)
    hidden = sight.occluded | ~sight.inside
    rows = []
    for person in np.flatnonzero(sight.inside.any(axis=1) & (joints[..., 2] > 0).all(axis=1)).tolist():
        numbers = np.concatenate([sight.pixels[person].round(4), (joints[person] / 1000).round(6)], axis=1).tolist()
        flags = np.stack([hidden[person], sight.self_occluded[person]], axis=1).astype(int).tolist()
        rows += [[frame, person, joint, *numbers[joint], *flags[joint]] for joint in range(JTA22.num_joints)]
    return rows

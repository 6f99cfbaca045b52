"""A recording for Rerun, read back with Rerun's own reader; what is said where its package is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmp3d.export import write_clip
from mmp3d.export.adjustments import clip_in_world
from mmp3d.export.clip_header import header_of
from mmp3d.export.rerun_file import INSTALL
from tests.test_export.clips import walking_clip


def read_back(path) -> dict[str, list[dict]]:
    """The rows of every entity by its path, with the columns' short names."""
    reader = pytest.importorskip('rerun.chunk', reason='rerun-sdk, an extra, is not installed').RrdReader(path)
    entities: dict[str, list[dict]] = {}
    for chunk in reader.stream().to_chunks():
        rows = chunk.to_record_batch().to_pylist()
        entities.setdefault(chunk.entity_path, []).extend(
            {name.split(':')[-1]: value for name, value in row.items()} for row in rows
        )
    return entities


def pictures_of(frames) -> list[tuple[int, bytes]]:
    return [(frame, cv2.imencode('.jpg', np.full((48, 64, 3), frame, np.uint8))[1].tobytes()) for frame in frames]


def test_joints_and_scores_come_back_frame_by_frame(tmp_path):
    pytest.importorskip('rerun', reason='rerun-sdk, an extra, is not installed')
    clip = walking_clip()
    positions = clip.positions.copy()
    positions[0, 3, 4] = np.nan
    clip = clip.replaced(positions=positions)
    (path,) = write_clip(tmp_path / 'walk.rrd', clip)
    entities = read_back(path)
    assert json.loads(entities['/__properties/mmp3d'][0]['header'][0]) == header_of(clip)
    for row, track_id in enumerate(clip.track_ids):
        rows = [entry for entry in entities[f'/people/{track_id}'] if 'frame' in entry]
        assert [entry['frame'] for entry in rows] == list(range(30))
        assert [entry['time'].total_seconds() for entry in rows] == pytest.approx(np.arange(30) / 25)
        again, scores = np.full_like(positions[row], np.nan), np.zeros((30, 17), np.float32)
        for entry in rows:
            again[entry['frame'], entry['keypoint_ids']] = np.reshape(entry['positions'], (-1, 3))
            scores[entry['frame'], entry['keypoint_ids']] = entry['score']
        np.testing.assert_array_equal(again, positions[row])
        np.testing.assert_array_equal(scores, clip.scores[row])


@pytest.mark.parametrize('in_world', [False, True])
def test_camera_stands_where_it_sees_the_people_as_before(tmp_path, in_world):
    pytest.importorskip('rerun', reason='rerun-sdk, an extra, is not installed')
    seen = walking_clip(gaps=False)
    # People who walk over a floor: a line of feet would show none.
    offsets = np.random.default_rng(0).uniform(-800, 800, (2, 30, 1, 3)) * [1, 0, 1]
    seen = seen.replaced(positions=seen.positions + offsets)
    clip = clip_in_world(seen) if in_world else seen
    (path,) = write_clip(tmp_path / 'walk.rrd', clip, pictures=pictures_of([0, 10]))
    entities = read_back(path)
    image = {name: value for row in entities['/camera/image'] for name, value in row.items() if value is not None}
    assert np.reshape(image['resolution'], -1).tolist() == [64, 48]
    assert [row['frame'] for row in entities['/camera/image'] if 'frame' in row] == [0, 10]
    points = clip.positions[0, 5].astype(np.float64)
    if in_world:
        place = {name: value for row in entities['/camera'] for name, value in row.items() if value is not None}
        # Columns first; the parent's coordinates of a point are mat3x3 @ point + translation.
        turn = np.reshape(place['mat3x3'], (3, 3)).T
        points = (points - np.reshape(place['translation'], 3)) @ turn
    K = np.reshape(image['image_from_camera'], (3, 3)).T
    pixels = points @ K.T
    expected = seen.camera.resized((64, 48)).project(seen.positions[0, 5])
    np.testing.assert_allclose(pixels[:, :2] / pixels[:, 2:], expected, atol=1e-2)


@pytest.mark.parametrize(('people', 'frames'), [(0, 1), (1, 1), (0, 0)])
def test_nobody_and_one_frame(tmp_path, people, frames):
    pytest.importorskip('rerun', reason='rerun-sdk, an extra, is not installed')
    clip = walking_clip(people=people, frames=frames).replaced(camera=None)
    (path,) = write_clip(tmp_path / 'walk.rrd', clip, pictures=pictures_of(range(frames)))
    assert sum(name.startswith('/people') for name in read_back(path)) == people


def test_without_the_package_the_command_that_installs_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'rerun', None)
    with pytest.raises(ValueError, match='walk.rrd') as caught:
        write_clip(tmp_path / 'walk.rrd', walking_clip())
    assert INSTALL in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_the_command_installs_what_the_extra_names():
    lines = (Path(__file__).resolve().parents[2] / 'requirements' / 'rerun.txt').read_text().splitlines()
    (required,) = (line for line in lines if line and not line.startswith('#'))
    assert f'pip install "{required}"' == INSTALL

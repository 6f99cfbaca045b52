"""Every format gives back what was written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.predictions import write_predictions
from mmp3d.export import PeopleClip, read_clip, write_clip
from mmp3d.export.formats import READERS
from mmp3d.export.people_clip import clip_from_images
from mmp3d.synthetic.bvh import read_bvh
from tests.test_export.clips import WRITABLE, walking_clip


@pytest.mark.parametrize('suffix', ['json', 'npz', 'csv'])
def test_whole_clips_come_back_exactly(tmp_path, suffix):
    clip = walking_clip()
    (path,) = write_clip(tmp_path / f'walk.{suffix}', clip)
    again = read_clip(path)
    np.testing.assert_array_equal(again.positions, clip.positions)
    np.testing.assert_array_equal(again.scores, clip.scores)
    np.testing.assert_array_equal(again.track_ids, clip.track_ids)
    for name in ('fps', 'frame', 'joint_names', 'parents', 'seq_name', 'processing'):
        assert getattr(again, name) == getattr(clip, name), name
    assert again.camera.to_dict() == clip.camera.to_dict()


@pytest.mark.parametrize('frame', ['camera', 'world'])
def test_trc_comes_back_with_its_gaps(tmp_path, frame):
    clip = walking_clip().replaced(frame=frame)
    paths = write_clip(tmp_path / 'walk.trc', clip)
    assert [path.name for path in paths] == ['walk_person1.trc', 'walk_person4.trc']
    for row, path in enumerate(paths):
        again = read_clip(path, frame=frame)
        np.testing.assert_allclose(again.positions, clip.positions[row : row + 1], atol=1e-3)
        assert (again.track_ids.tolist(), again.fps) == ([clip.track_ids[row]], 25)


def test_trc_is_a_table_to_another_reader(tmp_path):
    clip = walking_clip()
    path = write_clip(tmp_path / 'walk.trc', clip)[1]
    table = np.genfromtxt(path, delimiter='\t', skip_header=6)
    np.testing.assert_array_equal(table[:, 0], np.arange(1, 31))
    np.testing.assert_allclose(table[:, 1], np.arange(30) / 25, atol=1e-6)
    np.testing.assert_allclose(table[:, 2:].reshape(30, 17, 3), clip.y_up()[1], atol=1e-3)
    assert np.isnan(table[10:13, 2:]).all()
    rows = [line.split('\t') for line in path.read_text().splitlines()[:5]]
    values = dict(zip(rows[1], rows[2], strict=True))
    assert (values['NumFrames'], values['NumMarkers'], values['Units'], values['DataRate']) == ('30', '17', 'mm', '25')
    assert tuple(rows[3][2::3]) == clip.joint_names
    assert rows[4][2:5] == ['X1', 'Y1', 'Z1'] and len(rows[4]) == table.shape[1]


@pytest.mark.parametrize('frame', ['camera', 'world'])
def test_bvh_comes_back_to_a_hundredth_of_a_millimetre(tmp_path, frame):
    clip = walking_clip().replaced(frame=frame)
    paths = write_clip(tmp_path / 'walk.bvh', clip)
    for row, path in enumerate(paths):
        again, there = read_clip(path, frame=frame), clip.present[row]
        np.testing.assert_allclose(again.positions[0, there], clip.positions[row, there], atol=0.01)
        assert np.isfinite(again.positions).all()


def test_bvh_rest_pose_has_median_bones_and_its_rotations_carry_the_pose(tmp_path):
    clip = walking_clip(people=1, gaps=False)
    (path,) = write_clip(tmp_path / 'walk.bvh', clip)
    motion = read_bvh(path)
    neck, spine = motion.names.index('neck'), motion.names.index('spine')
    lengths = np.linalg.norm(clip.positions[0, :, 1] - clip.positions[0, :, 15], axis=-1)
    assert np.linalg.norm(motion.offsets[neck]) * 1000 == pytest.approx(np.median(lengths), abs=0.01)
    # The spine's bone stands for the neck: what is left for its position is the change of the bone's length.
    moved = np.linalg.norm(motion.translations[:, neck] - motion.offsets[neck], axis=-1) * 1000
    np.testing.assert_allclose(moved, np.abs(lengths - np.median(lengths)), atol=0.1)
    assert np.ptp(motion.rotations[:, spine], axis=0).max() > 0.01


def test_a_bvh_tree_of_any_depth_is_written(tmp_path):
    # Deeper than Python calls functions.
    names = tuple(f'joint{number}' for number in range(1100))
    parents = (0, *range(1099))
    points = np.cumsum(np.full((1, 2, 1100, 3), 10.0), axis=2)
    clip = PeopleClip(points, np.ones((1, 2, 1100)), np.array([0]), 25, joint_names=names, parents=parents)
    (path,) = write_clip(tmp_path / 'chain.bvh', clip)
    again = read_clip(path)
    assert (again.joint_names, again.parents) == (names, parents)


def test_nothing_is_overwritten_unasked(tmp_path):
    clip = walking_clip()
    for suffix in WRITABLE:
        (path, *_) = write_clip(tmp_path / f'walk.{suffix}', clip)
        before = path.read_bytes()
        with pytest.raises(ValueError, match='--overwrite'):
            write_clip(tmp_path / f'walk.{suffix}', clip.person(0))
        assert path.read_bytes() == before
        write_clip(tmp_path / f'walk.{suffix}', clip, overwrite=True)
    assert not list(tmp_path.glob('*.part'))


@pytest.mark.parametrize('suffix', [suffix[1:] for suffix in READERS])
@pytest.mark.parametrize('people', [0, 1])
def test_nobody_and_one_frame(tmp_path, suffix, people):
    clip = walking_clip(people=people, frames=1)
    paths = write_clip(tmp_path / f'walk.{suffix}', clip)
    for path in paths:
        assert read_clip(path).positions.shape == (people, 1, 17, 3)


@pytest.mark.parametrize('suffix', [suffix[1:] for suffix in READERS if suffix != '.bvh'] + ['html'])
def test_people_of_no_frame_are_written(tmp_path, suffix):
    paths = write_clip(tmp_path / f'walk.{suffix}', walking_clip(people=2, frames=0))
    for path in paths if suffix != 'html' else ():
        assert read_clip(path).positions.shape[1:] == (0, 17, 3)


def test_no_frame_is_no_motion(tmp_path):
    with pytest.raises(ValueError, match='BVH needs at least one frame'):
        write_clip(tmp_path / 'walk.bvh', walking_clip(people=1, frames=0))


@pytest.mark.parametrize('fps', [np.float32(30), np.float64(30), np.int64(30)])
def test_rates_of_numpy_are_kept_as_plain_numbers(tmp_path, fps):
    clip = walking_clip(1, 3).replaced(fps=fps)
    assert type(clip.fps) in (int, float) and clip.fps == 30
    for suffix in WRITABLE:
        write_clip(tmp_path / f'walk.{suffix}', clip)


def test_a_rate_that_no_camera_has_is_named_where_it_is_read(tmp_path):
    (path,) = write_clip(tmp_path / 'walk.json', walking_clip(1, 3))
    _with_header(path, fps=10**400)
    with pytest.raises(ValueError, match=r'walk.json: fps must be a number of frames a second above 0, up to 1000000'):
        read_clip(path)
    with pytest.raises(ValueError, match=r'fps must be a number .* got 1e\+20'):
        clip_from_images([], 1e20)


@pytest.mark.parametrize('suffix', WRITABLE)
def test_a_name_that_is_no_text_is_written_with_its_escapes(tmp_path, suffix):
    # What Python makes of a byte of a file name that is not UTF-8.
    clip = walking_clip(1, 3).replaced(seq_name='a\udcff', processing={'by': '\ud800'})
    (path,) = write_clip(tmp_path / f'walk.{suffix}', clip)
    if suffix in ('json', 'npz', 'csv'):
        assert (read_clip(path).seq_name, read_clip(path).processing) == ('a\\udcff', clip.processing)
    if suffix in ('json', 'csv', 'html', 'trc'):
        assert path.read_text(encoding='utf-8')


def test_prediction_files_are_read_and_people_without_ids_linked(tmp_path):
    clip = walking_clip(frames=5, gaps=False)
    images = []
    for frame in range(5):
        order = [1, 0] if frame % 2 else [0, 1]
        poses = clip.positions[order, frame]
        images.append(
            dict(
                img_id=frame,
                seq_name='walk',
                frame_id=frame,
                camera=clip.camera.to_dict(),
                instances=dict(
                    keypoints=poses[..., :2],
                    keypoint_scores=np.ones((2, 17)),
                    keypoints_cam=poses,
                    root_cam=poses[:, 14],
                    bboxes=np.zeros((2, 4)),
                    bbox_scores=np.ones(2),
                    track_ids=np.array([-1, -1]),
                    source=np.array(['bu', 'bu']),
                ),  # fmt: skip
            )
        )
    write_predictions(tmp_path / 'walk.json', images)
    again = read_clip(tmp_path / 'walk.json', fps=25)
    np.testing.assert_allclose(again.positions, clip.positions, atol=0.01)
    assert again.camera is not None


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        *((dict(fps=fps), 'fps must be a number') for fps in (0, np.nan, '25', None, True, 1e20, 10**400, [25])),
        (dict(frame='room'), 'frame'),
        (dict(track_ids=np.array([1, 1])), 'track_ids'),
        (dict(scores=np.zeros((2, 3, 17))), 'scores'),
        (dict(positions=np.zeros((2, 30, 16, 3))), 'positions'),
        (dict(parents=(99,) * 17), 'parents'),
    ],
)
def test_wrong_fields_are_named(changes, said):
    with pytest.raises(ValueError, match=said):
        walking_clip().replaced(**changes)


def _with_header(path: Path, **changes) -> None:
    """Change fields of the header of a JSON or CSV file."""
    first, _, rest = path.read_text().partition('\n')
    header = json.loads(first.removeprefix('# ')) | changes
    path.write_text(json.dumps(header) if path.suffix == '.json' else f'# {json.dumps(header)}\n{rest}')


@pytest.mark.parametrize('suffix', ['.json', '.csv'])
def test_a_number_of_frames_that_is_not_in_the_file_takes_no_memory(tmp_path, suffix):
    (path,) = write_clip(tmp_path / f'walk{suffix}', walking_clip(1, 3))
    _with_header(path, num_frames=1 << 40)
    with pytest.raises(
        ValueError, match=f'walk{suffix}: num_frames: {1 << 40} frames of 1 people .* are not in this file'
    ):
        read_clip(path)
    _with_header(path, num_frames=2)
    with pytest.raises(ValueError, match=r'frames must lie within 0 to 1|line \d+: expected frame'):
        read_clip(path)


@pytest.mark.parametrize('suffix', ['json', 'csv'])
@pytest.mark.parametrize('depth', [40, 100_000])
def test_processing_that_is_nested_too_deeply_is_named(tmp_path, suffix, depth):
    (path,) = write_clip(tmp_path / f'walk.{suffix}', walking_clip(1, 3))
    nested = f'"processing": {{"a": {"[" * depth}{"]" * depth}}}'
    path.write_text(path.read_text().replace('"processing": {}', nested, 1))
    said = 'not JSON|the first line' if depth > 40 else 'processing'
    with pytest.raises(ValueError, match=rf'walk.{suffix}: .*({said})'):
        read_clip(path)


@pytest.mark.parametrize('line', ['-1,0,1,pelvis,0,0,0,1', '0,0,1,pelvis,0,0,0,"' + 'x' * 200_000 + '"'])
def test_lines_of_a_table_that_are_none(tmp_path, line):
    (path,) = write_clip(tmp_path / 'walk.csv', walking_clip(1, 3))
    path.write_text(f'{path.read_text()}{line}\n')
    with pytest.raises(ValueError, match=r'walk.csv: (line 54: expected frame|field larger than field limit)'):
        read_clip(path)


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp('formats')
    return {path.suffix: path for name in WRITABLE for path in write_clip(folder / f'w.{name}', walking_clip(1, 3))}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(READERS)), st.floats(0, 1), st.integers(0, 30), st.binary(max_size=12))
def test_damaged_files_end_in_a_named_error(written, suffix, place, removed, inserted):
    path = written[suffix]
    content = path.read_bytes()
    start = int(place * len(content))
    damaged = path.with_name(f'damaged{suffix}')
    damaged.write_bytes(content[:start] + inserted + content[start + removed :])
    try:
        assert isinstance(read_clip(damaged), PeopleClip)
    except ValueError as error:
        assert str(damaged) in str(error)

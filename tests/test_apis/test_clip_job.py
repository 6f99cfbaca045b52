"""Jobs that would lose a file, or fail after the work, are refused before it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmp3d.apis.clip_job import ClipJob, open_jobs
from tests.test_apis import scenes
from tests.test_export.clips import walking_clip

REPLACING = dict(overwrite=True)


def clip(path: Path, frames: int = 1) -> str:
    path.parent.mkdir(exist_ok=True)
    return str(scenes.write_video(path, frames))


def test_no_target_of_a_job_is_an_input_of_another(tmp_path: Path) -> None:
    first, second = clip(tmp_path / 'a' / 'x.mp4'), clip(tmp_path / 'b' / 'x.mp4')
    for options in (dict(overwrite=True), dict(overwrite=False), dict(overwrite=False, skip_existing=True)):
        with pytest.raises(ValueError, match='b/x.mp4 is the input itself; give another --out'):
            open_jobs([first, second], str(tmp_path / 'b'), ['mp4'], **options)
    partial = str(Path(second).rename(tmp_path / 'b' / 'x.partial.mp4'))
    with pytest.raises(ValueError, match='x.partial.mp4 is the input itself'):
        open_jobs([first, partial], str(tmp_path / 'b'), ['mp4'], **REPLACING)
    assert len(open_jobs([first, partial], str(tmp_path / 'b'), ['json'], **REPLACING)) == 2


def test_no_target_is_a_file_that_is_read_beside_the_inputs(tmp_path: Path) -> None:
    given, out = clip(tmp_path / 'cam.mp4'), str(tmp_path)
    poses = scenes.write_poses(tmp_path / 'cam.json', [0])
    for options, said in (
        (dict(pose2d=str(poses)), 'cam.json is the file of 2D poses itself'),
        (dict(pose2d=str(tmp_path / '{name}.json')), 'cam.json is the file of 2D poses itself'),
        (dict(camera=str(poses)), 'cam.json is the camera file itself'),
    ):
        with pytest.raises(ValueError, match=said):
            open_jobs([given], out, ['html', 'json'], **REPLACING, **options)
        assert len(open_jobs([given], out, ['html'], **REPLACING, **options)) == 1
    with pytest.raises(ValueError, match='cam.json is the file of 2D poses itself'):
        open_jobs([], out, ['json'], True, str(poses))


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / 'clip.json').mkdir()
    with pytest.raises(ValueError, match='clip.json is a folder'):
        open_jobs([clip(tmp_path / 'given' / 'clip.mp4')], str(tmp_path), ['json'], **REPLACING)


@pytest.mark.parametrize('stem', ['x' * 240, '名' * 79 + 'abc'])
def test_names_that_just_fit_are_written_and_leave_nothing_else(tmp_path: Path, stem: str) -> None:
    given, formats = clip(tmp_path / 'given' / f'{stem}.mp4'), ('json', 'npz', 'bvh', 'mp4')

    def jobs(**options: bool) -> list[ClipJob]:
        return open_jobs([given], str(tmp_path / 'out'), formats, **{'overwrite': False, **options})

    (job,) = jobs()
    assert job.write(walking_clip(frames=1), whole=False)[1] == []
    (job,) = jobs()
    written, failures = job.write(walking_clip(frames=1))
    assert failures == []
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == sorted(path.name for path in written)
    assert {len(os.fsencode(path.name)) for path in written} == {len(os.fsencode(stem)) + n for n in (4, 5, 12)}
    assert jobs(skip_existing=True) == []
    (job,) = jobs(overwrite=True)
    assert job.write(walking_clip(people=0, frames=1))[1] == []
    assert jobs(skip_existing=True) == []


def test_names_that_do_not_fit_are_refused_before_the_work(tmp_path: Path) -> None:
    given = clip(tmp_path / 'given' / f'{"x" * 241}.mp4')
    assert len(open_jobs([given], str(tmp_path), ['json'], **REPLACING)) == 1
    with pytest.raises(ValueError, match=r'_person9999.bvh: its name has 256 bytes, and the file system takes 255'):
        open_jobs([given], str(tmp_path), ['json', 'bvh'], **REPLACING)
    given = clip(tmp_path / 'given' / f'{"x" * 251}.mp4')
    with pytest.raises(ValueError, match=r'x.json: its name has 256 bytes'):
        open_jobs([given], str(tmp_path), ['json'], **REPLACING)


def test_rates_that_no_video_can_have_are_refused_before_the_work(tmp_path: Path) -> None:
    given, out = clip(tmp_path / 'given' / 'clip.mp4'), str(tmp_path)
    for fps in (100000, 0.001):
        with pytest.raises(ValueError, match=r'clip.mp4: a video can have 0.002 to 65535 frames a second \(fps\)'):
            open_jobs([given], out, ['mp4'], fps=fps, **REPLACING)
        open_jobs([given], out, ['json'], fps=fps, **REPLACING)
    open_jobs([given], out, ['mp4'], fps=30, **REPLACING)

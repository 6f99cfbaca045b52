"""Files that are not whole are told from others."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmp3d.apis.clip_job import ClipJob, open_jobs
from mmp3d.apis.half_written import HalfWritten
from mmp3d.compat.atomic_backend import AtomicLocalBackend
from tests.test_export.clips import walking_clip
from tests.test_tools.infer_scenes import fail_to_write


def write_image(file: Path) -> Path:
    cv2.imwrite(str(file), np.zeros((8, 8, 3), np.uint8))
    return file


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_image(tmp_path / 'given.png')


def jobs_of(given: Path, *formats: str, **options: bool) -> list[ClipJob]:
    """Those that write into the folder ``out`` beside the input."""
    return open_jobs([str(given)], str(given.parent / 'out'), formats, **{'overwrite': False, **options})


def suffixes(job: ClipJob) -> list[str]:
    return [target.suffix for target in job.targets]


def test_a_note_counts_for_the_same_input_only(image: Path, tmp_path: Path) -> None:
    note, target = HalfWritten(tmp_path, 'given', [image]), tmp_path / 'given.json'
    assert not note.is_left(target)
    note.begin([target])
    assert HalfWritten(tmp_path, 'given', [image]).is_left(target)
    assert not note.is_left(tmp_path / 'given.csv')
    image.write_bytes(b'another picture')
    changed = HalfWritten(tmp_path, 'given', [image])
    assert not changed.is_left(target) and changed.is_left(target, any_input=True)
    note.note.write_bytes(b'')
    assert not note.is_left(target) and note.is_left(target, any_input=True)
    target.touch()
    note.end([target])
    assert sorted(file.name for file in tmp_path.iterdir()) == ['given.json', 'given.png']


def test_a_folder_is_known_by_its_images_also_where_they_are_written_beside(tmp_path: Path) -> None:
    write_image(tmp_path / 'a.png')
    (job,) = open_jobs([str(tmp_path)], str(tmp_path), ['json'], overwrite=False)
    job.write(walking_clip(frames=1), whole=False)
    (again,) = open_jobs([str(tmp_path)], str(tmp_path), ['json'], overwrite=False)
    assert again.overwrite
    write_image(tmp_path / 'b.png')
    with pytest.raises(ValueError, match='exists'):
        open_jobs([str(tmp_path)], str(tmp_path), ['json'], overwrite=False)


def test_parts_of_its_own_files_are_removed_and_no_others(image: Path, tmp_path: Path) -> None:
    others = [
        '.given0.json.12.part',
        '.given_person0.json.12.part',
        '.given_personal.bvh.12.part',
        '.other.json.12.part',
    ]
    for name in ('.given.json.12.part', '.given_person0.bvh.12.part', *others):
        (tmp_path / name).touch()
    HalfWritten(tmp_path, 'given', [image]).begin([tmp_path / 'given.json', tmp_path / 'given.bvh'])
    assert sorted(file.name for file in tmp_path.glob('.*.part')) == others


def test_parts_of_files_with_long_names_are_removed_and_no_others(image: Path, tmp_path: Path) -> None:
    class Killed(BaseException):
        """Nothing catches it."""

    def killed(*_: object) -> None:
        raise Killed

    def leave_parts(names: list[str]) -> set[str]:
        before = {file.name for file in tmp_path.iterdir()}
        for name in names:
            with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
                patch.setattr(os, 'replace', killed)
                patch.setattr(Path, 'unlink', lambda *_, **__: None)
                AtomicLocalBackend().put(b'part', tmp_path / name)
        return {file.name for file in tmp_path.iterdir()} - before

    stem = '名' * 79
    others = leave_parts([f'{stem}0.json', f'{stem}_person2.trc', f'{stem[1:]}_person2.bvh', f'{stem}_person.bvh'])
    own = leave_parts([f'{stem}.json', f'{stem}_person2.bvh', f'{stem}_person-1.bvh'])
    assert len(own) == 3 and len(others) == 4
    HalfWritten(tmp_path, stem, [image]).begin([tmp_path / f'{stem}.json', tmp_path / f'{stem}.bvh'])
    assert {file.name for file in tmp_path.glob('.*.part')} == others


def test_jobs_may_replace_what_is_not_whole_and_leave_out_what_is(image: Path) -> None:
    (job,) = jobs_of(image, 'json', 'csv')
    job.write(walking_clip(frames=1))
    with pytest.raises(ValueError, match='given.json exists'):
        jobs_of(image, 'json', 'csv')
    assert jobs_of(image, 'json', 'csv', skip_existing=True) == []
    job.note.begin(job.targets)
    for skip_existing in (False, True):
        (job,) = jobs_of(image, 'json', 'csv', skip_existing=skip_existing)
        assert job.overwrite


def test_a_format_that_is_missing_is_added_and_the_others_are_kept(image: Path) -> None:
    (job,) = jobs_of(image, 'json')
    job.write(walking_clip(frames=1))
    (job,) = jobs_of(image, 'json', 'html', 'bvh', skip_existing=True)
    assert suffixes(job) == ['.html', '.bvh'] and not job.overwrite


def test_a_file_that_failed_is_not_taken_for_finished(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (job,) = jobs_of(image, 'json', 'npz')
    with monkeypatch.context() as patch:
        fail_to_write(patch, '.npz')
        assert len(job.write(walking_clip(frames=1))[1]) == 1
    (again,) = jobs_of(image, 'json', 'npz', skip_existing=True)
    again.write(walking_clip(frames=1))
    assert jobs_of(image, 'json', 'npz', skip_existing=True) == []


def test_a_clip_that_is_not_whole_is_not_finished_by_another_format(image: Path) -> None:
    (job,) = jobs_of(image, 'json')
    job.write(walking_clip(frames=1), whole=False)
    (other,) = jobs_of(image, 'csv')
    other.write(walking_clip(frames=1))
    (again,) = jobs_of(image, 'json', 'csv', skip_existing=True)
    assert suffixes(again) == ['.json'] and again.overwrite


def test_files_of_a_kill_are_replaced_also_where_the_input_was_fetched_anew(image: Path) -> None:
    (job,) = jobs_of(image, 'json', 'npz')
    job.write(walking_clip(frames=1))
    job.note.begin(job.targets)
    os.utime(image, ns=(1, 1))
    (again,) = jobs_of(image, 'json', 'npz', skip_existing=True)
    assert again.overwrite and suffixes(again) == ['.json', '.npz']
    with pytest.raises(ValueError, match='exists'):
        jobs_of(image, 'json', 'npz')


def test_nobody_is_finished_also_in_formats_with_a_file_a_person(image: Path) -> None:
    (job,) = jobs_of(image, 'json', 'bvh')
    job.write(walking_clip(people=0, frames=1))
    assert jobs_of(image, 'json', 'bvh', skip_existing=True) == []
    (job,) = jobs_of(image, 'bvh', overwrite=True)
    job.write(walking_clip(frames=1))
    assert not list((image.parent / 'out').glob('.*'))

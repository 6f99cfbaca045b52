"""Files that a run was killed in the midst of writing are told from others."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmp3d.apis.clip_job import open_jobs
from mmp3d.apis.half_written import HalfWritten


@pytest.fixture
def image(tmp_path: Path) -> Path:
    file = tmp_path / 'given.png'
    cv2.imwrite(str(file), np.zeros((8, 8, 3), np.uint8))
    return file


def test_a_note_counts_for_the_same_input_only(image: Path, tmp_path: Path) -> None:
    note = HalfWritten(tmp_path, 'given', image)
    assert not note.is_left
    note.begin([])
    assert HalfWritten(tmp_path, 'given', image).is_left
    image.write_bytes(b'another picture')
    assert not HalfWritten(tmp_path, 'given', image).is_left
    note.note.write_bytes(b'')
    assert not note.is_left
    note.end()
    assert [file.name for file in tmp_path.iterdir()] == ['given.png']


def test_parts_of_its_own_files_are_removed(image: Path, tmp_path: Path) -> None:
    for name in ('.given.json.12.part', '.given_person0.bvh.12.part', '.other.json.12.part'):
        (tmp_path / name).touch()
    HalfWritten(tmp_path, 'given', image).begin([tmp_path / 'given.json', tmp_path / 'given.bvh'])
    assert sorted(file.name for file in tmp_path.glob('.*.part')) == ['.other.json.12.part']


def test_jobs_may_replace_what_is_not_whole_and_leave_out_what_is(image: Path, tmp_path: Path) -> None:
    out = tmp_path / 'out'
    (job,) = open_jobs([str(image)], str(out), ['json', 'csv'], overwrite=False)
    (out / 'given.json').write_text('{}')
    with pytest.raises(ValueError, match='given.json exists'):
        open_jobs([str(image)], str(out), ['json', 'csv'], overwrite=False)
    assert open_jobs([str(image)], str(out), ['json', 'csv'], overwrite=False, skip_existing=True) == []
    job.note.begin(job.targets)
    for skip_existing in (False, True):
        (job,) = open_jobs([str(image)], str(out), ['json', 'csv'], False, skip_existing=skip_existing)
        assert job.overwrite

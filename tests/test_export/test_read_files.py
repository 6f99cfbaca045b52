"""Files that are read are known by whatever name they are written."""

from __future__ import annotations

import pytest

from mmp3d.export.read_files import ReadFiles


def test_a_file_is_refused_by_each_of_its_names(tmp_path):
    own, folder = tmp_path / 'own.json', tmp_path / 'poses'
    folder.mkdir()
    for file in (own, folder / 'a_keypoints.json', tmp_path / 'other.json'):
        file.touch()
    (tmp_path / 'soft.json').symlink_to(own)
    (tmp_path / 'hard.json').hardlink_to(own)
    read = ReadFiles({'camera file': [own], 'input': [folder, tmp_path / 'nowhere']})
    for name in ('own.json', 'soft.json', 'hard.json', 'poses/../own.json'):
        with pytest.raises(ValueError, match='is the camera file itself; give another'):
            read.refuse([tmp_path / 'other.json', tmp_path / name], 'give another')
    with pytest.raises(ValueError, match='a_keypoints.json is the input itself'):
        read.refuse([folder / 'a_keypoints.json'], '')
    read.refuse([tmp_path / 'other.json', tmp_path / 'nowhere'], '')

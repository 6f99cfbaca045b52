"""What is said about a manifest that cannot be used."""

import json

import pytest

from mmp3d.onnx.manifest import FORMAT, NAME, VERSION, read_manifest

WHOLE = dict(format=FORMAT, version=VERSION, config='a.py', opset=17, joint_set='mupots17', graphs={})


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('{"format": ', 'is not JSON'),
        ('[' * 100_000, 'is not JSON'),
        ('[1]', 'is no manifest of exported graphs'),
        (json.dumps({**WHOLE, 'format': 'other'}), 'is no manifest of exported graphs'),
        (json.dumps({**WHOLE, 'version': 7}), 'has version 7, this mmp3d reads 1'),
        (json.dumps({name: WHOLE[name] for name in ('format', 'version', 'config', 'opset')}), "lacks 'joint_set'"),
    ],
)
def test_a_file_that_is_none_is_named_with_what_it_lacks(tmp_path, content, message):
    (tmp_path / NAME).write_text(content)
    with pytest.raises(ValueError, match=f'{NAME}: .*{message}'):
        read_manifest(tmp_path)


def test_a_folder_without_one_names_the_tool(tmp_path):
    with pytest.raises(FileNotFoundError, match='tools/export_onnx.py CONFIG --out'):
        read_manifest(tmp_path)
    (tmp_path / NAME).write_text(json.dumps(WHOLE))
    assert read_manifest(tmp_path) == WHOLE

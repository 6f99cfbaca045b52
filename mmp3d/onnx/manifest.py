"""The file beside exported graphs that tells how they are used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NAME = 'manifest.json'
FORMAT, VERSION = 'mmp3d-onnx', 1
PARTS = ('config', 'opset', 'joint_set', 'graphs')


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """What ``tools/export_onnx.py`` wrote into a folder (docs/onnx.md).

    Raises:
        FileNotFoundError: The folder has none.
        ValueError: It is not one, or of another version; says what was found.
    """
    path = Path(folder) / NAME
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file; export a model: tools/export_onnx.py CONFIG --out {folder}')
    try:
        manifest = json.loads(path.read_text(encoding='utf-8'))
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path}: is not JSON ({error}); export the model again') from error
    if not isinstance(manifest, dict) or manifest.get('format') != FORMAT:
        raise ValueError(f'{path}: is no manifest of exported graphs; export the model: tools/export_onnx.py')
    if manifest.get('version') != VERSION:
        raise ValueError(f'{path}: has version {manifest.get("version")!r}, this mmp3d reads {VERSION}; export again')
    missing = [part for part in PARTS if part not in manifest]
    if missing:
        raise ValueError(f'{path}: lacks {missing[0]!r}; export the model again')
    return manifest

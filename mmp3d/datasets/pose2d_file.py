"""2D poses from a file or folder, to be given to the network beside the image, or to be tracked and lifted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmp3d.datasets.json_file import read_json
from mmp3d.datasets.poses2d import Poses2D
from mmp3d.datasets.poses2d_alphapose import from_alphapose, is_alphapose
from mmp3d.datasets.poses2d_coco import from_coco_results
from mmp3d.datasets.poses2d_openpose import from_openpose_folder
from mmp3d.datasets.poses2d_own import from_frames, from_own_format

FORMAT = 'mmp3d-poses2d'
EXPECTED = (
    f'a JSON object {{"format": "{FORMAT}", "joint_set", "images": [...]}}, a COCO results or AlphaPose list, '
    'an object {"frames": [{"frame", "persons"}]}, or a folder of OpenPose files'
)


def read_pose2d_file(path: str | Path) -> Poses2D:
    """Read 2D poses in any of the accepted formats (see ``docs/datasets.md``) as MuPoTS-17.

    Joints that the file's joint set neither has nor implies get score 0, and so do joints whose coordinates are not
    finite. A mid-point's score is the mean of its two joints'.

    Args:
        path: JSON file, or OpenPose's folder.

    Returns:
        The poses by image.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is not in one of the formats; names file, record and field.
    """
    if Path(path).is_dir():
        return from_openpose_folder(path)
    content = _load(path)
    if is_alphapose(content):
        return from_alphapose(path, content)
    if isinstance(content, list):
        return from_coco_results(path, content)
    if isinstance(content, dict) and content.get('format') == FORMAT:
        return from_own_format(path, content)
    if isinstance(content, dict) and 'frames' in content:
        return from_frames(path, content['frames'])
    raise ValueError(f'{path}: expected {EXPECTED}; found {_outline(content)}')


def _load(path: str | Path) -> Any:
    if not Path(path).is_file():
        raise FileNotFoundError(f'pose2d_file {path} does not exist; expected {EXPECTED}')
    return read_json(path)


def _outline(content: Any) -> str:
    return f'an object with {sorted(content)[:8]}' if isinstance(content, dict) else type(content).__name__

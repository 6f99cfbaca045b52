"""One person as a TRC file, the marker trajectories of OpenSim: x right, y up, z backward, millimetres.

Shapes: T frames, K joints. A joint that is not there leaves its cells empty.
"""

from __future__ import annotations

import numpy as np

from mmp3d.export.empty_clip import clip_bytes
from mmp3d.export.people_clip import PeopleClip, from_y_up
from mmp3d.geometry import MUPOTS17
from mmp3d.memory_share import is_out_of_proportion

DECIMALS = 4


def trc_bytes(clip: PeopleClip, name: str) -> bytes:
    """The content of the file called ``name`` for a clip of one person."""
    values = clip.y_up()[0].reshape(clip.num_frames, 3 * len(clip.joint_names))
    rate, joints = f'{clip.fps:.6f}'.rstrip('0').rstrip('.'), len(clip.joint_names)
    cells = np.char.mod(f'%.{DECIMALS}f', values)
    cells[~np.isfinite(values)] = ''
    shown = ''.join(sign if sign.isprintable() else '_' for sign in name)
    lines = [
        f'PathFileType\t4\t(X/Y/Z)\t{shown}',
        'DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames',
        '\t'.join(map(str, (rate, rate, clip.num_frames, joints, 'mm', rate, 1, clip.num_frames))),
        'Frame#\tTime\t' + '\t\t\t'.join(clip.joint_names) + '\t\t',
        '\t\t' + '\t'.join(f'{axis}{joint}' for joint in range(1, joints + 1) for axis in 'XYZ'),
        '',
        *(f'{row + 1}\t{row / clip.fps:.6f}\t' + '\t'.join(line) for row, line in enumerate(cells)),
    ]
    return ('\n'.join(lines) + '\n').encode()


def clip_from_trc(content: bytes) -> PeopleClip:
    """Clip of one person, track id 0, in the camera frame; every joint that is there has the score 1.

    Raises:
        ValueError: Naming the line that is not as expected.
    """
    lines = content.decode().splitlines()
    if len(lines) < 5 or not lines[0].startswith('PathFileType'):
        raise ValueError('no TRC file: expected "PathFileType" and four more lines of header')
    header = dict(zip(lines[1].split('\t'), lines[2].split('\t'), strict=False))
    scale = {'mm': 1.0, 'm': 1000.0, 'cm': 10.0}.get(header.get('Units', ''))
    if scale is None:
        raise ValueError(f'line 3: Units must be mm, cm or m, got {header.get("Units")!r}')
    names = tuple(cell for cell in lines[3].split('\t')[2:] if cell)
    try:
        fps = float(header.get('DataRate', ''))
    except ValueError as error:
        raise ValueError(f'line 3: DataRate must be a number, got {header.get("DataRate")!r}') from error
    rows = [(number, line.split('\t')) for number, line in enumerate(lines[5:], start=6) if line.strip()]
    if is_out_of_proportion(clip_bytes(1, len(rows), len(names)), len(content)):
        raise ValueError(f'{len(rows)} frames of {len(names)} markers are not in this file: its lines are too short')
    points = np.full((len(rows), 3 * len(names)), np.nan)
    for place, (number, cells) in enumerate(rows):
        values = _row(number, cells, len(names))
        points[place, : len(values)] = values
    points = from_y_up(points.reshape(1, len(rows), len(names), 3) * scale, 'camera')
    scores = np.isfinite(points).all(axis=-1).astype(np.float32)
    return PeopleClip(points, scores, np.array([0]), fps, joint_names=names, parents=parents_of(names))


def parents_of(names: tuple[str, ...]) -> tuple[int, ...]:
    """Parents of joints by their names: those of our own set, none for others."""
    return MUPOTS17.parents if names == MUPOTS17.joint_names else tuple(range(len(names)))


def _row(number: int, cells: list[str], joints: int) -> list[float]:
    """The coordinates of a frame; those at the end of a line may be left out."""
    cells = cells[2:]
    if len(cells) > 3 * joints and any(cells[3 * joints :]):
        raise ValueError(f'line {number}: expected {3 * joints} coordinates, got {len(cells)}')
    try:
        return [float(cell) if cell.strip() else np.nan for cell in cells[: 3 * joints]]
    except ValueError as error:
        raise ValueError(f'line {number}: {error}') from error

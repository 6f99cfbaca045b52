"""BVH files of a small person in T-pose for tests: y up, facing +z, 2 units of leg."""

from __future__ import annotations

_TREE = """
Hips 0 2 0
  Spine 0 0.4 0
    Head 0 1.2 0
    LeftArm 0.4 1 0
      LeftForeArm 0.6 0 0
        LeftHand 0.5 0 0
    RightArm -0.4 1 0
      RightForeArm -0.6 0 0
        RightHand -0.5 0 0
  LeftUpLeg 0.2 0 0
    LeftLeg 0 -1 0
      LeftFoot 0 -1 0
        LeftToeBase 0 -0.1 0.4
  RightUpLeg -0.2 0 0
    RightLeg 0 -1 0
      RightFoot 0 -1 0
        RightToeBase 0 -0.1 0.4
"""
ROOT_CHANNELS = 'Xposition Yposition Zposition Zrotation Xrotation Yrotation'
JOINTS = [line.split()[0] for line in _TREE.strip().splitlines()]


def bvh_text(frames: list[dict[str, tuple]], frame_time: float = 0.1, names: dict[str, str] | None = None) -> str:
    """A file whose frames give (z, x, y) rotations in degrees by joint, and the position under ``'at'``."""
    lines, open_levels = ['HIERARCHY'], []
    for row in _TREE.strip('\n').splitlines():
        level, (name, *offset) = (len(row) - len(row.lstrip())) // 2, row.split()
        while open_levels and open_levels[-1] >= level:
            lines.append('}')
            open_levels.pop()
        channels = f'6 {ROOT_CHANNELS}' if level == 0 else '3 Zrotation Xrotation Yrotation'
        label = (names or {}).get(name, name)
        lines += [f'{"JOINT" if level else "ROOT"} {label}', '{', f'OFFSET {" ".join(offset)}', f'CHANNELS {channels}']
        open_levels.append(level)
    lines += ['}'] * len(open_levels)
    lines += ['MOTION', f'Frames: {len(frames)}', f'Frame Time: {frame_time}']
    for frame in frames:
        values = [*frame.get('at', (0, 2, 0))]
        for joint in JOINTS:
            values += frame.get(joint, (0, 0, 0))
        lines.append(' '.join(map(str, values)))
    return '\n'.join(lines) + '\n'

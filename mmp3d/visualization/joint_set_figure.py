"""Pictures of the joint sets with names and indices, and the table of them all, for the documentation.

python -m mmp3d.visualization.joint_set_figure [--out docs/images]      writes the pictures and prints the table

Places in metres of a person who faces the viewer, x to the viewer's right, y up: the person's left is on the right.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from PIL import Image

from mmp3d.geometry import SKELETONS, Skeleton
from mmp3d.geometry.joint_sets import IMPLIED_JOINTS

# Where each joint is drawn, for the left side and the middle. What lies on one point in a set is drawn apart.
PLACES = {
    'head_top': (0, 1.9), 'head': (0, 1.73), 'nose': (0, 1.73), 'left_eye': (0.09, 1.81), 'left_ear': (0.17, 1.74),
    'neck': (0, 1.58), 'spine0': (0, 1.43), 'spine_upper': (0, 1.37), 'spine1': (0, 1.34), 'spine': (0, 1.24),
    'spine2': (0, 1.25), 'spine3': (0, 1.15), 'spine_lower': (0, 1.11), 'spine_base': (0, 1.07), 'spine4': (0, 1.04),
    'pelvis': (0, 0.98), 'left_clavicle': (0.13, 1.5), 'left_clavicle_base': (0.1, 1.47),
    'left_shoulder': (0.25, 1.45), 'left_elbow': (0.52, 1.31), 'left_wrist': (0.76, 1.17), 'left_hand': (0.86, 1.1),
    'left_hand_end': (0.96, 1.03), 'left_thumb_base': (0.73, 1.07), 'left_thumb': (0.73, 0.98),
    'left_hip': (0.14, 0.92), 'left_knee': (0.16, 0.5), 'left_ankle': (0.17, 0.1), 'left_foot': (0.21, 0.02),
    'left_toe': (0.25, -0.06), 'left_heel': (0.16, 0.035),
    'left_big_toe': (0.19, -0.095), 'left_small_toe': (0.27, -0.03)}  # fmt: skip
# Names that do not stand beside their joint: shift from it in metres, and which part of the name comes there.
NAME_SHIFTS = {
    'nose': (0, -0.065, 'center'), 'left_eye': (0.03, 0.045, 'left'), 'left_clavicle': (0.045, 0.045, 'left'),
    'left_clavicle_base': (0.045, 0.045, 'left'), 'left_thumb_base': (-0.05, 0, 'right'),
    'left_thumb': (-0.05, 0, 'right')}  # fmt: skip
BESIDE = (0.052, 0.0, 'left')
LEFT, MIDDLE, RIGHT = '#1f6fb4', '#555555', '#c4501b'
VIEW = (-1.36, 1.36, -0.14, 2.08)  # metres: left, right, bottom, top
PIXELS_PER_METRE = 310  # an inch of the figure is a metre of the person
PALETTE = 48
NOTE = 'seen from the front\nleft in blue, right in orange\nthe root has a ring'


def joint_set_figure(skeleton: Skeleton) -> Figure:
    """A stick figure of the set: the index in each joint, its name beside it, the root ringed."""
    left, right, bottom, top = VIEW
    figure = Figure(figsize=(right - left, top - bottom), dpi=PIXELS_PER_METRE)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(left, right), ylim=(bottom, top))
    axes.axis('off')
    places = np.array([_place(name) for name in skeleton.joint_names])
    colours = [_colour(name) for name in skeleton.joint_names]
    for child, parent in skeleton.bones:
        axes.plot(*places[[child, parent]].T, color=colours[child], linewidth=0.9, alpha=0.45, zorder=1)
    axes.scatter(*places.T, s=20, color=colours, linewidths=0, zorder=2)
    if skeleton.root:
        axes.scatter(*places[skeleton.root_index], s=40, facecolor='none', edgecolor=MIDDLE, linewidths=0.6, zorder=2)
    for index, (name, place, colour) in enumerate(zip(skeleton.joint_names, places, colours, strict=True)):
        axes.text(*place, index, color='white', fontsize=2.6, ha='center', va='center_baseline', zorder=4)
        x, y, side = _name_shift(name)
        halo = [withStroke(linewidth=1, foreground='white')]
        axes.text(
            place[0] + x,
            place[1] + y,
            name,
            color=colour,
            fontsize=3.1,
            ha=side,
            va='center',
            path_effects=halo,
            zorder=3,
        )
    axes.text(left + 0.05, top - 0.08, _title(skeleton), fontsize=4.4, va='center', weight='bold')
    axes.text(left + 0.05, bottom + 0.05, NOTE, fontsize=3.1, color=MIDDLE, linespacing=1.5)
    return figure


def write_figure(skeleton: Skeleton, folder: Path) -> Path:
    """Write the picture of a joint set as ``joints_<name>.png``, in few colours; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    canvas = joint_set_figure(skeleton).canvas
    canvas.draw()
    path = folder / f'joints_{skeleton.name}.png'
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert('RGB').quantize(PALETTE).save(path, optimize=True)
    return path


def joint_table(skeletons: Sequence[Skeleton] = tuple(SKELETONS.values())) -> str:
    """Markdown table of the joints against the sets: its index where the set has it, ``mid`` where it is implied."""
    names = list(dict.fromkeys(name for skeleton in skeletons for name in skeleton.joint_names))
    rows = [['joint', *(skeleton.name for skeleton in skeletons)], ['---'] * (len(skeletons) + 1)]
    rows += [[f'`{name}`', *(_cell(skeleton, name) for skeleton in skeletons)] for name in names]
    return '\n'.join(f'| {" | ".join(row)} |' for row in rows)


def _cell(skeleton: Skeleton, name: str) -> str:
    if name in skeleton.joint_names:
        return str(skeleton.joint_names.index(name))
    parts = IMPLIED_JOINTS.get(name, ())
    return 'mid' if parts and set(parts) <= set(skeleton.joint_names) else ''


def _title(skeleton: Skeleton) -> str:
    return f'{skeleton.name}: {skeleton.num_joints} joints, ' + (
        f'root {skeleton.root}' if skeleton.root else 'no root'
    )


def _place(name: str) -> tuple[float, float]:
    if name.startswith('right_'):
        x, y = PLACES[f'left_{name.removeprefix("right_")}']
        return -x, y
    return PLACES[name]


def _name_shift(name: str) -> tuple[float, float, str]:
    if not name.startswith('right_'):
        return NAME_SHIFTS.get(name, BESIDE)
    x, y, side = NAME_SHIFTS.get(f'left_{name.removeprefix("right_")}', BESIDE)
    return -x, y, {'left': 'right', 'right': 'left'}[side]


def _colour(name: str) -> str:
    return LEFT if name.startswith('left_') else RIGHT if name.startswith('right_') else MIDDLE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, default=Path('docs/images'), help='folder of the pictures')
    folder = parser.parse_args().out
    for skeleton in SKELETONS.values():
        write_figure(skeleton, folder)
    print(joint_table())


if __name__ == '__main__':
    main()

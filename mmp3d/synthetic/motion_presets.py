"""Named postures and movements of the legs and of the arms, as means and harmonics of joint angles: data only.

Angles in degrees with the signs of ``kinematics.rotations_from_angles``, phases in radians, tempi in Hertz. The tempo
(0, 0) means: moves with the legs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmp3d.synthetic.kinematics import ABDUCT, FLEX, TWIST


@dataclass(frozen=True)
class Wave:
    """One angle: mean with a spread between people, first and second harmonic."""

    mean: float
    amplitude: float = 0.0
    phase: float = 0.0
    second: float = 0.0
    second_phase: float = 0.0
    spread: float = 5.0


@dataclass(frozen=True)
class Preset:
    """Angles by (joint name, axis), how often it is drawn, its tempo, how fast the whole body turns, and the arms that
    usually go with the legs. A weight of 0: drawn by name only."""

    waves: dict[tuple[str, int], Wave]
    weight: float = 1.0
    hertz: tuple[float, float] = (0.2, 0.5)
    one_sided: bool = False
    travels: bool = False
    degrees_per_second: tuple[float, float] = (0, 0)
    partner: str = 'relaxed'
    partner_share: float = 0.0


def _pair(joint: str, axis: int, wave: Wave, shift: float = 0.0) -> dict:
    """The same wave for both sides, the left one ``shift`` radians later."""
    later = Wave(wave.mean, wave.amplitude, wave.phase + shift, wave.second, wave.second_phase + 2 * shift, wave.spread)
    return {(f'right_{joint}', axis): wave, (f'left_{joint}', axis): later}


def _gait(hip: Wave, knee: Wave, lean: float) -> dict:
    return {
        **_pair('hip', FLEX, hip, np.pi),
        **_pair('knee', FLEX, knee, np.pi),
        **_pair('ankle', FLEX, Wave(2, 10, 2.5), np.pi),
        ('pelvis', TWIST): Wave(0, 6, np.pi, spread=1),
        ('spine', TWIST): Wave(0, 10, spread=1),
        ('spine', FLEX): Wave(lean, spread=4),
    }


def _fold(hip: Wave, knee: Wave, ankle: Wave, lean: Wave, stance: float = 8) -> dict:
    """Both legs bend together: squats, seats, jumps."""
    return {
        **_pair('hip', FLEX, hip),
        **_pair('hip', ABDUCT, Wave(stance, spread=6)),
        **_pair('knee', FLEX, knee),
        **_pair('ankle', FLEX, ankle),
        ('spine', FLEX): lean,
    }


_BEND = {
    ('pelvis', FLEX): Wave(38, 22, spread=12),
    **_pair('hip', FLEX, Wave(42, 22, spread=6)),
    **_pair('knee', FLEX, Wave(15, 10, spread=8)),
    ('spine', FLEX): Wave(25, 10, spread=10),
}
_KNEEL = {
    ('right_hip', FLEX): Wave(88, spread=6),
    ('right_knee', FLEX): Wave(92, spread=6),
    ('left_hip', FLEX): Wave(-2, spread=4),
    ('left_knee', FLEX): Wave(95, spread=6),
    ('left_ankle', FLEX): Wave(-30),
}
_LUNGE = {
    ('right_hip', FLEX): Wave(50, 20),
    ('right_knee', FLEX): Wave(50, 25),
    ('left_hip', FLEX): Wave(-15, 6),
    ('left_knee', FLEX): Wave(25, 15),
    ('left_ankle', FLEX): Wave(-15),
    ('spine', FLEX): Wave(8),
}
_KICK = {
    ('right_hip', FLEX): Wave(35, 45),
    ('right_knee', FLEX): Wave(35, 30, 1.5),
    ('right_hip', ABDUCT): Wave(15, 10, spread=10),
    ('left_knee', FLEX): Wave(10, 6),
}
_SWAY = {
    **_pair('hip', FLEX, Wave(18, 18), np.pi),
    **_pair('hip', ABDUCT, Wave(12, 10), 1.5),
    **_pair('knee', FLEX, Wave(30, 25, 0.7), np.pi),
    ('pelvis', ABDUCT): Wave(0, 8),
    ('pelvis', TWIST): Wave(0, 18),
    ('spine', ABDUCT): Wave(0, 12, 2.0),
    ('spine', TWIST): Wave(0, 20, 1.0),
}
_STEP = {
    **_pair('hip', FLEX, Wave(14, 14, spread=3), np.pi),
    **_pair('knee', FLEX, Wave(24, 22, spread=3), np.pi),
    **_pair('ankle', FLEX, Wave(4, 6), np.pi),
}
_GUARD = {
    ('right_hip', FLEX): Wave(28, 6),
    ('left_hip', FLEX): Wave(-6, 5),
    **_pair('hip', ABDUCT, Wave(10, spread=3)),
    **_pair('knee', FLEX, Wave(30, 10, spread=4)),
    ('left_ankle', FLEX): Wave(-8),
    ('spine', TWIST): Wave(0, 16, spread=3),
    ('spine', FLEX): Wave(10),
}

LOWER_PRESETS: dict[str, Preset] = {
    'stand': Preset(_pair('hip', ABDUCT, Wave(5, spread=4)), weight=3.0),
    'walk': Preset(
        _gait(Wave(6, 26, spread=3), Wave(29, 24, 1.87, 4, 1.0, spread=3), 4),
        3.0, (0.7, 1.0), travels=True, partner='swing', partner_share=0.65),
    'run': Preset(
        _gait(Wave(18, 40, spread=4), Wave(62, 42, 1.7, spread=6), 12),
        0.8, (1.2, 1.5), travels=True, partner='pump', partner_share=0.9),
    'squat': Preset(_fold(Wave(62, 45, spread=15), Wave(72, 52, spread=12), Wave(8, 12), Wave(22, 12, spread=8)), 0.7),
    'sit': Preset(_fold(Wave(86, spread=6), Wave(88, spread=10), Wave(0), Wave(8, spread=8)), 0.8),
    'crouch': Preset(_fold(Wave(112, spread=6), Wave(132, spread=6), Wave(20), Wave(20, spread=8)), 0.35),
    'jump': Preset(
        _fold(Wave(38, 34), Wave(52, 44), Wave(0, 20), Wave(12, 8)),
        0.7, (0.5, 0.8), partner='overhead', partner_share=0.3),
    'bend': Preset(_BEND, 0.8, partner='reach_down', partner_share=0.7),
    'kneel': Preset(_KNEEL, 0.4, one_sided=True),
    'lunge': Preset(_LUNGE, 0.6, one_sided=True),
    'kick': Preset(_KICK, 0.5, (0.4, 0.7), one_sided=True),
    'dance': Preset(_SWAY, 0.9, (0.4, 0.8), partner='dance', partner_share=0.75),
    'turn': Preset(_STEP, 0, (0.7, 1.0), degrees_per_second=(40, 100)),
    'guard': Preset(_GUARD, 0, (0.5, 0.9), one_sided=True, partner='punch', partner_share=1.0),
}  # fmt: skip

_HANGING = {**_pair('shoulder', ABDUCT, Wave(9)), **_pair('elbow', FLEX, Wave(16, spread=8))}

UPPER_PRESETS: dict[str, Preset] = {
    'relaxed': Preset(_HANGING, 1.5),
    'swing': Preset(
        {**_HANGING, **_pair('shoulder', FLEX, Wave(2, 24, np.pi), np.pi),
         **_pair('elbow', FLEX, Wave(24, 10, np.pi), np.pi)}, 0.4, (0, 0)),
    'pump': Preset(
        {**_pair('shoulder', FLEX, Wave(-2, 38, np.pi), np.pi), **_pair('shoulder', ABDUCT, Wave(12)),
         **_pair('elbow', FLEX, Wave(88, 18, np.pi), np.pi)}, 0.1, (0, 0)),
    'gesture': Preset(
        {**_pair('shoulder', FLEX, Wave(32, 20, spread=12), 1.0), **_pair('shoulder', ABDUCT, Wave(18, 12, 0.6)),
         **_pair('shoulder', TWIST, Wave(0, 20, 2.0, spread=15), 0.5),
         **_pair('elbow', FLEX, Wave(75, 30, 1.2, spread=15), 2.0)}, 2.0, (0.3, 0.9)),
    'wave': Preset(
        {**_HANGING, ('right_shoulder', ABDUCT): Wave(110, 8, spread=18),
         ('right_shoulder', TWIST): Wave(-45, spread=10),
         ('right_elbow', FLEX): Wave(65, 32, spread=10)}, 1.0, (0.8, 1.6), one_sided=True),
    'point': Preset(
        {**_HANGING, ('right_shoulder', FLEX): Wave(82, 8, spread=20),
         ('right_shoulder', ABDUCT): Wave(15, 8, spread=20),
         ('right_elbow', FLEX): Wave(10, 6)}, 0.9, one_sided=True),
    'reach': Preset(
        {**_pair('shoulder', FLEX, Wave(85, 22, spread=20)),
         **_pair('elbow', FLEX, Wave(25, 18, 1.0, spread=12))}, 0.8),
    'reach_down': Preset(
        {**_pair('shoulder', FLEX, Wave(60, 18, spread=15)), **_pair('elbow', FLEX, Wave(22, 14))}, 0.2),
    'hug': Preset(
        {**_pair('shoulder', FLEX, Wave(68, 6, spread=10)), **_pair('shoulder', ABDUCT, Wave(12, 4, spread=6)),
         **_pair('shoulder', TWIST, Wave(48, spread=8)), **_pair('elbow', FLEX, Wave(52, 8, spread=12))}, 0.3),
    'akimbo': Preset(
        {**_pair('shoulder', ABDUCT, Wave(48, 3)), **_pair('shoulder', FLEX, Wave(-18)),
         **_pair('shoulder', TWIST, Wave(58, spread=6)), **_pair('elbow', FLEX, Wave(92, 4))}, 0.7),
    'crossed': Preset(
        {**_pair('shoulder', FLEX, Wave(32, 3)), **_pair('shoulder', ABDUCT, Wave(8, 2)),
         **_pair('shoulder', TWIST, Wave(62, spread=6)), **_pair('elbow', FLEX, Wave(102, 4))}, 0.7),
    'overhead': Preset(
        {**_pair('shoulder', FLEX, Wave(148, 22, spread=12)), **_pair('shoulder', ABDUCT, Wave(12, 8)),
         **_pair('elbow', FLEX, Wave(25, 15, 1.0))}, 0.8, (0.3, 0.8)),
    'spread': Preset(
        {**_pair('shoulder', ABDUCT, Wave(85, 14, spread=15)), **_pair('elbow', FLEX, Wave(20, 15, spread=10), np.pi)},
        0.7, (0.3, 0.8)),
    'phone': Preset(
        {**_HANGING, ('right_shoulder', FLEX): Wave(48), ('right_shoulder', ABDUCT): Wave(22),
         ('right_elbow', FLEX): Wave(136, 4, spread=4), ('right_shoulder', TWIST): Wave(-5)}, 0.5, one_sided=True),
    'dance': Preset(
        {**_pair('shoulder', FLEX, Wave(60, 55, spread=25), 2.2),
         **_pair('shoulder', ABDUCT, Wave(45, 40, 1.0, spread=20)),
         **_pair('elbow', FLEX, Wave(60, 45, 0.5, spread=15), 1.5)}, 0.6, (0.4, 1.0)),
    'punch': Preset(
        {**_pair('shoulder', FLEX, Wave(58, 26, spread=5), np.pi), **_pair('shoulder', ABDUCT, Wave(16, spread=4)),
         **_pair('shoulder', TWIST, Wave(28, spread=4)),
         **_pair('elbow', FLEX, Wave(72, 52, np.pi, spread=6), np.pi)}, 0, (0, 0)),
    'handshake': Preset(
        {**_HANGING, ('right_shoulder', FLEX): Wave(34, 3, spread=3), ('right_shoulder', ABDUCT): Wave(-2, spread=1),
         ('right_shoulder', TWIST): Wave(22, spread=2), ('right_elbow', FLEX): Wave(52, 7, np.pi, spread=3)},
        0, (1.2, 2.0)),
}  # fmt: skip

"""Finds the joints of a recorded skeleton that a body needs, by their names.

Names differ between the programs that write BVH files: ``LeftUpLeg``, ``mixamorig:LeftUpLeg``, ``UpperLeg_L``,
``lThigh`` and ``LeftHip`` are one joint. Case, separators and a prefix up to a colon do not count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# First name that a skeleton has wins: "LeftShoulder" is the clavicle where there is a "LeftArm".
_SIDED = {
    'shoulder': ('upperarm', 'arm', 'uparm', 'shldr', 'shoulder', 'humerus'),
    'elbow': ('lowerarm', 'forearm', 'loarm', 'elbow', 'radius'),
    'wrist': ('hand', 'wrist'),
    'hip': ('upperleg', 'upleg', 'thigh', 'hip', 'femur'),
    'knee': ('lowerleg', 'leg', 'loleg', 'shin', 'calf', 'knee', 'tibia'),
    'ankle': ('foot', 'ankle'),
    'toe': ('toes', 'toebase', 'toe', 'ball'),
}
_MIDDLE = {'head': ('head',)}
_SIDES = {'left': 'left', 'l': 'left', 'right': 'right', 'r': 'right'}
OPTIONAL = ('left_toe', 'right_toe')


def find_landmarks(names: Sequence[str], source: str) -> dict[str, int]:
    """Indices of the needed joints by our names: ``head`` and, for both sides, shoulder to wrist and hip to toe.

    Args:
        names: Joint names of the skeleton.
        source: File, for errors. Toes may be missing.

    Raises:
        ValueError: A joint is missing; names all that are, and those that the skeleton has.
    """
    split = [_split_side(name) for name in names]
    wanted = {('', part): spellings for part, spellings in _MIDDLE.items()}
    wanted |= {(side, part): spellings for side in ('left', 'right') for part, spellings in _SIDED.items()}
    found = {}
    for (side, part), spellings in wanted.items():
        at = next((split.index((side, spelling)) for spelling in spellings if (side, spelling) in split), None)
        if at is not None:
            found[f'{side}_{part}' if side else part] = at
    every = [f'{side}_{part}' if side else part for side, part in wanted]
    missing = [name for name in every if name not in found and name not in OPTIONAL]
    if missing:
        raise ValueError(f'{source}: no joint found for {missing} by name; the skeleton has {list(names)}')
    return found


def _split_side(name: str) -> tuple[str, str]:
    """('left', 'right' or '', the rest) of a name, in lower case without separators, digits and Biped's prefix."""
    words = re.findall(r'[A-Z]+(?![a-z])|[A-Z]?[a-z]+', name.rpartition(':')[2])
    words = [word.lower() for word in words if word.lower() != 'bip']
    for word in words:
        side = _SIDES.get(word)
        if side:
            words.remove(word)
            return side, ''.join(words)
    return '', ''.join(words)

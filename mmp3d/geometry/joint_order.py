"""The same joints in the order of another joint set."""

from __future__ import annotations

from mmp3d.geometry.skeleton import MUPOTS17, SKELETONS


def joint_order(joint_set: str) -> list[int]:
    """MuPoTS-17's numbers of a joint set's joints, in its order.

    Raises:
        ValueError: The set is unknown, or has a joint that MuPoTS-17 lacks.
    """
    names = SKELETONS[joint_set].joint_names if joint_set in SKELETONS else ()
    unknown = sorted(set(names) - set(MUPOTS17.joint_names))
    if not names or unknown:
        raise ValueError(
            f'joint set {joint_set!r}: expected one whose joints are all of {MUPOTS17.name}, '
            + (f'this has {", ".join(unknown[:3])} beside' if names else f'known are {sorted(SKELETONS)}')
        )
    return [MUPOTS17.joint_names.index(name) for name in names]

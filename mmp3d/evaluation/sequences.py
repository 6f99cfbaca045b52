"""Images as sequences in time order, with the checks that scores over time need: frame numbers and track ids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmp3d.natural_order import natural_key


def in_time_order(results: Sequence[dict]) -> dict[str, list[dict]]:
    """Results of images by sequence, each sequence by ``frame_id``.

    Args:
        results: With ``img_id``, ``seq_name`` and ``frame_id``, in any order.

    Returns:
        Lists by name, in the natural order of the names.

    Raises:
        ValueError: An image has no frame number, or two images of a sequence have the same.
    """
    for result in results:
        if result['frame_id'] is None:
            raise ValueError(f'image {result["img_id"]} has no frame_id; scores over time need the number of the frame '
                             'in its sequence')  # fmt: skip
    sequences: dict[str, list[dict]] = {}
    for result in sorted(results, key=lambda result: (natural_key(result['seq_name']), result['frame_id'])):
        frames = sequences.setdefault(result['seq_name'], [])
        if frames and frames[-1]['frame_id'] == result['frame_id']:
            raise ValueError(f'sequence {result["seq_name"]!r}, frame {result["frame_id"]}: two images, '
                             f'{frames[-1]["img_id"]} and {result["img_id"]}; expected one')  # fmt: skip
        frames.append(result)
    return sequences


def frame_step(frames: Sequence[dict]) -> int:
    """Least difference of successive frame numbers of a sequence in time order; 1 for a single frame."""
    return int(np.diff([frame['frame_id'] for frame in frames]).min()) if len(frames) > 1 else 1


def has_track_ids(results: Sequence[dict], key: str, people: str) -> bool:
    """Whether people carry track ids (0 or higher) in ``result[key]`` (N,); nobody at all counts as yes.

    Args:
        results: With ``seq_name``, ``frame_id`` and ``key``.
        key: Name of the ids.
        people: Whose they are, for messages.

    Raises:
        ValueError: Some people have an id and others have none, or two people of a frame have the same.
    """
    ids = np.concatenate([np.zeros(0, int), *(result[key] for result in results)])
    if len(ids) and (ids < 0).all():
        return False
    for result in results:
        values, counts = np.unique(result[key], return_counts=True)
        wrong = values[(values < 0) | (counts > 1)]
        if len(wrong):
            raise ValueError(
                f'sequence {result["seq_name"]!r}, frame {result["frame_id"]}: {people} track id {wrong[0]}, '
                f'expected {"every id once a frame" if wrong[0] >= 0 else "an id of 0 or higher for everybody"}'
            )
    return True

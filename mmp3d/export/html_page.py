"""A single HTML page that plays a clip in 3D beside its video, without anything from the network.

Shapes: N people, T frames, K joints. Millimetres, x right, y up, z backward.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from importlib.resources import files

import cv2
import numpy as np

from mmp3d.export.people_clip import AXES, PeopleClip
from mmp3d.visualization.limbs import limb_shades, person_colours

MOST_PICTURES = 300
PICTURE_WIDTH = 320
# The pictures may take this much of the page, in bytes before base64 adds a third.
PICTURE_BYTES = 3_500_000
QUALITIES = (70, 55, 40, 25, 10)
VIEWED = (2, 98)  # percent of the joints
MISSING, GREATEST = -32768, 32000


class PictureStrip:
    """Small pictures of a video of any length, evenly spaced and not more than ``MOST_PICTURES``."""

    def __init__(self) -> None:
        self._stride = 1
        self._pictures: list[tuple[int, np.ndarray]] = []

    def add(self, frame: int, image: np.ndarray) -> None:
        """Take the (H, W, 3) uint8 BGR picture of a frame, if it is one of those that are kept."""
        if frame % self._stride:
            return
        height = max(round(image.shape[0] * PICTURE_WIDTH / image.shape[1]), 1)
        self._pictures.append((frame, cv2.resize(image, (PICTURE_WIDTH, height), interpolation=cv2.INTER_AREA)))
        if len(self._pictures) > MOST_PICTURES:
            self._stride *= 2
            self._pictures = [kept for kept in self._pictures if kept[0] % self._stride == 0]

    def jpegs(self) -> list[tuple[int, bytes]]:
        """(frame, JPEG) of each, in the best quality with which all fit into ``PICTURE_BYTES``."""
        pictures = self._pictures
        while True:
            for quality in QUALITIES:
                coded = [(frame, _jpeg(image, quality)) for frame, image in pictures]
                if sum(len(content) for _, content in coded) <= PICTURE_BYTES:
                    return coded
            pictures = pictures[::2]


def page_bytes(clip: PeopleClip, pictures: Sequence[tuple[int, bytes]] = ()) -> bytes:
    """The page.

    Args:
        clip: What to show; positions are kept to the millimetre.
        pictures: (frame, JPEG) in order, see :class:`PictureStrip`.
    """
    points = clip.y_up()
    there = np.isfinite(points).all(axis=-1, keepdims=True)
    known = points[there[..., 0]]
    unit = max(float(np.abs(known).max(initial=0)) / GREATEST, 1.0)
    # The view fits most of the joints; a few predicted far off do not make the people small.
    low, high = np.percentile(known, VIEWED, axis=0) if len(known) else (np.full(3, -1e3), np.full(3, 1e3))
    values = np.where(there, np.round(np.nan_to_num(points) / unit), MISSING).astype('<i2')
    sides = {'left': 0, 'right': 2}
    data = dict(
        title=f'{clip.seq_name or "clip"}: 3D people',
        note=_note(clip),
        fps=clip.fps,
        frames=clip.num_frames,
        joints=len(clip.joint_names),
        unit=unit,
        centre=((low + high) / 2).tolist(),
        size=float(max((high - low).max(), 1000)),
        floor=0.0 if clip.frame == 'world' else float(low[1]),
        bones=[
            (child, parent, sides.get(clip.joint_names[child].split('_')[0], 1))
            for child, parent in enumerate(clip.parents)
            if child != parent
        ],
        people=[
            dict(track_id=int(track_id), colours=[f'rgb{shade}' for shade in limb_shades(colour)])
            for track_id, colour in zip(
                clip.track_ids, person_colours(clip.track_ids, len(clip.track_ids)), strict=True
            )
        ],
        positions=base64.b64encode(values.tobytes()).decode(),
        pictures=[(frame, base64.b64encode(content).decode()) for frame, content in pictures],
    )
    # "</script>" in a name must not end the script.
    text = json.dumps(data, allow_nan=False).replace('<', '\\u003c')
    return files('mmp3d.export').joinpath('page.html').read_text('utf-8').replace('__DATA__', text).encode()


def _note(clip: PeopleClip) -> str:
    source = 'not known' if clip.camera is None else f'{clip.camera.source}, focal {clip.camera.focal:.0f} px'
    nobody = '' if len(clip.track_ids) else 'Nobody was found. '
    return nobody + (
        f'{clip.frame} frame ({AXES[clip.frame]}); camera {source}. Drag to turn, wheel to zoom; squares of 1 m.'
    )


def _jpeg(image: np.ndarray, quality: int) -> bytes:
    return cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()

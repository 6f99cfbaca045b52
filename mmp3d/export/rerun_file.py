"""People of a clip as a recording for the Rerun viewer (``rerun <file>.rrd``), with the camera and pictures.

Shapes: N people, T frames, K joints. Millimetres in the frame of the clip.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import ModuleType
from uuid import uuid4

import cv2
import numpy as np

from mmp3d.export.clip_header import header_of
from mmp3d.export.people_clip import PeopleClip
from mmp3d.visualization.limbs import limb_shades, person_colours

INSTALL = 'pip install "rerun-sdk>=0.41,<1"'
JOINT_RADIUS = 20.0
# The letters say where x, y and z point: right, down, forward; right, forward, up.
AXIS_NAMES = {'camera': 'RDF', 'world': 'RFU'}
SIDES = {'left': 0, 'right': 2}


def require_rerun() -> ModuleType:
    """The package ``rerun``.

    Raises:
        ValueError: It is not installed; gives the command that installs it.
    """
    try:
        import rerun
    except ImportError as error:
        raise ValueError(f'.rrd files are written by rerun-sdk, which is not installed: {INSTALL}') from error
    return rerun


def rrd_bytes(clip: PeopleClip, pictures: Sequence[tuple[int, bytes]] = ()) -> bytes:
    """The file's content.

    Each person is the entity ``people/<id>``: the joints that are there as ``Points3D`` with their numbers as keypoint
    ids, and ``score`` of each; a frame without the person has an empty list. Timelines: ``frame`` and ``time``.

    Args:
        clip: What to write.
        pictures: (frame, JPEG) of the video, see :class:`~mmp3d.export.html_page.PictureStrip`; left out where the
            camera is not known.

    Raises:
        ValueError: rerun-sdk is not installed.
    """
    rr = require_rerun()
    recording = rr.RecordingStream('mmp3d', recording_id=uuid4())
    memory = recording.memory_recording()
    recording.send_property('mmp3d', rr.AnyValues(header=json.dumps(header_of(clip))))
    recording.log('/', getattr(rr.ViewCoordinates, AXIS_NAMES[clip.frame]), _skeletons(rr, clip), static=True)
    for row, track_id in enumerate(clip.track_ids):
        _send_person(rr, recording, clip, row, f'people/{track_id}')
    if clip.camera is not None:
        _send_camera(rr, recording, clip, pictures)
    return memory.drain_as_bytes()


def _timelines(rr: ModuleType, frames: np.ndarray, fps: float) -> list:
    return [rr.TimeColumn('frame', sequence=frames), rr.TimeColumn('time', duration=frames / fps)]


def _skeletons(rr: ModuleType, clip: PeopleClip):
    """Names and bones of the joints; a class for each person, in the colours of the pictures."""
    sides = [SIDES.get(name.split('_')[0], 1) for name in clip.joint_names]
    bones = [(joint, parent) for joint, parent in enumerate(clip.parents) if joint != parent]
    people = zip(clip.track_ids, person_colours(clip.track_ids, len(clip.track_ids)), strict=True)
    return rr.AnnotationContext(
        [
            rr.ClassDescription(
                info=rr.AnnotationInfo(id=row, label=f'person {track_id}', color=colour),
                keypoint_annotations=[
                    rr.AnnotationInfo(id=joint, label=name, color=limb_shades(colour)[sides[joint]])
                    for joint, name in enumerate(clip.joint_names)
                ],
                keypoint_connections=bones,
            )
            for row, (track_id, colour) in enumerate(people)
        ]
    )


def _send_person(rr: ModuleType, recording, clip: PeopleClip, row: int, entity: str) -> None:
    there = np.isfinite(clip.positions[row]).all(axis=-1)
    counts = there.sum(axis=-1)
    points = rr.Points3D.columns(positions=clip.positions[row][there], keypoint_ids=np.nonzero(there)[1])
    scores = rr.AnyValues.columns(score=clip.scores[row][there])
    columns = [*points.partition(counts), *scores.partition(counts)]
    recording.send_columns(entity, _timelines(rr, np.arange(clip.num_frames), clip.fps), columns)
    recording.log(entity, rr.Points3D.from_fields(class_ids=row, radii=JOINT_RADIUS, show_labels=False), static=True)


def _send_camera(rr: ModuleType, recording, clip: PeopleClip, pictures: Sequence[tuple[int, bytes]]) -> None:
    """The camera where it stands in the clip's frame (lens distortion has no place in the file), and what it saw."""
    camera = clip.camera
    if pictures:
        height, width = cv2.imdecode(np.frombuffer(pictures[0][1], np.uint8), cv2.IMREAD_GRAYSCALE).shape
        camera = camera.resized((width, height))
    if clip.frame == 'world':
        place = rr.Transform3D(translation=-camera.R.T @ camera.t, mat3x3=camera.R.T)
        recording.log('camera', place, static=True)
    pinhole = rr.Pinhole(image_from_camera=camera.K, resolution=camera.image_size, camera_xyz=rr.ViewCoordinates.RDF)
    recording.log('camera/image', pinhole, static=True)
    if pictures:
        frames, jpegs = zip(*pictures, strict=True)
        columns = rr.EncodedImage.columns(blob=jpegs, media_type=['image/jpeg'] * len(jpegs))
        recording.send_columns('camera/image', _timelines(rr, np.array(frames), clip.fps), columns)

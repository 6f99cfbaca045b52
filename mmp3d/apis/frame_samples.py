"""What a result says of a frame beside its people."""

from __future__ import annotations

from mmpose.structures import PoseDataSample

from mmp3d.apis.people import instance_arrays, nobody
from mmp3d.apis.sources import Frame


def frame_facts(frame: Frame, number: int) -> dict:
    """Metainfo of a frame, the ``number``-th of its call."""
    facts = dict(img_path=frame.source.path, img_id=number, id=number, frame_id=frame.index, seq_name='')
    if frame.source.is_video:
        facts.update(seq_name=frame.source.name, img_id=frame.index)
    return facts


def empty_sample(frame: Frame) -> PoseDataSample:
    """Nobody, for a frame that could not be read."""
    return PoseDataSample(metainfo=dict(frame_facts(frame, 0), camera=None, error=frame.error), pred_instances=nobody())


def record_of(sample: PoseDataSample) -> dict:
    """One image of a prediction file."""
    meta = {key: sample.metainfo.get(key) for key in ('img_id', 'seq_name', 'frame_id', 'img_path', 'camera')}
    return dict(meta, instances=instance_arrays(sample.pred_instances))

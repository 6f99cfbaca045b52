"""People of a clip as a table, one row a joint: frame, time, track id, joint, x, y, z, score.

The first line is a comment with the header of docs/outputs.md (``pandas.read_csv(file, comment='#')`` skips it).
Millimetres, seconds, the frame of the clip.
"""

from __future__ import annotations

import csv
import io
import json

import numpy as np

from mmp3d.export.clip_header import clip_of_header, header_fields, header_of
from mmp3d.export.people_clip import PeopleClip

COLUMNS = ('frame', 'time_s', 'track_id', 'joint', 'x_mm', 'y_mm', 'z_mm', 'score')


def csv_bytes(clip: PeopleClip) -> bytes:
    """The file's content; joints that are not there have no row."""
    ids = clip.track_ids.tolist()
    header = dict(header_of(clip), track_ids=ids)
    there = np.isfinite(clip.positions).all(axis=-1).transpose(1, 0, 2)
    frames, rows, joints = np.nonzero(there)
    points = clip.positions[rows, frames, joints].astype(str).tolist()
    scores = clip.scores[rows, frames, joints].astype(str).tolist()
    out = io.StringIO()
    out.write(f'# {json.dumps(header, ensure_ascii=True)}\n')
    writer = csv.writer(out, lineterminator='\n')
    writer.writerow(COLUMNS)
    writer.writerows(
        (frame, f'{frame / clip.fps:.6f}', ids[row], clip.joint_names[joint], *point, score)
        for frame, row, joint, point, score in zip(frames.tolist(), rows, joints, points, scores, strict=True)
    )
    return out.getvalue().encode()


def clip_from_csv(content: bytes) -> PeopleClip:
    """Inverse of :func:`csv_bytes`. Raises ValueError naming the line that is not as expected."""
    comment, _, table = content.decode().partition('\n')
    try:
        header = json.loads(comment.removeprefix('#'))
    except (ValueError, RecursionError) as error:
        raise ValueError('the first line must be "# " and the header of docs/outputs.md in JSON') from error
    fields = header_fields(header)
    ids = header.get('track_ids')
    if not isinstance(ids, list) or not all(isinstance(track_id, int) for track_id in ids):
        raise ValueError(f'field "track_ids" must be a list of whole numbers, got {ids}')
    positions, scores = clip_of_header(len(ids), header, len(content))
    frames = range(positions.shape[1])
    rows_by_id = {str(track_id): row for row, track_id in enumerate(ids)}
    joints = {name: index for index, name in enumerate(fields['joint_names'])}
    for number, line in enumerate(csv.DictReader(io.StringIO(table)), start=3):
        try:
            place = rows_by_id[line['track_id']], frames.index(int(line['frame'])), joints[line['joint']]
            positions[place] = [float(line[name]) for name in COLUMNS[4:7]]
            scores[place] = float(line['score'])
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise ValueError(f'line {number}: expected {",".join(COLUMNS)}, got {list(line.values())}') from error
    return PeopleClip(positions, scores, np.array(ids, np.int64), **fields)

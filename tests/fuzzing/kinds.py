"""All kinds of files that are fuzzed."""

from __future__ import annotations

from tests.fuzzing.annotations import annotation_targets, poses2d_targets
from tests.fuzzing.files import archive_targets, camera_targets, checkpoint_targets, clip_targets
from tests.fuzzing.pictures import image_targets, video_targets

KINDS = {
    'annotations': annotation_targets,
    'poses2d': poses2d_targets,
    'checkpoints': checkpoint_targets,
    'cameras': camera_targets,
    'clips': clip_targets,
    'archives': archive_targets,
    'videos': video_targets,
    'images': image_targets,
}

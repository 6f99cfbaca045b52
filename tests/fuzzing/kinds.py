"""All kinds of files that are fuzzed; what reads them is imported where it is used."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fuzzing.target import Target

# Module beside this one and function that makes the targets.
KINDS = {
    'annotations': ('annotations', 'annotation_targets'),
    'poses2d': ('annotations', 'poses2d_targets'),
    'checkpoints': ('files', 'checkpoint_targets'),
    'cameras': ('files', 'camera_targets'),
    'clips': ('files', 'clip_targets'),
    'archives': ('files', 'archive_targets'),
    'videos': ('pictures', 'video_targets'),
    'images': ('pictures', 'image_targets'),
}


def targets_of(kind: str, folder: Path) -> dict[str, Target]:
    """The targets of a kind by name, written below ``folder``."""
    module, name = KINDS[kind]
    return getattr(import_module(f'tests.fuzzing.{module}'), name)(folder)

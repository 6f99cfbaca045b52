"""What the tests of tools/infer.py share."""

from __future__ import annotations

import errno

from mmp3d.apis.command import main
from mmp3d.compat.atomic_backend import AtomicLocalBackend
from tests.test_apis import scenes

FRAMES, POSES = 4, 8


def write_scenes(folder):
    """Models, a video, and the 2D poses of the two people in it and beyond its end."""
    scenes.write_system(folder, chunk=3)
    scenes.write_video(folder / 'clip.mp4', FRAMES)
    scenes.write_poses(folder / 'poses.json', range(POSES), track_ids=(41, 7))
    return folder


def fail_to_write(monkeypatch, *suffixes):
    """The disk is full when a file of these suffixes is written."""
    put = AtomicLocalBackend.put

    def full(self, content, path):
        if str(path).endswith(suffixes):
            raise OSError(errno.ENOSPC, 'No space left on device', str(path))
        put(self, content, path)

    monkeypatch.setattr(AtomicLocalBackend, 'put', full)


def lift(folder, out, *options):
    """Exit status of the lifting form."""
    model = ['--model', folder / 'lifters.py', '--weights', folder / 'lifters.pth']
    return main(['infer', '--lift', '--pose2d', *map(str, [folder / 'poses.json', *model, '--out', out, *options])])

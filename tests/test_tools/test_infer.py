"""tools/infer.py from the command line to the files, with a tiny model."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmp3d.apis import MultiPersonPose3DInferencer
from mmp3d.apis.command import main
from mmp3d.apis.video_file import VideoFile
from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.export import read_clip
from mmp3d.geometry import Camera
from mmp3d.models.estimators import BottomUpDepthEstimator
from tests.test_apis import odd_videos, scenes
from tests.test_export.clips import WRITABLE
from tests.test_tools.infer_scenes import FRAMES, fail_to_write, lift

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'infer.py'


def infer(folder, out, *options, source='clip.mp4'):
    """Exit status of the bottom-up form."""
    model = ['--model', folder / 'tiny.py', '--weights', folder / 'tiny.pth', '--device', 'cpu', '--fov', 60]
    given = [folder / source, '--pose2d', folder / 'poses.json', *model, '--out', out, *options]
    return main(['infer', *map(str, given)])


def test_every_format_of_two_people(folder, tmp_path, capsys):
    assert infer(folder, tmp_path, '--export', *WRITABLE) == 0
    assert '2 people in 4 frames; camera fov' in capsys.readouterr().out
    names = ['clip.csv', 'clip.html', 'clip.json', 'clip.npz']
    names += [f'clip_person{person}.{suffix}' for person in (0, 1) for suffix in ('bvh', 'trc')]
    names += ['clip.rrd'] if 'rrd' in WRITABLE else []
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    clip = read_clip(tmp_path / 'clip.json')
    assert clip.present.all() and clip.positions.shape == (2, FRAMES, 17, 3)
    assert (clip.fps, clip.camera.source, clip.track_ids.tolist()) == (25, 'fov', [0, 1])
    # The ids follow the people over the frames.
    spines = clip.camera.project(clip.positions)[:, :, 15, 0]
    np.testing.assert_allclose(np.sort(np.median(spines, axis=1)), [50, 120], atol=6)
    assert np.ptp(spines, axis=1).max() < 20


def test_nothing_is_replaced_unasked_and_no_work_done_first(folder, tmp_path, capsys, monkeypatch):
    for other in ('clip2_person0.trc', 'clip_personal.trc'):
        (tmp_path / other).touch()
    assert infer(folder, tmp_path, '--export', 'trc') == 0
    with monkeypatch.context() as patch:
        patch.setattr(MultiPersonPose3DInferencer, '__init__', lambda *_, **__: pytest.fail('work done'))
        assert infer(folder, tmp_path, '--export', 'trc') == 1
    assert 'clip_person0.trc exists; give --overwrite' in capsys.readouterr().err
    assert infer(folder, tmp_path, '--export', 'trc', '--overwrite') == 0


def test_people_of_an_earlier_clip_go_with_overwrite(folder, tmp_path):
    for stale in ('clip_person7.trc', 'clip_person7.bvh', 'clip_personal.trc', 'clip2_person7.trc'):
        (tmp_path / stale).touch()
    assert infer(folder, tmp_path, '--export', 'trc', '--overwrite') == 0
    kept = ['clip2_person7.trc', 'clip_person0.trc', 'clip_person1.trc', 'clip_person7.bvh', 'clip_personal.trc']
    assert sorted(path.name for path in tmp_path.iterdir()) == kept


def test_an_adjustment_that_is_not_possible_is_left_out(folder, tmp_path, capsys):
    options = ('--height', 1800, '--height-of', 99, '--smooth', 'one-euro', '--export', 'json', 'json', 'bvh')
    assert infer(folder, tmp_path, *options) == 3
    assert 'error: --height was left out: no person 99 in the clip; ids: [0, 1]' in capsys.readouterr().err
    assert set(read_clip(tmp_path / 'clip.json').processing) == {'smoothing'}
    assert (tmp_path / 'clip_person1.bvh').is_file()


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        (['--height', '18'], 'height must be 300 to 3000 mm, got 18'),
        (['--height-of', '1'], 'give --height MM too'),
        (['--fps', '0'], '--fps must be a positive number'),
        (['--fps', '1e5', '--export', 'mp4'], 'a video can have 0.002 to 65535 frames a second (fps), got 100000'),
        (['--batch-size', '-1'], '--batch-size must be a positive number'),
        (['--camera', 'nowhere.json'], 'no camera file at nowhere.json'),
    ],
)
def test_mistakes_are_named_before_the_work(folder, tmp_path, capsys, monkeypatch, options, said):
    monkeypatch.setattr(MultiPersonPose3DInferencer, '__init__', lambda *_, **__: pytest.fail('work done'))
    assert main(['infer', str(folder / 'clip.mp4'), '--out', str(tmp_path), *options]) == 1
    assert said in capsys.readouterr().err


def test_a_camera_for_images_of_another_shape_is_named_before_the_work(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(MultiPersonPose3DInferencer, '__init__', lambda *_, **__: pytest.fail('work done'))
    (tmp_path / 'camera.json').write_text(json.dumps(Camera.from_fov(60, scenes.IMAGE_SIZE).to_dict()))
    video = odd_videos.write_turned(tmp_path / 'clip.mp4')
    given = [video, '--camera', tmp_path / 'camera.json', '--out', tmp_path / 'out']
    assert main(['infer', *map(str, given)]) == 1
    assert '(turned by 90 degrees, as its metadata ask), frame 0: 128 x 192 px, but' in capsys.readouterr().err


def test_a_full_disk_costs_only_what_does_not_fit(folder, tmp_path, capsys, monkeypatch):
    fail_to_write(monkeypatch, '.html')
    assert infer(folder, tmp_path, '--export', 'html', 'json') == 3
    assert 'clip.html was not written: [Errno 28] No space left' in capsys.readouterr().err
    # What was found is there for another try.
    assert sorted(path.name for path in tmp_path.iterdir()) == ['.clip.writing', 'clip.json', 'work']
    monkeypatch.undo()
    monkeypatch.setattr(BottomUpDepthEstimator, 'start_test', lambda *_: pytest.fail('work done twice'))
    assert infer(folder, tmp_path, '--export', 'html', 'json', '--skip-existing') == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ['clip.html', 'clip.json']


def test_nothing_written_is_a_failure(folder, tmp_path, capsys, monkeypatch):
    fail_to_write(monkeypatch, '.html', '.json')
    assert infer(folder, tmp_path) == 1
    assert capsys.readouterr().err.count('was not written') == 2


def test_a_mistake_in_the_middle_keeps_the_frames_so_far(folder, tmp_path, capsys):
    """Images of another shape than the camera's."""
    (folder / 'mixed').mkdir()
    for name, size in (('a.png', (192, 128)), ('b.png', (192, 128)), ('c.png', (128, 128))):
        cv2.imwrite(str(folder / 'mixed' / name), cv2.resize(scenes.image(), size))
    (folder / 'camera.json').write_text(json.dumps(Camera.from_fov(60, (192, 128)).to_dict()))
    model = ['--model', folder / 'tiny.py', '--weights', folder / 'tiny.pth', '--camera', folder / 'camera.json']
    given = [folder / 'mixed', *model, '--pose2d', folder / 'poses.json', '--out', tmp_path, '--device', 'cpu']
    assert main(['infer', *map(str, given)]) == 3
    assert 'ended after 2 frames: ' in (said := capsys.readouterr().err) and 'c.png: 128 x 128 px' in said
    assert read_clip(tmp_path / 'mixed.json').num_frames == 2


def test_a_truncated_video_is_a_result_with_a_lack(folder, tmp_path, capsys):
    odd_videos.write_ending_early(folder / 'short.avi')
    assert infer(folder, tmp_path, source='short.avi') == 3
    assert 'of 8 frames could be read' in capsys.readouterr().err
    assert 0 < read_clip(tmp_path / 'short.json').num_frames < 8


def test_no_readable_image_in_a_folder(folder, tmp_path, capsys):
    (folder / 'broken').mkdir()
    for name in ('a.jpg', 'b.jpg'):
        (folder / 'broken' / name).write_bytes(b'no image')
    assert infer(folder, tmp_path, source='broken') == 1
    assert 'none of its 2 images can be read' in capsys.readouterr().err
    assert lift(folder, tmp_path, folder / 'broken') == 1


def several(folder, out, names):
    """Options for a run over several inputs."""
    inputs = [folder / name for name in names]
    model = ['--model', folder / 'tiny.py', '--weights', folder / 'tiny.pth', '--device', 'cpu', '--fov', 60]
    return [*map(str, [*inputs, *model, '--out', out, '--export', 'json'])]


def test_several_inputs_go_on_after_a_bad_one(folder, tmp_path, capsys):
    (folder / 'sub').mkdir()
    shutil.copy(folder / 'clip.mp4', folder / 'sub' / 'clip.mp4')
    odd_videos.write_sound(folder / 'sound.mp4')
    names = ('clip.mp4', 'sound.mp4', 'sub/clip.mp4')
    assert main(['infer', *several(folder, tmp_path, names)]) == 3
    assert 'sound.mp4: cannot read video' in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ['clip.json', 'clip_1.json']
    assert main(['infer', *several(folder, tmp_path, names[:2]), '--pose2d', 'poses.json']) == 1
    assert "--pose2d 'poses/{name}.json'" in capsys.readouterr().err


def test_inputs_that_are_done_are_left_out(folder, tmp_path, capsys):
    (folder / 'more').mkdir()
    shutil.copy(folder / 'clip.mp4', folder / 'more' / 'next.mp4')
    assert main(['infer', *several(folder, tmp_path, ['clip.mp4'])]) == 0
    first = (tmp_path / 'clip.json').stat().st_mtime_ns
    both = several(folder, tmp_path, ['clip.mp4', 'more/next.mp4'])
    assert main(['infer', *both]) == 1
    assert main(['infer', *both, '--skip-existing']) == 0
    assert (tmp_path / 'clip.json').stat().st_mtime_ns == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ['clip.json', 'next.json']
    capsys.readouterr()
    assert main(['infer', *both, '--skip-existing']) == 0
    assert 'all files are there already' in capsys.readouterr().out
    assert main(['infer', *both, '--skip-existing', '--overwrite']) == 1


def test_a_run_killed_while_it_writes_is_given_again(folder, tmp_path, monkeypatch):
    assert infer(folder, tmp_path / 'whole', '--export', 'json', 'npz', 'bvh') == 0
    put = AtomicLocalBackend.put

    class Killed(BaseException):
        """Nothing catches it."""

    def killed(self, obj, filepath):
        if Path(filepath).name == 'clip_person1.bvh':
            raise Killed
        put(self, obj, filepath)

    monkeypatch.setattr(AtomicLocalBackend, 'put', killed)
    with pytest.raises(Killed):
        infer(folder, tmp_path / 'killed', '--export', 'json', 'npz', 'bvh')
    monkeypatch.undo()
    assert (tmp_path / 'killed' / 'clip.json').exists()
    assert infer(folder, tmp_path / 'killed', '--export', 'json', 'npz', 'bvh') == 0
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ('whole', 'killed')
    )
    assert first == second


def test_two_processes_share_the_videos(tmp_path):
    folder, out = tmp_path / 'given', tmp_path / 'out'
    folder.mkdir()
    # Other processes know nothing of the tests' own model.
    scenes.write_model(folder, scenes.tiny_config('BottomUpDepthEstimator'))
    names = [f'shared{number}.mp4' for number in range(3)]
    for number, name in enumerate(names):
        scenes.write_video(folder / name, 2 + number)
    with socket.socket() as free:
        free.bind(('localhost', 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(TOOL), *several(folder, out, [*names, 'nobody.mp4']), '--launcher', 'pytorch']
    (folder / 'nobody.mp4').touch()
    # As torchrun starts them; it would stop one as soon as the other ends with a status.
    common = {**os.environ, 'WORLD_SIZE': '2', 'MASTER_ADDR': 'localhost', 'MASTER_PORT': str(port)}
    ranks = [
        subprocess.Popen(
            command,
            env={**common, 'RANK': rank, 'LOCAL_RANK': rank},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in '01'
    ]
    said, complained = map(''.join, zip(*(process.communicate(timeout=300) for process in ranks), strict=True))
    assert 'nobody.mp4: cannot read video' in complained
    # Both end by themselves, with the status of the whole.
    assert [process.returncode for process in ranks] == [3, 3], complained
    assert complained.count('error: ') == 1, complained
    for number, name in enumerate(names):
        assert said.count(f'given/{name}') == 1
        assert read_clip((out / name).with_suffix('.json')).num_frames == 2 + number


@pytest.fixture
def interrupted(monkeypatch):
    """Ctrl-C while the third frame of a video is read."""
    frames = VideoFile.frames

    def read(self, start=0):
        for frame in frames(self, start):
            if frame.index == 2:
                os.kill(os.getpid(), signal.SIGINT)
            yield frame

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with monkeypatch.context() as patch:
        patch.setattr(VideoFile, 'frames', read)
        yield patch
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_keeps_the_frames_so_far(folder, tmp_path, capsys, interrupted):
    assert infer(folder, tmp_path, '--export', 'json', 'npz') == 130
    assert 'keeping the 2 frames' in capsys.readouterr().err
    assert read_clip(tmp_path / 'clip.json').num_frames == 2
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert (tmp_path / 'work' / 'clip').is_dir()
    interrupted.undo()
    assert infer(folder, tmp_path, '--export', 'json', 'npz', '--skip-existing') == 0
    assert read_clip(tmp_path / 'clip.json').num_frames == FRAMES
    assert sorted(path.name for path in tmp_path.iterdir()) == ['clip.json', 'clip.npz']


def test_a_video_without_frames_is_named(folder, tmp_path, capsys):
    (folder / 'empty.mp4').write_bytes(b'')
    assert infer(folder, tmp_path, source='empty.mp4') == 1
    assert 'empty.mp4' in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named_before_the_work(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(MultiPersonPose3DInferencer, '__init__', lambda *_, **__: pytest.fail('work done'))
    (tmp_path / 'file').touch()
    assert infer(folder, tmp_path / 'file' / 'out') == 1
    assert 'give another --out' in capsys.readouterr().err


def test_a_format_whose_package_is_missing_is_named_before_the_work(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(MultiPersonPose3DInferencer, '__init__', lambda *_, **__: pytest.fail('work done'))
    monkeypatch.setitem(sys.modules, 'rerun', None)
    assert infer(folder, tmp_path, '--export', 'json', 'rrd') == 1
    assert 'pip install "rerun-sdk' in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_nobody_is_a_result(folder, tmp_path, capsys):
    cv2.imwrite(str(folder / 'nobody.png'), scenes.image())
    model = ['--model', folder / 'tiny.py', '--weights', folder / 'tiny.pth', '--device', 'cpu']
    given = [folder / 'nobody.png', *model, '--out', tmp_path, '--export', *WRITABLE, '--height', 1800, '--world']
    assert main(['infer', *map(str, given)]) == 0
    assert 'nobody was found; left out: TRC, BVH, --height, --world; 2D poses help' in capsys.readouterr().out
    assert read_clip(tmp_path / 'nobody.csv').positions.shape == (0, 1, 17, 3)
    assert not list(tmp_path.glob('*.bvh'))


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        (['--lift'], '--pose2d FILE'),
        ([], 'give a video'),
        (['--lift', '--pose2d', 'poses.json', '--batch-size', '2'], '--batch-size does not go with --lift'),
        (['clip.mp4', '--keep-ids'], '--keep-ids does not go without --lift'),
        (['--lift', '--pose2d', 'poses.json', '--half'], '--half does not go with --lift'),
        (['--lift', '--pose2d', 'poses.json', '--compile'], '--compile does not go with --lift'),
        (['clip.mp4', '--lift', '--pose2d', 'poses.json', '--size', '9', '9'], '--size is for'),
        (['--lift', '--pose2d', '{name}.json'], 'without an input there is no {name}'),
    ],
)
def test_options_that_do_not_go_together_are_named(options, said, capsys):
    assert main(['infer', *options]) == 1
    assert said in capsys.readouterr().err


def test_the_input_is_not_written_over_and_a_video_needs_frames(folder, capsys):
    for options, said in (
        ([str(folder / 'clip.mp4'), '--out', str(folder), '--export', 'mp4', '--overwrite'], 'is the input itself'),
        (['webcam', '--out', str(folder / 'new'), '--export', 'mp4'], 'needs the frames a second time'),
    ):
        assert main(['infer', *options]) == 1
        assert said in capsys.readouterr().err


@pytest.mark.parametrize('threshold', ['-0.1', '1.5', 'nan'])
def test_a_threshold_that_is_no_score_is_named_before_the_work(tmp_path, capsys, threshold):
    assert main(['infer', 'clip.mp4', '--out', str(tmp_path), '--person-thr', threshold]) == 1
    assert '--person-thr must be from 0 to 1' in capsys.readouterr().err


def test_a_profile_names_the_stages_and_changes_no_file(folder, tmp_path, capsys):
    assert infer(folder, tmp_path / 'plain', '--export', 'json', 'mp4') == 0
    capsys.readouterr()
    assert infer(folder, tmp_path / 'timed', '--export', 'json', 'mp4', '--profile') == 0
    said = capsys.readouterr().out
    stages = {line[:25].split('  ')[0] for line in said[said.index('stage ') :].splitlines()}
    assert {'loading networks', 'reading frames', 'bottom-up network', 'bottom-up decoding', 'drawing', 'all'} <= stages
    first, second = ([path.read_bytes() for path in sorted((tmp_path / name).iterdir())] for name in ('plain', 'timed'))
    assert first == second and len(first) == 2


def test_a_profile_of_a_failed_run_is_said_too(folder, tmp_path, capsys):
    (tmp_path / 'broken.mp4').write_bytes(b'no video')
    assert infer(folder, tmp_path, '--profile', source=tmp_path / 'broken.mp4') == 1
    assert capsys.readouterr().out.startswith('stage ')

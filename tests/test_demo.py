"""The demo's own parts: which log lines it shows, its tables, and that finished steps are kept. CI runs the whole."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from mmp3d.evaluation.offline import write_results
from mmp3d.export import PeopleClip, write_clip

SPEC = importlib.util.spec_from_file_location('demo', Path(__file__).resolve().parents[1] / 'tools' / 'demo.py')
demo = importlib.util.module_from_spec(SPEC)
sys.modules['demo'] = demo  # where its dataclasses look for their module
SPEC.loader.exec_module(demo)

STAMP = '11/23 01:17:34 - mmengine - INFO - '
HOOKS = 'Hooks will be executed in the following order:'
LOG = [
    f'{STAMP}\n', '-----\n', 'System environment:\n', '    Python: 3\n', '-----\n', f'{STAMP}Config:\n', 'model = 1\n',
    f'{STAMP}{HOOKS}\n', 'before_run:\n', f'{STAMP}Epoch(train) [1][2/8] loss: 1\n', f'{STAMP}PCK\n', 'PCK all\n',
    '----\n', 'mean  5.0\n', f'{STAMP}Config:\n', 'error: no such file\n']  # fmt: skip


def test_preamble_is_left_out():
    assert list(demo.without_preamble(LOG)) == [*LOG[9:14], LOG[15]]


def test_training_curve_over_two_parts_of_a_run(tmp_path):
    parts = [
        [{'epoch': 1, 'loss': 4.0, 'step': 2}, {'epoch': 1, 'loss': 2.0, 'step': 4}, {'PCK/all': 10.0, 'step': 1}],
        [{'epoch': 2, 'loss': 1.0, 'step': 6}, {'PCK/all': 30.0, 'step': 2}],
    ]
    for number, records in enumerate(parts):
        file = tmp_path / f'run{number}' / 'vis_data' / 'scalars.json'
        file.parent.mkdir(parents=True)
        file.write_text('\n'.join(map(json.dumps, records)))
    curve = dict(demo.training_curve(tmp_path))
    assert [(epoch, row['loss'], row['PCK/all']) for epoch, row in curve.items()] == [(1, 3.0, 10.0), (2, 1.0, 30.0)]


def test_scores_of_the_last_test(tmp_path):
    assert demo.latest_scores(tmp_path) == {}
    for number, run in enumerate(('20260101_000000', '20260102_000000')):
        (tmp_path / run).mkdir()
        write_results(tmp_path / run / 'results.json', {'PCK/all': 50.0 + number}, {})
        (tmp_path / run / f'{run}.json').write_text('{"PCK/all": 1}')
    assert demo.latest_scores(tmp_path) == {'PCK/all': 51.0}


def test_a_finished_step_is_kept_until_its_settings_change(tmp_path, capsys):
    done = []
    for settings in ({'images': 1}, {'images': 1}, {'images': 2}):
        demo.step(1, 4, 'Draw', tmp_path / 'data', settings, lambda: done.append(1))
    assert len(done) == 2
    assert 'done before' in capsys.readouterr().out


def test_a_failed_step_is_not_marked(tmp_path):
    def fail():
        raise demo.DemoError('no')

    with pytest.raises(demo.DemoError):
        demo.step(1, 4, 'Draw', tmp_path / 'data', {}, fail)
    assert not (tmp_path / 'data').exists()


def test_failing_tool_is_an_error_that_names_its_log(tmp_path):
    with pytest.raises(demo.DemoError, match=r'status \d+.*tool\.log'):
        demo.run(tmp_path / 'tool.log', 'tools/no_such_tool.py')
    assert 'no_such_tool' in (tmp_path / 'tool.log').read_text()
    with pytest.raises(demo.DemoError, match='no_such_tool'):
        demo.run(None, 'tools/no_such_tool.py')


def test_the_report_says_whose_ids_the_people_of_the_clip_have(tmp_path):
    truth = np.zeros((4, 2, 21, 3), np.float32)
    truth[:, 1, :, 0], truth[..., 2] = 1000, 3000
    positions = truth[:, ::-1, :17].swapaxes(0, 1).copy()
    positions[0] += (0, 0, 50)
    positions[1, 3] += 5000
    ids = np.array([4, 7])
    (file,) = write_clip(tmp_path / 'clip.json', PeopleClip(positions, np.ones(positions.shape[:3]), ids, 25))
    np.savez(tmp_path / 'truth.npz', keypoints_cam=truth)
    first, second = demo.crossing_report(file, tmp_path / 'truth.npz').splitlines()
    assert first == '  person 0, 3.0 m away: id 7 in 3 of 4 frames, pelvis off by 0 mm (median)'
    assert second == '  person 1, 3.0 m away: id 4 in 4 of 4 frames, pelvis off by 50 mm (median)'


def test_a_video_brings_its_poses(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(demo, 'run', lambda log, tool, *words: ran.append(words))
    for name in ('a.mp4', 'poses2d_a.json', 'poses2d_monocular_a.json', 'poses2d_b.json', 'given.json'):
        (tmp_path / name).touch()
    (tmp_path / 'out' / 'a').mkdir(parents=True)
    for given, taken in ((None, 'poses2d_monocular_a.json'), (tmp_path / 'given.json', 'given.json')):
        demo.show_own_video(tmp_path / 'a.mp4', given, tmp_path / 'out')
        assert ran[-1][ran[-1].index('--pose2d') + 1] == tmp_path / taken


def test_missing_video_is_one_line_and_a_status(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr('sys.argv', ['demo.py', '--video', str(tmp_path / 'nowhere.mp4')])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        demo.main()
    assert left.value.code == 1
    assert 'nowhere.mp4' in capsys.readouterr().err

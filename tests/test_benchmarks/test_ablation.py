"""The ablation benchmark on a tiny set: its tables, and that what is done is not done again."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.test_benchmarks.loaded import load_benchmark

ablation = load_benchmark('ablation')

ROWS = ('TD + BU (w/o CH)', 'BU (w/o CH)')
RESULTS = ('simulated_TD_+_BU_without_CH.json', 'pictures_alone_BU_without_CH.json')


@pytest.fixture
def measured(monkeypatch):
    """The branches of each row that was measured."""
    seen, measure = [], ablation.measured

    def counted(cfg):
        seen.append(cfg.model.settings.branches)
        return measure(cfg)

    monkeypatch.setattr(ablation, 'measured', counted)
    return seen


def test_rows_that_are_done_are_not_run_again(tmp_path, capsys, measured):
    size = ['--sequences', '1', '--frames', '3', '--people', '1', '2', '--size', '160', '100']
    command = ['--out', str(tmp_path), '--seeds', '1', *size, '--rows', *ROWS]
    ablation.main([*command, '--plot', str(tmp_path / 'plot.png')])
    assert measured == ['both', 'bottom_up'] and (tmp_path / 'plot.png').stat().st_size > 5000
    files = [tmp_path / 'seed-1' / name for name in RESULTS]
    scores = [json.loads(file.read_text())['scores'] for file in files]
    printed = capsys.readouterr().out
    assert f'| {ROWS[0]} | simulated | {scores[0]["AP25root/AP"]:.1f} ± nan |' in printed
    assert f'| {ROWS[1]} | pictures alone | {scores[1]["AP25root/AP"]:.1f} ± nan (44.2) |' in printed

    ablation.main(command)
    assert len(measured) == 2 and printed.endswith(capsys.readouterr().out)

    files[0].write_text('{')
    files[1].write_text(json.dumps({**json.loads(files[1].read_text()), 'made_from': 'other weights'}))
    ablation.main(command)
    assert len(measured) == 4 and [json.loads(file.read_text())['scores'] for file in files] == scores


def test_mean_spread_and_difference_stand_beside_the_papers_numbers():
    better, worse = (ablation.Row(name, ablation.SIMULATED, {}) for name in ('TD + BU (IN)', 'TD + BU (hard)'))
    scores = {worse: np.array([[10.0] * 4, [20.0] * 4]), better: np.array([[13.0] * 4, [21.0] * 4])}
    lines = list(ablation.score_lines(scores))
    assert [line[0] for line in lines] == ['TD + BU (hard)', 'TD + BU (IN)']
    assert lines[0][2:] == ['15.0 ± 7.1 (46.1)', '15.0 ± 7.1 (48.9)', '15.0 ± 7.1 (87.5)', '15.0 ± 7.1 (46.2)']
    (line,) = ablation.claim_lines(scores)
    assert line[:3] == ['TD + BU (IN) - TD + BU (hard)', 'simulated', '+2.0 [+1.0 to +3.0] (+0.2)']


def test_a_row_of_ones_own_has_options_of_its_own():
    args = ablation.parse_args(['--row', 'Rep+dis', 'model.lifter.checkpoint=student.pth'])
    (row,) = (row for row in ablation.rows_of(args) if row.name == 'Rep+dis')
    assert row.options == {**ablation.INTEGRATED, 'model.lifter.checkpoint': 'student.pth'}
    with pytest.raises(FileNotFoundError, match='student.pth'):
        ablation.measured(ablation.load_config(str(ablation.shipped_file(ablation.CONFIG)), dict(row.options)))


def test_a_row_that_does_not_exist_is_named(capsys):
    with pytest.raises(SystemExit):
        ablation.parse_args(['--rows', 'TD (w/o MP)'])
    assert "no row ['TD (w/o MP)']" in capsys.readouterr().err

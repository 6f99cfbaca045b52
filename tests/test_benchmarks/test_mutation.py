"""The mutation benchmark: whom it counts as killed, and that samples are repeatable."""

import json

from benchmarks import mutation

CODES = {
    'mmp3d.geometry.camera.x_a__mutmut_1': 1,
    'mmp3d.geometry.camera.x_a__mutmut_2': 0,
    'mmp3d.codecs.cells.x_b__mutmut_1': 33,
    'mmp3d.evaluation.functional.pck.x_c__mutmut_1': -24,
    'mmp3d.evaluation.functional.pck.x_c__mutmut_2': None,
}


def test_a_mutant_that_no_test_reaches_is_not_killed_and_one_that_was_not_tried_is_not_counted():
    rows = [line.strip('| ').split(' | ') for line in mutation.table(CODES).splitlines()[2:]]
    assert rows == [
        ['geometry', '2', '1', '1', '0', '50.0'],
        ['codecs', '1', '0', '0', '1', '0.0'],
        ['evaluation/functional', '1', '1', '0', '0', '100.0'],
        ['all', '4', '2', '1', '1', '50.0'],
    ]


def test_a_larger_sample_begins_with_the_smaller_one():
    names = [str(number) for number in range(50)]
    assert mutation.sample(names, 20, 3)[:5] == mutation.sample(names, 5, 3)
    assert len(set(mutation.sample(names, 80, 3))) == 50


def test_outcomes_of_all_files(tmp_path):
    for number, name in enumerate(CODES):
        file = tmp_path / 'mutants' / f'{number}.py.meta'
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({'exit_code_by_key': {name: CODES[name]}}))
    assert mutation.outcomes(tmp_path) == CODES
    assert mutation.outcomes(tmp_path / 'nothing') == {}


def test_the_sample_is_tried_in_a_clone_and_tried_mutants_are_kept(tmp_path, monkeypatch, capsys):
    calls = []

    def run(command, **options):
        calls.append(command)
        if command[0] == 'git':
            (tmp_path / 'checkout' / 'mutants').mkdir(parents=True)
            (tmp_path / 'checkout' / 'pyproject.toml').write_text('[project]\n')
        else:
            codes = dict(CODES) if 'no.such.mutant' not in command else dict.fromkeys(CODES)
            text = json.dumps({'exit_code_by_key': codes})
            (tmp_path / 'checkout' / 'mutants' / 'all.meta').write_text(text)

    monkeypatch.setattr(mutation.subprocess, 'run', run)
    mutation.main([str(tmp_path), '--sample', '5', '--survivors'])
    assert '[tool.mutmut]' in (tmp_path / 'checkout' / 'pyproject.toml').read_text()
    assert set(calls[-1][-5:]) == set(CODES)
    out = capsys.readouterr().out
    assert '| all | 4 | 2 | 1 | 1 | 50.0 |' in out
    assert 'mmp3d.geometry.camera.x_a__mutmut_2' in out.splitlines()
    mutation.main([str(tmp_path), '--sample', '5'])
    assert sum(command[0] == 'git' for command in calls) == 1


def test_chosen_folders_alone_are_mutated_and_their_own_tests_run():
    lines = mutation.settings(['geometry', 'evaluation/functional']).splitlines()
    assert 'only_mutate = ["mmp3d/geometry/*.py", "mmp3d/evaluation/functional/*.py"]' in lines
    assert 'pytest_add_cli_args_test_selection = ["tests/test_geometry", "tests/test_evaluation"]' in lines
    for folder, tests in mutation.FOLDERS.items():
        assert (mutation.ROOT / 'mmp3d' / folder).is_dir() and (mutation.ROOT / tests).is_dir()

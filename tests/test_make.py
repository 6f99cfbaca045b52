"""make.py builds its environment step by step; pip and interpreters are played by a stand-in, nothing is installed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import make

STEPS = ['build', 'torch', 'runtime', 'openmmlab', 'mmp3d', 'tests']


class Machine:
    """Stands in for `subprocess.run`: creates an environment, installs what pip is asked for, fails where told to."""

    def __init__(self, folder: Path, version: tuple[int, int] = (3, 11), installed: set[str] = frozenset()) -> None:
        self.folder, self.version, self.installed = folder, version, set(installed)
        self.commands: list[list[str]] = []
        self.failing = ''

    def __call__(self, command: list[str], **options: object) -> subprocess.CompletedProcess:
        self.commands.append(command)
        if self.failing and self.failing in ' '.join(command):
            return subprocess.CompletedProcess(command, 1, '', '')
        return subprocess.CompletedProcess(command, 0, self._answer(command), '')

    def _answer(self, command: list[str]) -> str:
        if command[1:3] == ['-m', 'venv']:
            python = make.Environment(self.folder, None, None).python
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
            self.installed.add('pip')
        elif 'pip' in command:
            self.installed |= self._asked_for(command)
        elif command[2] == make.PROBE:
            return json.dumps({'version': self.version, 'names': sorted(self.installed)})
        elif 'version_info' in command[2]:
            return f'{self.version[0]} {self.version[1]}'
        return ''

    def _asked_for(self, command: list[str]) -> set[str]:
        steps = [*make.plan('torch torchvision', False), *make.target_steps('docs')]
        return set().union(
            *(make.required_names(step) for step in steps if ends_alike(step, command)),
            {'torch', 'torchvision'} if 'torch==' in ' '.join(command) or 'torch.txt' in ' '.join(command) else set(),
        )

    @property
    def pip_calls(self) -> list[str]:
        """What pip was asked to install, by what the last argument ends in."""
        return [Path(command[-1]).stem for command in self.commands if 'pip' in command]


def ends_alike(step: make.Step, command: list[str]) -> bool:
    """Whether a pip command is that of a step."""
    return bool(step.pip) and command[-1] == step.pip[-1]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without an environment, on which every interpreter name resolves."""
    monkeypatch.setattr(make.shutil, 'which', lambda name: name)
    return Machine(tmp_path / 'venv')


def ensure(machine: Machine, torch: str | None = None, python: str | None = None) -> list[str]:
    """Run one `make.py env`; what pip was asked for in it."""
    machine.commands.clear()
    make.Environment(machine.folder, python, torch, run=machine).ensure()
    return machine.pip_calls


def test_fresh_environment_takes_all_steps_in_order(machine: Machine, capsys: pytest.CaptureFixture) -> None:
    assert ensure(machine) == ['build', 'torch', 'runtime', 'mminstall', make.ROOT.name, 'tests']
    printed = capsys.readouterr().out
    assert [f'[{number}/6]' in printed for number in range(1, 7)] == [True] * 6
    assert sorted(path.stem for path in (machine.folder / 'mmp3d-setup').glob('*.stamp')) == sorted(STEPS)


def test_second_run_does_nothing(machine: Machine, capsys: pytest.CaptureFixture) -> None:
    ensure(machine)
    capsys.readouterr()
    assert ensure(machine) == []
    assert len(machine.commands) == 1  # the probe
    assert capsys.readouterr().out == ''


def test_a_target_of_its_own_needs_one_more_step(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure(machine)
    machine.commands.clear()
    environment = make.Environment(machine.folder, None, None, run=machine)
    environment.ensure('docs')
    assert machine.pip_calls == ['docs']
    environment.ensure('docs')
    assert machine.pip_calls == ['docs']
    assert ensure(machine) == []
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr(environment, 'call', lambda *command: commands.append(command) or 3)
    assert make.docs(environment, ['--quiet']) == 3
    assert commands == [('-m', 'mkdocs', 'build', '--strict', '--quiet')]


def test_failed_step_leaves_no_stamp_and_is_taken_up_again(machine: Machine) -> None:
    machine.failing = 'mminstall'
    with pytest.raises(make.SetupError, match=r'\[4/6\].*failed[\s\S]*C compiler[\s\S]*same command'):
        ensure(machine)
    machine.failing = ''
    assert ensure(machine) == ['mminstall', make.ROOT.name, 'tests']


def test_interruption_in_a_step_is_continued(machine: Machine) -> None:
    class Interrupted(Machine):
        def _asked_for(self, command: list[str]) -> set[str]:
            if command[-1].endswith('runtime.txt'):
                raise KeyboardInterrupt
            return super()._asked_for(command)

    stopped = Interrupted(machine.folder)
    with pytest.raises(KeyboardInterrupt):
        ensure(stopped)
    machine.installed = stopped.installed
    assert ensure(machine) == ['runtime', 'mminstall', make.ROOT.name, 'tests']


def test_changed_requirement_repeats_its_step_only(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure(machine)
    text = make.requirement_text
    monkeypatch.setattr(make, 'requirement_text', lambda name: text(name) + ('\ntorch>=9' if name == 'runtime' else ''))
    assert ensure(machine) == ['runtime']


def test_package_removed_by_hand_is_installed_again(machine: Machine) -> None:
    ensure(machine)
    machine.installed -= {'scipy'}
    assert ensure(machine) == ['runtime']


@pytest.mark.parametrize('made_here', [True, False])
def test_half_installed_package_is_removed_from_own_environments_only(machine: Machine, made_here: bool) -> None:
    ensure(machine)
    info = machine.folder / 'lib' / 'python3.11' / 'site-packages' / 'scipy-1.0.dist-info'
    info.mkdir(parents=True)
    if not made_here:
        (machine.folder / 'mmp3d-setup' / 'made-here').unlink()
    ensure(machine)
    assert info.exists() is not made_here


def test_environment_without_pip_is_repaired(machine: Machine, capsys: pytest.CaptureFixture) -> None:
    ensure(machine)
    machine.installed -= {'pip'}
    assert ensure(machine) == []
    assert 'pip' in machine.installed
    assert 'Repairing' in capsys.readouterr().out


def test_packages_that_do_not_load_are_not_taken_for_finished(machine: Machine) -> None:
    machine.failing = make.LOADS
    with pytest.raises(make.SetupError, match='do not work together'):
        ensure(machine)
    assert not list((machine.folder / 'mmp3d-setup').glob('*.stamp'))


@pytest.mark.parametrize('version', [(3, 9), (3, 13), (2, 7)])
def test_unsupported_python_is_refused(machine: Machine, version: tuple[int, int]) -> None:
    machine.version = version
    found, expected = make.dotted(version), f'{make.dotted(make.OLDEST)} to {make.dotted(make.NEWEST)}'
    with pytest.raises(make.SetupError, match=rf'found: .*Python {found}\n.*Python {expected}\n.*remedy'):
        ensure(machine)
    assert not machine.folder.exists()


def test_other_python_on_the_path_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make.shutil, 'which', lambda name: name if name != 'python3.12' else None)

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess:
        answer = '3 11' if command[0] == 'python3.11' else '3 14'
        return subprocess.CompletedProcess(command, 0, answer, '')

    assert make.choose_python(None, run) == 'python3.11'
    with pytest.raises(make.SetupError, match='python3.14: Python 3.14'):
        make.choose_python('python3.14', run)


def test_existing_environment_of_another_python_is_refused(machine: Machine) -> None:
    ensure(machine)
    machine.version = (3, 9)
    with pytest.raises(make.SetupError, match='found: +Python 3.9'):
        ensure(machine)


def test_chosen_torch_is_remembered(machine: Machine) -> None:
    ensure(machine, torch='torch==2.9.1 torchvision==0.24.1 --index-url https://example.org/cpu')
    [command] = [command for command in machine.commands if 'torch==2.9.1' in command]
    assert command[-4:] == ['torch==2.9.1', 'torchvision==0.24.1', '--index-url', 'https://example.org/cpu']
    assert ensure(machine) == []


def test_torch_that_cannot_be_installed_is_not_remembered(machine: Machine) -> None:
    machine.failing = 'torch==99'
    with pytest.raises(make.SetupError, match=r'\[2/6\].*failed'):
        ensure(machine, torch='torch==99 torchvision==99')
    assert 'torch' in ensure(machine)


def test_torch_alone_is_refused(machine: Machine) -> None:
    with pytest.raises(make.SetupError, match='lacks torchvision'):
        ensure(machine, torch='torch==2.9.1')


def test_torch_skip_keeps_what_is_there(machine: Machine) -> None:
    with pytest.raises(make.SetupError, match='holds no torch'):
        ensure(machine, torch='skip')
    machine.installed |= {'torch', 'torchvision'}
    assert ensure(machine, torch='skip') == ['runtime', 'mminstall', make.ROOT.name, 'tests']
    assert ensure(machine, torch='skip') == []


def test_full_mmcv_is_not_overwritten(machine: Machine) -> None:
    machine(['python', '-m', 'venv', str(machine.folder)])
    machine.installed.add('mmcv')
    ensure(machine)
    assert not any('mmcv.txt' in argument for command in machine.commands for argument in command)


def test_demo_forwards_video_and_quick(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = tmp_path / 'clip.mp4'
    monkeypatch.setenv('VIDEO', str(video))
    monkeypatch.setenv('QUICK', '1')
    monkeypatch.setenv('TRAIN', '0')
    env = make.Environment(machine.folder, None, None, run=machine)
    with pytest.raises(make.SetupError, match='no such file'):
        make.demo(env, [])
    video.touch()
    assert make.demo(env, ['--seed', '1']) == 0
    assert machine.commands[-1][1:] == ['tools/demo.py', '--video', str(video), '--quick', '--seed', '1']
    monkeypatch.setenv('POSE2D', str(tmp_path))
    monkeypatch.setenv('TRAIN', '1')
    assert make.demo(env, []) == 0
    assert machine.commands[-1][2:] == ['--video', str(video), '--pose2d', str(tmp_path), '--quick', '--train']


def test_lint_failure_is_the_result_of_test(machine: Machine) -> None:
    machine.failing = 'format --check'
    assert make.test(make.Environment(machine.folder, None, None, run=machine), []) == 1
    assert not any('pytest' in command for command in machine.commands)


def test_clean_spares_an_environment_of_the_users_own(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, 'ROOT', machine.folder.parent)
    env = make.Environment(machine.folder, None, None, run=machine)
    machine.folder.mkdir()
    with pytest.raises(make.SetupError, match='not made by this script'):
        make.clean(env, ['--env'])
    env.made_here.parent.mkdir()
    env.made_here.touch()
    assert make.clean(env, ['--env']) == 0
    assert not machine.folder.exists()


def test_errors_reach_the_user_as_text(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    nowhere = ['--venv', str(tmp_path / 'venv'), '--python', 'no-such-python']
    assert make.main([*nowhere, 'env']) == 1
    assert 'no-such-python: does not start or does not exist' in capsys.readouterr().err

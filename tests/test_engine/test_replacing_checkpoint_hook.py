"""A kill at any moment leaves a checkpoint that the run goes on from, also where one alone is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmp3d.engine.hooks import ReplacingCheckpointHook
from tests.test_engine.test_safe_checkpoint_hook import train

EPOCHS = 4


class CutInSaving(Hook):
    """Ends the run when it is about to write the checkpoint of an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if runner.epoch + 1 == self.epoch:
            raise KeyboardInterrupt


def options(kept: int) -> dict:
    return {'type': 'mmpose.ReplacingCheckpointHook', 'max_keep_ckpts': kept, 'save_best': None, 'published_keys': None}


def checkpoints(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob('*.pth'))


@pytest.mark.parametrize('kept', [1, 2])
def test_a_kill_before_the_new_one_is_written_leaves_the_old_ones(tmp_path: Path, kept: int) -> None:
    train(tmp_path, EPOCHS, stop_at=EPOCHS, checkpoint=options(kept), custom_hooks=[CutInSaving(3)])
    assert checkpoints(tmp_path) == ['epoch_1.pth', 'epoch_2.pth'][-kept:]
    resumed = train(tmp_path, EPOCHS, resume=True, checkpoint=options(kept))
    assert len(resumed.losses) == 2 * len(resumed.train_dataloader)
    assert checkpoints(tmp_path) == ['epoch_3.pth', 'epoch_4.pth'][-kept:]


def test_what_a_kill_before_the_removal_leaves_goes_when_the_run_is_resumed(tmp_path: Path, monkeypatch) -> None:
    def killed(hook, step: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ReplacingCheckpointHook, '_remove', killed)
        train(tmp_path, EPOCHS, stop_at=EPOCHS, checkpoint=options(1))
    assert checkpoints(tmp_path) == ['epoch_1.pth', 'epoch_2.pth']
    assert (tmp_path / 'last_checkpoint').read_text().endswith('epoch_2.pth')
    train(tmp_path, EPOCHS, stop_at=2, resume=True, checkpoint=options(1))
    assert checkpoints(tmp_path) == ['epoch_2.pth']


def test_all_are_kept_where_no_number_is_given(tmp_path: Path) -> None:
    train(tmp_path, 3, checkpoint=options(-1))
    assert checkpoints(tmp_path) == ['epoch_1.pth', 'epoch_2.pth', 'epoch_3.pth']

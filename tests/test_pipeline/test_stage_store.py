"""Stage outputs in a folder: read back as they were, computed anew where they no longer fit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmp3d import register_all_modules
from mmp3d.datasets.report import recorded
from mmp3d.models.integration import HardIntegration, IntegrationNet, LinearIntegration
from mmp3d.pipeline import StageStore
from mmp3d.pipeline.stage_memory import digest
from mmp3d.pipeline.stage_store import module_digest
from tests.test_pipeline.two_branch_scenes import CAMERA, KnownBottomUp, KnownLifter, frames_of, system, walkers

register_all_modules()
TRUTH = walkers()
FIELDS = ('keypoints', 'keypoints_cam', 'keypoint_scores', 'bboxes', 'bbox_scores', 'track_ids', 'source', 'root_cam')
STAGES = {'poses2d', 'bottom_up', 'tracks', 'lifting', 'people'}


def run(folder, integration=None, frames=None, camera=CAMERA, **settings):
    """People of each frame, how many pictures were looked at, and how many tracks lifted."""
    lifter, lower = KnownLifter(TRUTH), KnownBottomUp(TRUTH, 1.02, 0.7, absent=[(3, 0)])
    pipeline = system(TRUTH, integration or LinearIntegration(), lifter, lower, chunk=5, **settings)
    store = None if folder is None else StageStore(folder)
    found = list(pipeline.run(frames_of(TRUTH) if frames is None else frames, camera, store, 'TS1'))
    return found, len(lower.seen), lifter.calls


def assert_same(first, second):
    assert first and [number for number, _ in first] == [number for number, _ in second]
    for (_, people), (_, others) in zip(first, second, strict=True):
        for name in FIELDS:
            np.testing.assert_array_equal(people[name], others[name])
            assert people[name].dtype == others[name].dtype


def test_read_back_is_what_was_computed(tmp_path):
    computed, *_ = run(None)
    written, *looked = run(tmp_path)
    read, *again = run(tmp_path)
    assert looked == [12, 2] and again == [0, 0]
    assert_same(computed, written)
    assert_same(computed, read)
    names = {path.name for path in (tmp_path / 'TS1').iterdir()}
    assert {name.split('.')[0].split('-')[0] for name in names} == STAGES
    assert {f'{stage}-{start:06d}.npz' for stage in ('poses2d', 'people') for start in (0, 5, 10)} <= names


def test_a_later_stage_is_changed_without_the_earlier_ones(tmp_path):
    run(tmp_path)
    for options in (dict(integration=HardIntegration()), dict(matching='none'), dict(least_score=0.5)):
        assert_same(run(None, **options)[0], run(tmp_path, **options)[0])
        assert run(tmp_path, **options)[1:] == (0, 0)


def test_people_whom_another_rule_has_numbered_are_not_taken(tmp_path, monkeypatch):
    run(tmp_path)
    path = tmp_path / 'TS1' / 'people-000000.npz'
    first = path.read_bytes()
    run(tmp_path)
    assert path.read_bytes() == first
    monkeypatch.setattr('mmp3d.pipeline.two_branch.NUMBERING', 'another rule')
    assert run(tmp_path)[1:] == (0, 0) and path.read_bytes() != first


def test_an_earlier_stage_that_changes_takes_the_later_ones_along(tmp_path):
    run(tmp_path)
    assert run(tmp_path, tracker=dict(gate=0.5))[1:] == (0, 2)
    moved = [frame._replace(poses=(frame.poses[0] + 1, frame.poses[1])) for frame in frames_of(TRUTH)]
    changed, *looked = run(tmp_path, frames=moved)
    assert looked == [12, 2]
    assert_same(run(None, frames=moved)[0], changed)
    assert run(tmp_path, frames=moved, camera=CAMERA.cropped((1, 0), (319, 240)))[1:] == (12, 2)


def test_another_picture_of_the_same_number_is_looked_at(tmp_path):
    run(tmp_path)
    newer = [frame._replace(stamp='new') if frame.frame_id == 7 else frame for frame in frames_of(TRUTH)]
    assert run(tmp_path, frames=newer)[1] == 5


@pytest.mark.parametrize(
    'damage', [lambda content: content[: len(content) // 2], lambda content: b'', lambda c: b'x' * 99]
)
def test_damaged_files_are_computed_anew_with_a_warning(tmp_path, damage):
    computed, *_ = run(tmp_path)
    for name in ('bottom_up-000005.npz', 'lifting.npz', 'people-000000.npz'):
        path = tmp_path / 'TS1' / name
        path.write_bytes(damage(path.read_bytes()))
    with recorded() as notes:
        again, *looked = run(tmp_path)
    assert looked == [5, 2] and sum('is damaged' in note for note in notes) == 3
    assert_same(computed, again)
    assert run(tmp_path)[1:] == (0, 0)


def test_a_flipped_bit_is_noticed(tmp_path):
    run(tmp_path)
    path = tmp_path / 'TS1' / 'bottom_up-000000.npz'
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with recorded() as notes:
        assert run(tmp_path)[1] == 5
    assert any('is damaged' in note for note in notes)


def test_a_run_that_is_broken_off_goes_on_where_it_was(tmp_path):
    def broken():
        for frame in frames_of(TRUTH):
            if frame.frame_id == 8:
                raise KeyboardInterrupt
            yield frame

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, frames=broken())
    found, looked, _ = run(tmp_path)
    assert looked == 7
    assert_same(run(None)[0], found)


def test_clips_of_other_names_have_other_files(tmp_path):
    store = StageStore(tmp_path)
    paths = {store.path(f'{clip}/tracks') for clip in ('a/b', 'a_b', 'a b', '../a_b')}
    assert len(paths) == 4 and all(path.parent.parent == tmp_path for path in paths)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(ValueError, match='is a file'):
        StageStore(tmp_path / 'file')


def test_a_file_that_vanishes_during_the_run_is_named(tmp_path):
    with pytest.raises(ValueError, match='tracks.npz: was changed or removed'):
        StageStore(tmp_path).again('TS1/tracks', 'key')


def test_digests_tell_networks_and_arrays_apart():
    nets = [IntegrationNet(hidden_channels=8) for _ in range(2)]
    assert module_digest(nets[0]) != module_digest(nets[1])
    nets[1].load_state_dict(nets[0].state_dict())
    assert module_digest(nets[0]) == module_digest(nets[1])
    with torch.no_grad():
        nets[1].layers[0].bias[0] += 1e-6
    assert module_digest(nets[0]) != module_digest(nets[1])
    assert digest(np.zeros(2)) != digest(np.zeros(2, np.float32)) != digest(np.zeros((2, 1), np.float32))
    assert digest([1], [2]) != digest([1, 2]) and digest(dict(a=1, b=2)) == digest(dict(b=2, a=1))

"""A file of branch pairs serves the people of its pictures, and a file that cannot be used is named."""

import json

import numpy as np
import pytest
import torch

from mmp3d.datasets.branch_pairs import BRANCH_PAIRS, BranchPairsDataset, cleaned_columns


def columns_of(count):
    """People at 4 m, the top-down branch 100 mm before them and the bottom-up branch 100 mm behind."""
    truth = np.random.default_rng(0).normal(0, 300, (count, 1, 17, 3)) + [0, 0, 4000]
    marks = np.ones((count, 1, 17))
    return cleaned_columns(
        dict(
            keypoints_cam=truth,
            keypoints_3d_valid=marks,
            top_down=truth - [0, 0, 100],
            bottom_up=truth + [0, 0, 100],
            top_down_scores=0.9 * marks,
            bottom_up_scores=0.6 * marks,
        )
    )


def write_pairs(path, offsets=(0, 2, 3), **changed):
    """A file of as many pictures as ``offsets`` has people between."""
    BRANCH_PAIRS.save(path, dict(data='known'), {**columns_of(offsets[-1]), **changed}, np.array(offsets))
    return str(path)


def test_a_picture_is_an_item_with_places_for_people(tmp_path):
    dataset = BranchPairsDataset(write_pairs(tmp_path / 'pairs.npz'), max_people=3)
    assert len(dataset) == 2
    item = dataset[0]
    assert item['person_valid'].tolist() == [1, 1, 0]
    for name, axes in BRANCH_PAIRS.columns.items():
        assert item[name].shape == (3, 1, 17, *axes)
    torch.testing.assert_close(
        item['bottom_up'][:2] - item['top_down'][:2], torch.tensor([0, 0, 200.0]).expand(2, 1, 17, 3), atol=1e-2, rtol=0
    )
    torch.testing.assert_close(
        item['keypoints_norm'][:2], (item['keypoints_cam'][..., :2] / item['keypoints_cam'][..., 2:])[:2]
    )
    assert (item['keypoint_scores'][:2] == np.float32(0.9)).all()
    assert not any(values[2].any() for values in item.values())
    assert BranchPairsDataset(dataset.ann_file, max_people=1)[0]['keypoints_cam'].shape == (1, 1, 17, 3)


def test_several_files_follow_each_other(tmp_path):
    files = [write_pairs(tmp_path / f'{number}.npz', offsets) for number, offsets in enumerate([(0, 2, 3), (0, 1)])]
    dataset = BranchPairsDataset(files)
    assert [int(item['person_valid'].sum()) for item in dataset] == [2, 1, 1]
    assert torch.equal(dataset[2]['keypoints_cam'], BranchPairsDataset(files[1])[0]['keypoints_cam'])
    with pytest.raises(ValueError, match='names no file'):
        BranchPairsDataset([])
    longer = {name: np.zeros((1, 2, 17, *axes)) for name, axes in BRANCH_PAIRS.columns.items()}
    with pytest.raises(ValueError, match=r'clips of \[1, 2\] frames'):
        BranchPairsDataset([files[0], write_pairs(tmp_path / 'longer.npz', (0, 1), **longer)])


def test_joints_that_are_not_known_are_zero_with_mark_zero():
    columns = columns_of(2)
    columns['top_down'][0, 0, 3] = np.nan
    columns['bottom_up_scores'][1, 0, 5] = np.nan
    columns['keypoints_3d_valid'][1, 0, 6] = 0
    cleaned = cleaned_columns(columns)
    assert all(np.isfinite(values).all() for values in cleaned.values())
    places = dict(top_down=(0, 0, 3), bottom_up=(1, 0, 5), keypoints_cam=(1, 0, 6))
    for points, place in places.items():
        mark = 'keypoints_3d_valid' if points == 'keypoints_cam' else f'{points}_scores'
        assert cleaned[mark][place] == 0
        assert not cleaned[points][place].any()
        assert (cleaned[mark] > 0).sum() == 33


def test_files_that_are_no_pairs_are_named(tmp_path):
    path = tmp_path / 'pairs.npz'
    with pytest.raises(FileNotFoundError, match=r'no branch pairs at .*tools/branch_pairs\.py'):
        BranchPairsDataset(str(path))
    path.write_bytes(b'')
    with pytest.raises(ValueError, match='not a readable'):
        BranchPairsDataset(str(path))
    np.savez(path, header=json.dumps(dict(format='mmp3d-branch-pairs', version=99)))
    with pytest.raises(ValueError, match='expected mmp3d-branch-pairs version 1, found mmp3d-branch-pairs version 99'):
        BranchPairsDataset(str(path))
    shapes = r'bottom_up must be numbers of shape \(3, 1, 17, 3\), found float64 of shape \(2, 1, 17, 3\)'
    with pytest.raises(ValueError, match=shapes):
        BranchPairsDataset(write_pairs(path, bottom_up=np.zeros((2, 1, 17, 3))))
    with pytest.raises(ValueError, match='max_people must be positive, got 0'):
        BranchPairsDataset(write_pairs(path), max_people=0)


@pytest.mark.parametrize('offsets', [[0], [0, 0, 0]])
def test_a_file_without_people_is_refused(tmp_path, offsets):
    with pytest.raises(ValueError, match='there is nobody in it'):
        BranchPairsDataset(write_pairs(tmp_path / 'pairs.npz', offsets))


def test_a_file_of_something_else_is_kept_unless_asked(tmp_path):
    path = tmp_path / 'pairs.npz'
    write_pairs(path)
    assert BRANCH_PAIRS.holds(path, dict(data='known'), overwrite=False)
    with pytest.raises(ValueError, match='holds branch pairs of another data; give another --out, or --overwrite'):
        BRANCH_PAIRS.holds(path, dict(data='other'), overwrite=False)
    assert not BRANCH_PAIRS.holds(path, dict(data='other'), overwrite=True)

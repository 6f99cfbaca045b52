"""Videos become numbered frames, whole or not at all."""

import cv2
import numpy as np
import pytest

from mmp3d.datasets.inspection.videos import extract_frames


def write_video(path, frames=5):
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 30, (64, 48))
    for frame in range(frames):
        writer.write(np.full((48, 64, 3), 40 * frame, np.uint8))
    writer.release()


def quiet(rows, **_):
    return rows


def test_frames_are_numbered_from_one_and_not_written_twice(tmp_path):
    write_video(tmp_path / 'videos/train/seq_0.mp4')
    write_video(tmp_path / 'videos/val/seq_257.mp4', 2)
    assert extract_frames(tmp_path, ['train', 'val', 'test'], 2, quiet) == 2
    folder = tmp_path / 'frames/train/seq_0'
    assert sorted(path.name for path in folder.iterdir()) == [f'{frame}.jpg' for frame in range(1, 6)]
    grey = [cv2.imread(str(folder / f'{frame}.jpg')).mean() for frame in range(1, 6)]
    assert np.abs(np.array(grey) - 40 * np.arange(5)).max() < 6
    (folder / '1.jpg').unlink()
    write_video(tmp_path / 'videos/train/seq_1.mp4')
    assert extract_frames(tmp_path, ['train'], 1, quiet) == 1
    assert not (folder / '1.jpg').exists()
    assert len(list((tmp_path / 'frames/train/seq_1').iterdir())) == 5


def test_an_interrupted_video_starts_again(tmp_path):
    write_video(tmp_path / 'videos/train/seq_0.mp4')
    left = tmp_path / 'frames/train/.part-seq_0'
    left.mkdir(parents=True)
    (left / '99.jpg').write_bytes(b'')
    extract_frames(tmp_path, ['train'], 1, quiet)
    assert len(list((tmp_path / 'frames/train/seq_0').iterdir())) == 5
    assert not left.exists()


@pytest.mark.parametrize('kept', [0, 300])
def test_a_damaged_video_is_named_and_leaves_nothing(tmp_path, kept):
    path = tmp_path / 'videos/train/seq_0.mp4'
    write_video(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match='seq_0.mp4'):
        extract_frames(tmp_path, ['train'], 1, quiet)
    assert not list((tmp_path / 'frames/train').iterdir())


def test_no_videos_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='videos holds no'):
        extract_frames(tmp_path, ['train'], 1, quiet)

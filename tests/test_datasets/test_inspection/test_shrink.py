"""Smaller copies of pictures are read as the pictures are, and written once."""

from collections import Counter

import cv2
import numpy as np
import pytest

from mmp3d.datasets import MuCoDataset
from mmp3d.datasets.image_file import read_image
from mmp3d.datasets.inspection.shrink import shrink_image, shrink_images
from mmp3d.datasets.transforms import LoadMultiPersonImage
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import Recipe

SIZE, LEAST = (161, 121), 60


def quiet(rows, **_):
    return rows


@pytest.fixture
def muco(tmp_path):
    generate(Recipe('muco', 3, people=(1, 2), size=SIZE, seed=2), tmp_path / 'muco')
    return tmp_path / 'muco'


def shrunk(root, out):
    return shrink_images('muco', root, 'train', out, LEAST, workers=2, bar=quiet)


def test_training_gets_nearly_the_same_pixels_of_a_copy(muco, tmp_path):
    # The drawn pictures are noisy, which a JPEG loses first.
    assert shrunk(muco, tmp_path / 'small') == Counter(shrunk=3)
    whole = MuCoDataset(data_root=str(muco))
    small = MuCoDataset(data_root=str(muco), data_prefix=dict(img=str(tmp_path / 'small')))
    load = LoadMultiPersonImage(least_side=LEAST)
    for index in range(len(whole)):
        wanted, found = (load(data.get_data_info(index)) for data in (whole, small))
        assert cv2.imread(found['img_path']).shape == found['img'].shape == (61, 81, 3)
        assert np.abs(found['img'].astype(float) - wanted['img']).mean() < 5
        assert found['img_reduction'] == wanted['img_reduction'] == 2
        assert found['img_shape'] == found['ori_shape'] == SIZE[::-1]


def test_copies_that_are_there_are_kept(muco, tmp_path):
    shrunk(muco, tmp_path / 'small')
    first, *others = sorted((tmp_path / 'small').rglob('*.jpg'))
    first.unlink()
    kept = {path: path.stat().st_mtime_ns for path in others}
    assert shrunk(muco, tmp_path / 'small') == Counter({'shrunk': 1, 'there already': 2})
    assert first.exists() and all(path.stat().st_mtime_ns == time for path, time in kept.items())


@pytest.mark.parametrize('name', ['small.jpg', 'whole.png', 'damaged.jpg', 'text.jpg'])
def test_what_is_not_shrunk_is_copied_as_it_is(tmp_path, name):
    side = 50 if name == 'small.jpg' else 200
    image = np.random.default_rng(0).integers(0, 255, (side, side, 3), dtype=np.uint8)
    content = cv2.imencode(name[-4:], image)[1].tobytes()
    content = {'damaged.jpg': content[:-500], 'text.jpg': b'text'}.get(name, content)
    (tmp_path / name).write_bytes(content)
    assert shrink_image(tmp_path / name, tmp_path / 'out' / name, LEAST) == 'copied'
    assert [path.name for path in (tmp_path / 'out').iterdir()] == [name]
    assert (tmp_path / 'out' / name).read_bytes() == content


def test_a_copy_of_another_size_is_reported(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.jpg'), np.zeros((60, 81, 3), np.uint8))
    with pytest.raises(ValueError, match='a.jpg is 81x60, annotated as 161x121'):
        read_image(tmp_path / 'a.jpg', SIZE[::-1], least_side=LEAST)


def test_mistakes_are_named(muco, tmp_path):
    with pytest.raises(ValueError, match='--out must be another folder'):
        shrunk(muco, muco)
    with pytest.raises(ValueError, match='--least-side must be a positive number of pixels, got 0'):
        shrink_images('muco', muco, 'train', tmp_path, 0)
    with pytest.raises(FileNotFoundError, match='a.jpg'):
        shrink_image(tmp_path / 'a.jpg', tmp_path / 'out' / 'a.jpg', LEAST)

"""Files of measured people: written whole, read back the same, refused by name when damaged."""

import numpy as np
import pytest

from mmp3d.datasets.measured_people import COLUMNS, MeasuredPeopleDataset, write_measured_people


def image(people, seed=0):
    rng = np.random.default_rng(seed)
    return {name: (rng.random((people, *shape)) + 0.5).astype(kind) for name, (shape, kind) in COLUMNS.items()}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / 'made' / 'people.npz'
    write_measured_people(path, [image(2), image(0), image(3, seed=1)], (160, 96))
    return path


def test_items_are_the_images_padded(file):
    dataset = MeasuredPeopleDataset(str(file), max_people=4)
    assert len(dataset) == 3
    first, empty, third = (dataset[index] for index in range(3))
    assert first['input_size'].tolist() == [160, 96]
    assert [item['measured']['present'].sum() for item in (first, empty, third)] == [2, 0, 3]
    assert np.array_equal(third['measured']['keypoints'][:3], image(3, seed=1)['measured_keypoints'])
    assert np.array_equal(third['truth']['real'], [True, True, True, False])
    assert (empty['measured']['root_depths'] == 1).all(), 'its logarithm is taken'


def test_more_people_than_asked_for_are_left_out(file):
    assert MeasuredPeopleDataset(str(file), max_people=1)[2]['measured']['present'].tolist() == [True]


def test_a_set_without_images_or_people_can_be_written(tmp_path):
    for number, images in enumerate(([], [image(0)])):
        write_measured_people(tmp_path / f'{number}.npz', images, (160, 96))
        assert len(MeasuredPeopleDataset(str(tmp_path / f'{number}.npz'))) == len(images)


def test_wrong_files_are_named(file, tmp_path):
    with pytest.raises(FileNotFoundError, match='measure_people.py'):
        MeasuredPeopleDataset(str(tmp_path / 'none.npz'))
    with pytest.raises(ValueError, match='npz'):
        write_measured_people(tmp_path / 'people.json', [], (160, 96))
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(ValueError, match='people.npz.*measure_people.py'):
        MeasuredPeopleDataset(str(file))
    with pytest.raises(ValueError, match='max_people'):
        MeasuredPeopleDataset(str(file), max_people=0)


def test_fields_of_a_wrong_shape_are_named(file):
    content = dict(np.load(file))
    np.savez(file, **{**content, 'measured_scores': content['measured_scores'][:, :3]})
    with pytest.raises(ValueError, match='measured_scores'):
        MeasuredPeopleDataset(str(file))
    del content['true_real']
    np.savez(file, **content)
    with pytest.raises(ValueError, match='true_real'):
        MeasuredPeopleDataset(str(file))

import gzip
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmp3d.evaluation import DumpPredictions, iterate_predictions, read_predictions, write_predictions
from mmp3d.geometry import Camera
from tests.test_evaluation.scenes import evaluate, make_people, make_sample


def make_images(count: int = 3) -> list[dict]:
    rng = np.random.default_rng(0)
    images = []
    for number in range(count):
        people = make_people(rng, number)
        sample = make_sample(np.int64(number), people, people)
        names = {key: sample[key] for key in ('img_id', 'seq_name', 'frame_id', 'img_path')}
        camera = Camera.assumed((640, 480)).to_dict() if number else None
        images.append({**names, 'camera': camera, 'instances': sample['pred_instances']})
    return images


def assert_same(read: list[dict], written: list[dict]) -> None:
    assert len(read) == len(written)
    for found, expected in zip(read, written, strict=True):
        for key in ('img_id', 'seq_name', 'frame_id', 'img_path', 'camera'):
            assert found[key] == expected[key]
        assert set(found['instances']) == set(expected['instances'])
        for name, array in expected['instances'].items():
            assert found['instances'][name].shape == array.shape
            if len(array):
                np.testing.assert_array_equal(found['instances'][name], array)
                assert found['instances'][name].dtype.kind == array.dtype.kind


@pytest.mark.parametrize('name', ['a.json', 'folder/b.json.gz'])
def test_round_trip(tmp_path, name):
    images = make_images()
    write_predictions(tmp_path / name, images)
    assert_same(read_predictions(tmp_path / name), images)
    assert [path.name for path in (tmp_path / name).parent.iterdir()] == [(tmp_path / name).name]


def test_no_images_round_trip(tmp_path):
    write_predictions(tmp_path / 'a.json', [])
    assert read_predictions(tmp_path / 'a.json') == []


@settings(max_examples=25, deadline=None)
@given(array=arrays(np.float32, (2, 17, 3), elements=st.floats(width=32)))
def test_every_float32_is_read_back_bit_for_bit(tmp_path_factory, array):
    path = tmp_path_factory.getbasetemp() / 'floats.json'
    image = make_images()[2]
    image['instances']['keypoints_cam'] = array
    write_predictions(path, [image])
    np.testing.assert_array_equal(read_predictions(path)[0]['instances']['keypoints_cam'], array)


def test_file_is_documented_json(tmp_path):
    write_predictions(tmp_path / 'a.json', make_images())
    content = json.loads((tmp_path / 'a.json').read_text())
    assert {key: value for key, value in content.items() if key != 'images'} == {
        'format': 'mmp3d-predictions', 'version': 1, 'joint_set': 'mupots17', 'unit': 'mm'}  # fmt: skip


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / 'a.json'
    write_predictions(path, make_images())
    before = path.read_bytes()
    broken = make_images()
    broken[-1]['instances']['root_cam'] = np.zeros((5, 3))
    with pytest.raises(ValueError, match='image 2: fields differ in their number of people'):
        write_predictions(path, broken)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


EMPTY = {'keypoints': [], 'keypoints_cam': [], 'root_cam': [], 'bbox_scores': []}


def damaged(**changes) -> dict:
    image = {'img_id': 0, 'seq_name': 'TS1', 'frame_id': 0, 'img_path': 'x.jpg', 'camera': None, 'instances': EMPTY}
    header = {'format': 'mmp3d-predictions', 'version': 1, 'joint_set': 'mupots17', 'unit': 'mm'}
    return {**header, 'images': [{**image, **changes.pop('image', {})}], **changes}


def damaged_instances(**fields) -> dict:
    return damaged(image={'instances': {**EMPTY, **fields}})


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (damaged(format='coco'), "'format' must be 'mmp3d-predictions', found 'coco'"),
        (damaged(version=2), "'version' must be 1, found 2"),
        (damaged(joint_set='coco17'), "'joint_set' must be 'mupots17', found 'coco17'"),
        (damaged(unit='m'), "'unit' must be 'mm', found 'm'"),
        (damaged(images=None), "'images' must be a list"),
        (damaged(images=[3]), r"images\[0\] must be an object with 'instances'"),
        (damaged(image={'img_id': None, 'frame_id': None}), r"images\[0\] needs 'img_id'"),
        (damaged(image={'img_id': 'abc'}), r"images\[0\]: img_id must be a whole number or null, got 'abc'"),
        (damaged(image={'img_id': 2.5}), r'images\[0\]: img_id must be a whole number or null, got 2.5'),
        (damaged(image={'img_id': [1]}), r'images\[0\]: img_id must be a whole number or null, got \[1\]'),
        (damaged(image={'frame_id': '2'}), r"images\[0\]: frame_id must be a whole number or null, got '2'"),
        (damaged(image={'seq_name': ['x']}), r"images\[0\]: seq_name must be text or null, got \['x'\]"),
        (damaged(image={'instances': {'keypoints': []}}), r"images\[0\]: instances lack \['keypoints_cam'"),
        (damaged_instances(keypoints=[[[1, 2]]]), r'keypoints must have shape \(people, 17, 2\), got \(1, 1, 2\)'),
        (damaged_instances(keypoints=[[1], [2, 3]]), r'images\[0\]: keypoints must .* rows of different lengths'),
        (damaged_instances(root_cam=[['a', 'b', 'c']]), r'images\[0\]: root_cam must hold numbers'),
        (damaged_instances(root_cam=[[0, None, 2]]), r'images\[0\]: root_cam must hold numbers'),
        (damaged_instances(track_ids=[1.0, 1.5]), r'images\[0\]: track_ids must hold whole numbers, got 1.5'),
        (damaged_instances(track_ids=[float('nan')]), r'images\[0\]: track_ids must hold whole numbers, got nan'),
        (damaged_instances(root_cam=[[0, 1, 2]]), r'images\[0\]: fields differ in their number of people'),
        ([1], 'must hold a JSON object, found list'),
        ({'images': []}, "'format' must be 'mmp3d-predictions', found none"),
        ({key: value for key, value in damaged().items() if key != 'images'}, "'images' must be a list"),
    ],
)
def test_damaged_content_is_named(tmp_path, content, message):
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message) as error:
        read_predictions(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('a.json', b'{"format": "mmp3d-'),
        ('a.json', b'\xff\xfe\x00'),
        ('a.json', b'[' * 100_000),
        ('a.json', b''),
        ('a.json', json.dumps(damaged()).encode() + b']'),
        ('a.json.gz', b'not gzip'),
        ('b.json.gz', gzip.compress(b'{"format": 1}' * 100)[:40]),
    ],
)
def test_unreadable_file_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f'{name} is not readable as JSON'):
        read_predictions(tmp_path / name)


@pytest.mark.parametrize('options', [{'indent': 2}, {'separators': (',', ':')}, {'sort_keys': True}])
def test_any_json_of_that_content_is_read(tmp_path, options):
    (tmp_path / 'a.json').write_text(json.dumps({**damaged(), 'made_by': ['somebody']}, **options))
    assert read_predictions(tmp_path / 'a.json')[0]['seq_name'] == 'TS1'


def test_images_are_read_one_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr('mmp3d.evaluation.json_stream.CHUNK_CHARACTERS', 100)
    path, images = tmp_path / 'a.json', make_images()
    write_predictions(path, images)
    assert_same(read_predictions(path), images)
    path.write_text(path.read_text()[:-10])
    reader = iterate_predictions(path)
    assert_same([next(reader), next(reader)], images[:2])
    with pytest.raises(ValueError, match='not readable as JSON'):
        next(reader)


def test_missing_file_and_wrong_ending(tmp_path):
    with pytest.raises(FileNotFoundError, match='tools/test.py CONFIG CHECKPOINT --out'):
        read_predictions(tmp_path / 'no.json')
    with pytest.raises(ValueError, match=r'named \*.json or \*.json.gz'):
        DumpPredictions('a.pkl')


def test_dump_collects_and_writes(tmp_path):
    rng = np.random.default_rng(0)
    samples = [make_sample(number, make_people(rng, 1), make_people(rng, number)) for number in range(4)]
    assert evaluate(DumpPredictions(str(tmp_path / 'out.json')), samples) == {}
    expected = [{**sample, 'instances': sample['pred_instances']} for sample in samples]
    assert_same(read_predictions(tmp_path / 'out.json'), expected)

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.evaluator import Evaluator
from mmpose.registry import DATASETS, METRICS

from mmp3d.datasets.ground_truth import ground_truth_instances
from mmp3d.evaluation import read_predictions, select_evaluators
from mmp3d.evaluation.offline import (
    ImageIndex,
    build_annotations,
    data_samples,
    evaluate_predictions,
    write_results,
)
from tests.test_evaluation.scenes import make_people, make_sample, project

NAMES = ['PCK', 'PCKabs', 'AUCrel', 'AP25root']
IMAGES = 6


def people_of(index: int) -> np.ndarray:
    return make_people(np.random.default_rng(index), 1 + index % 3)


@DATASETS.register_module(force=True)
class SceneForOfflineTest(BaseDataset):
    """Images of two sequences with known people; running its pipeline or reading its input poses is an error."""

    METAINFO = {'dataset_name': 'scene'}

    def __init__(self, pose2d_file: str | None = None, **options) -> None:
        assert pose2d_file is None
        super().__init__(**options)

    def load_data_list(self) -> list[dict]:
        return [
            {
                'img_path': f'{index}.jpg', 'img_id': 100 + index, 'seq_name': f'TS{1 + index % 2}', 'frame_id': index,
                'keypoints': project(people_of(index)), 'keypoints_visible': np.ones((1 + index % 3, 17)),
                'keypoints_cam': people_of(index), 'keypoints_3d_valid': np.ones((1 + index % 3, 17)),
                'bbox': np.zeros((1 + index % 3, 4)),
            }
            for index in range(IMAGES)
        ]  # fmt: skip


@pytest.fixture
def cfg() -> Config:
    network_only = {'pipeline': [{'type': 'NoSuchTransform'}], 'pose2d_file': 'missing.json'}
    dataset = {'type': 'SceneForOfflineTest', 'ann_file': '', **network_only}
    return Config({'test_dataloader': {'dataset': dataset}, 'test_evaluator': [{'type': name} for name in NAMES]})


@pytest.fixture
def samples() -> list[dict]:
    """What a network might have given: noisy people, one missed, somebody who is not there."""
    result = []
    for index in range(IMAGES):
        rng, gt = np.random.default_rng(50 + index), people_of(index)
        pred = np.concatenate([gt + rng.normal(size=gt.shape) * 100, make_people(rng, 1)])[index % 2 :]
        scores = rng.random(len(pred)).astype(np.float32)
        sample = make_sample(100 + index, gt, pred, scores, seq_name=f'TS{1 + index % 2}')
        result.append(sample | {'frame_id': index})
    return result


def run(samples: list[dict], evaluators: list[dict]) -> dict[str, float]:
    """What a test run prints."""
    return Evaluator([METRICS.build(evaluator) for evaluator in evaluators]).offline_evaluate(samples)


def saved(samples: list[dict], folder: Path) -> list[dict]:
    path = folder / 'predictions.json.gz'
    run(samples, [{'type': 'DumpPredictions', 'out_file': str(path)}])
    return read_predictions(path)


def test_equals_the_test_run_exactly(cfg, samples, tmp_path):
    live = run(samples, select_evaluators(cfg))
    scalars, reports = evaluate_predictions(cfg, saved(samples, tmp_path)[::-1], select_evaluators(cfg))
    assert scalars == live
    assert set(reports) == set(NAMES)


def load_tool():
    """tools/evaluate.py as a module: it lies outside of every package."""
    path = Path(__file__).parents[2] / 'tools' / 'evaluate.py'
    spec = importlib.util.spec_from_file_location('evaluate_tool', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tool_writes_the_scores_that_a_test_run_prints(cfg, samples, tmp_path):
    saved(samples, tmp_path)
    (tmp_path / 'config.py').write_text(f'test_dataloader = {cfg.test_dataloader.to_dict()!r}\n')
    files = [str(tmp_path / name) for name in ('config.py', 'predictions.json.gz', 'scores.json')]
    load_tool().main([*files[:2], '--eval', 'PCK', 'AP50root', '--out', files[2]])
    content = json.loads(Path(files[2]).read_text())
    assert content['scores'] == run(samples, [{'type': 'PCK'}, {'type': 'RootAP', 'radius': 500}])
    assert content['reports']['PCK']['protocol']['annotation'] == 'univ_annot3'


def test_images_without_prediction_count_as_nobody_found(cfg, samples, tmp_path, log):
    predictions = saved(samples, tmp_path)[:2]
    scalars, _ = evaluate_predictions(cfg, predictions, [{'type': 'PCK'}])
    for sample in samples[2:]:
        sample['pred_instances'] = {name: array[:0] for name, array in sample['pred_instances'].items()}
    assert scalars == run(samples, [{'type': 'PCK'}])
    assert f'{IMAGES - 2} images without a prediction count as images where nobody was found' in log.text


def test_predictions_are_taken_one_at_a_time(cfg, samples, tmp_path):
    predictions = saved(samples, tmp_path)
    taken = iter(predictions)
    made = data_samples(build_annotations(cfg), taken)
    for prediction in predictions[:3]:
        assert next(made)['img_id'] == prediction['img_id']
    assert len(list(taken)) == IMAGES - 3


def test_two_processes_share_the_images(cfg, samples, tmp_path):
    dataset, predictions = build_annotations(cfg), saved(samples, tmp_path)[:4]
    parts = [[sample['img_id'] for sample in data_samples(dataset, predictions, rank, 2)] for rank in range(2)]
    assert parts == [[100, 102, 104], [101, 103, 105]]


ITEMS = [{'img_id': 5, 'seq_name': 'TS1', 'frame_id': 3}, {'img_id': 6, 'seq_name': 'TS1', 'frame_id': 4}]


def test_pairing_by_sequence_and_frame_where_there_is_no_id():
    images = ImageIndex(ITEMS)
    assert images.not_found() == [0, 1]
    assert images.find({'img_id': None, 'seq_name': 'TS1', 'frame_id': 4}) == 1
    assert images.not_found() == [0]
    assert images.find({'img_id': 5, 'seq_name': None, 'frame_id': None}) == 0


@pytest.mark.parametrize(
    'image',
    [
        {'img_id': 9, 'seq_name': 'TS1', 'frame_id': 0},
        {'img_id': 5, 'seq_name': 'TS2', 'frame_id': 3},
        {'img_id': None, 'seq_name': 'TS1', 'frame_id': 9},
    ],
)
def test_predictions_of_another_data_set_are_refused(image):
    images = ImageIndex(ITEMS)
    images.find(ITEMS[1])
    with pytest.raises(ValueError, match='entry 1 of the predictions is for an image that the data set of 2 images'):
        images.find(image)


def test_two_predictions_for_an_image_are_refused():
    images = ImageIndex(ITEMS)
    images.find(ITEMS[0])
    with pytest.raises(ValueError, match='two predictions for img_id 5.*entries 0 and 1'):
        images.find({'img_id': 5, 'seq_name': None, 'frame_id': None})


def test_config_without_test_data_is_named():
    with pytest.raises(ValueError, match='no test_dataloader.dataset'):
        evaluate_predictions(Config({}), [], [])


def test_result_file_holds_scores_and_choices_and_null_where_undefined(tmp_path):
    reports = {'PCK': {'protocol': {'annotation': 'annot3'}, 'tables': []}}
    write_results(tmp_path / 'new' / 'r.json', {'PCK/all': 51.25, 'PCK/matched': float('nan')}, reports)
    content = json.loads((tmp_path / 'new' / 'r.json').read_text())
    assert content == {'scores': {'PCK/all': 51.25, 'PCK/matched': None}, 'reports': reports}


def test_ground_truth_fills_in_what_a_data_set_may_leave_out():
    gt = ground_truth_instances(SceneForOfflineTest(ann_file='').get_data_info(1))
    assert len(gt) == 2
    np.testing.assert_array_equal(gt.keypoints_cam_univ, gt.keypoints_cam)
    assert gt.person_valid.tolist() == [1, 1]
    assert gt.track_ids.tolist() == [-1, -1]
    assert gt.keypoints_occluded.sum() == 0
    assert {gt[name].dtype for name in ('keypoints', 'keypoints_cam', 'bboxes')} == {np.dtype('float32')}


def test_ground_truth_names_what_is_missing():
    with pytest.raises(ValueError, match=r"a.jpg: no ground truth under \['keypoints_visible', .*'bbox'\]"):
        ground_truth_instances({'img_path': 'a.jpg', 'keypoints': np.zeros((0, 17, 2))})

import pytest
from mmengine.config import Config
from mmpose.registry import METRICS

from mmp3d.evaluation import select_evaluators

CONFIG = Config({'test_evaluator': [{'type': 'PCK', 'bone_map': False}, {'type': 'AP25root'}]})


@pytest.mark.parametrize('names', [None, []])
def test_no_names_take_the_config(names):
    assert select_evaluators(CONFIG, names) == [{'type': 'PCK', 'bone_map': False}, {'type': 'AP25root'}]


def test_single_evaluator_may_be_a_dict():
    assert select_evaluators(Config({'test_evaluator': {'type': 'PCK'}})) == [{'type': 'PCK'}]


def test_named_metric_keeps_the_options_of_the_config_or_has_its_defaults():
    assert select_evaluators(CONFIG, ['PCKabs', 'PCK']) == [{'type': 'PCKabs'}, {'type': 'PCK', 'bone_map': False}]


def test_repeated_name_counts_once():
    assert select_evaluators(CONFIG, ['AUCrel', 'AUCrel']) == [{'type': 'AUCrel'}]


@pytest.mark.parametrize(('name', 'radius'), [('AP50root', 500), ('AP7.5root', 75)])
def test_root_ap_at_any_radius(name, radius):
    (evaluator,) = select_evaluators(CONFIG, [name])
    assert evaluator == {'type': 'RootAP', 'radius': radius}
    assert METRICS.build(evaluator).prefix == name


def test_result_is_the_callers_own():
    select_evaluators(CONFIG)[0]['bone_map'] = True
    assert CONFIG.test_evaluator[0].bone_map is False


@pytest.mark.parametrize('name', ['PCKS', 'AProot', 'AP25', 'AP25rootx'])
def test_unknown_name_lists_the_registered_ones(name):
    with pytest.raises(ValueError, match=f'unknown metric {name!r}; registered are .*AP25root.*PCK, .*PCKabs'):
        select_evaluators(CONFIG, [name])


def test_config_without_evaluator():
    with pytest.raises(ValueError, match='no test_evaluator; name the metrics, for example --eval'):
        select_evaluators(Config({}))

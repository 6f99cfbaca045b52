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


@pytest.mark.parametrize(
    ('name', 'options'),
    [
        ('PCKabs-annot3-no_bone_map', {'type': 'PCKabs', 'skeleton': 'annot3', 'bone_map': False}),
        ('AUCrel-pooled-occlusion', {'type': 'AUCrel', 'average': 'pooled', 'occlusion_split': True}),
        ('AP50root-textbook', {'type': 'RootAP', 'radius': 500, 'first_rectangle': True}),
        ('F1@0.4-optimal-person', {'type': 'JointF1', 'threshold': 0.4, 'association': 'optimal', 'per': 'person'}),
        ('MRPE-virtualpose', {'type': 'MRPE', 'match': 'virtualpose'}),
        ('OrdinalDepth-two_way', {'type': 'OrdinalDepth', 'rule': 'two_way'}),
        ('AccelerationError-absolute', {'type': 'AccelerationError', 'root_relative': False}),
        ('H36MMPJPE-posenet1', {'type': 'H36MMPJPE', 'protocol': 'posenet1'}),
        ('PW3DMPJPE-mupots17-hips', {'type': 'PW3DMPJPE', 'joints': 'mupots17', 'root': 'hips'}),
        ('ReleasePCK-gntcn', {'type': 'ReleasePCK', 'align': 'procrustes'}),
    ],
)
def test_variants_by_name(name, options):
    (evaluator,) = select_evaluators(Config({}), [name])
    assert evaluator == {**options, 'prefix': name}
    assert METRICS.build(evaluator).prefix == name


@pytest.mark.parametrize('metric', sorted(set(METRICS.module_dict)))
def test_every_variant_can_be_built(metric):
    for variant in getattr(METRICS.get(metric), 'variants', {}):
        (evaluator,) = select_evaluators(Config({}), [f'{metric}-{variant}'])
        assert METRICS.build(evaluator).prefix == f'{metric}-{variant}'


def test_variants_replace_options_of_the_config_and_names_of_one_metric_count_once():
    assert select_evaluators(CONFIG, ['PCK-no_bone_map-annot3']) == [
        {'type': 'PCK', 'bone_map': False, 'skeleton': 'annot3', 'prefix': 'PCK-no_bone_map-annot3'}
    ]
    assert len(select_evaluators(CONFIG, ['F1@0.4', 'F1@0.40', 'PCK', 'PCK-annot3'])) == 3


def test_unknown_variants_are_named():
    with pytest.raises(ValueError, match="'PCK-annot2': PCK has no variant 'annot2'; it has annot3, no_bone_map"):
        select_evaluators(CONFIG, ['PCK-annot2'])
    with pytest.raises(ValueError, match="Tracking3D has no variant 'x'; it has none"):
        select_evaluators(CONFIG, ['Tracking3D-x'])

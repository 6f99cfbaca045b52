"""Which metrics to run: those of a config, or those that ``--eval`` names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmengine.config import Config
from mmpose.registry import METRICS

ROOT_AP_NAME = re.compile(r'AP(\d+(?:\.\d+)?)root')
JOINT_F1_NAME = re.compile(r'F1@(\d+(?:\.\d+)?)')


def select_evaluators(cfg: Config, names: Sequence[str] | None = None) -> list[dict]:
    """Configs of the metrics to run.

    A name stands for the entries of ``cfg.test_evaluator`` of that type, with their options, or, if there are none,
    for the registered metric with its defaults. ``AP<cm>root`` is the root AP and ``F1@<m>`` the joint F1 at any
    radius. Variants of a metric (its class names them, see docs/protocols.md) follow it with hyphens, in any order:
    ``PCK-annot3-pooled``; they take the place of the config's options of that kind.

    Args:
        cfg: The experiment's config.
        names: Metric names; None or none at all: all of ``cfg.test_evaluator``.

    Raises:
        ValueError: A name is not registered or a variant not known, or no name is given and the config has no
            ``test_evaluator``.
    """
    configured = cfg.get('test_evaluator') or []
    configured = [configured] if isinstance(configured, dict) else list(configured)
    if names:
        evaluators = [evaluator for name in names for evaluator in _variants_named(name, configured)]
        return [evaluator for index, evaluator in enumerate(evaluators) if evaluator not in evaluators[:index]]
    if not configured:
        raise ValueError('the config has no test_evaluator; name the metrics, for example --eval PCK PCKabs AP25root')
    return [dict(evaluator) for evaluator in configured]


def _variants_named(name: str, configured: Sequence[dict]) -> list[dict]:
    metric, *variants = name.split('-')
    evaluators = _evaluators_named(metric, configured)
    if not variants:
        return evaluators
    chosen = []
    for evaluator in evaluators:
        known = getattr(METRICS.get(evaluator['type']), 'variants', {})
        unknown = [variant for variant in variants if variant not in known]
        if unknown:
            raise ValueError(f'{name!r}: {metric} has no variant {unknown[0]!r}; it has {", ".join(known) or "none"}')
        options = {option: value for variant in variants for option, value in known[variant].items()}
        prefix = '-'.join([evaluator.get('prefix', metric), *variants])
        chosen.append({**evaluator, **options, 'prefix': prefix})
    return chosen


def _evaluators_named(name: str, configured: Sequence[dict]) -> list[dict]:
    chosen = [dict(evaluator) for evaluator in configured if evaluator.get('type') == name]
    if chosen:
        return chosen
    if name in METRICS:
        return [{'type': name}]
    root_ap = ROOT_AP_NAME.fullmatch(name)
    if root_ap:
        return [{'type': 'RootAP', 'radius': 10 * float(root_ap[1])}]
    joint_f1 = JOINT_F1_NAME.fullmatch(name)
    if joint_f1:
        return _joint_f1(float(joint_f1[1]), configured)
    raise ValueError(f'unknown metric {name!r}; registered are {", ".join(sorted(_known_names()))}; '
                     'AP<cm>root and F1@<m> work with any radius')  # fmt: skip


def _joint_f1(threshold: float, configured: Sequence[dict]) -> list[dict]:
    same = [
        dict(entry) for entry in configured if entry.get('type') == 'JointF1' and entry.get('threshold') == threshold
    ]
    return same or [{'type': 'JointF1', 'threshold': threshold}]


def _known_names() -> set[str]:
    registry, names = METRICS, set()
    while registry is not None:
        names |= set(registry.module_dict)
        registry = registry.parent
    return names

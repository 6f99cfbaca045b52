"""The whole system by name: both branches and what integrates them, with their weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmengine.config import ConfigDict
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import MODELS

import mmp3d
from mmp3d.apis.model_index import find_model
from mmp3d.compat.checkpoint import load_weights
from mmp3d.engine.config_mistakes import told
from mmp3d.engine.device import checked_device
from mmp3d.engine.launch import load_config
from mmp3d.geometry import MUPOTS17
from mmp3d.models.estimators import TwoBranchEstimator


def load_two_branch(
    model: str | Path = 'tdbu', options: dict[str, Any] | None = None, device: str | torch.device = 'cpu'
) -> TwoBranchEstimator:
    """The whole system; its ``pipeline`` runs on the frames of a clip (docs/pipeline.md).

    Args:
        model: Name or alias in mmp3d's ``model-index.yml``, or a config file, which names the checkpoints of its parts.
        options: Overrides of the config as ``--cfg-options`` has them, for example
            ``{'model.settings.matching': 'track'}``.
        device: Where the networks run.

    Returns:
        The estimator, in evaluation mode.

    Raises:
        FileNotFoundError: A config or checkpoint does not exist.
        ValueError: Unknown name or device, or a config that is wrong or of something else.
    """
    device = checked_device(device)
    mmp3d.register_all_modules()
    config = Path(model) if Path(model).is_file() else find_model(str(model)).config
    cfg = load_config(str(config), options, ('model',))
    with told(str(config), 'model'):
        system = MODELS.build(cfg.model)
    if not isinstance(system, TwoBranchEstimator):
        raise ValueError(f'{config}: its model is a {type(system).__name__}; give a config such as configs/tdbu_*.py')
    return system.to(device).eval()


def two_branch_model(cfg: ConfigDict, weights: str | None, trust: bool) -> TwoBranchEstimator:
    """The whole system of a config.

    Args:
        cfg: Its ``model`` names the parts, each with the weights of its own.
        weights: A checkpoint with those of all parts; None: their own.
        trust: Let the checkpoint run code while it is read.
    """
    model = MODELS.build(cfg.model)
    model.cfg = cfg
    if weights is not None:
        load_weights(model, weights, trust=trust)
    model.dataset_meta = parse_pose_metainfo(MUPOTS17.metainfo(MUPOTS17.name))
    return model

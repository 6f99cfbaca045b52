"""A bottom-up network of a config, with its weights and what its data set is called."""

from __future__ import annotations

from mmengine.config import ConfigDict
from mmengine.logging import print_log
from mmpose.apis.inference import dataset_meta_from_config
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import MODELS
from torch import nn

from mmp3d.compat.checkpoint import load_weights, meta_of
from mmp3d.geometry import MUPOTS17

OTHER_MODEL = "this inferencer runs mmp3d's bottom-up models and 'tdbu' (mmpose's own: mmpose.apis.MMPoseInferencer)"


def bottom_up_model(cfg: ConfigDict, weights: str | None, trust: bool) -> nn.Module:
    """The network of a config.

    Args:
        cfg: With ``model`` and ``data_mode``.
        weights: Checkpoint file or address; None: random weights, with a warning.
        trust: Let the checkpoint run code while it is read.

    Raises:
        ValueError: The config is of another kind of model, or the weights are of another network.
    """
    if cfg.get('data_mode') != 'bottomup':
        raise ValueError(f'{OTHER_MODEL}, and this config has data_mode {cfg.get("data_mode")!r}')
    model = MODELS.build(cfg.model)
    model.cfg = cfg
    meta = {}
    if weights is None:
        print_log('no weights given: the model is random, and so are its results', 'current', level=30)
    else:
        meta = meta_of(load_weights(model, weights, trust=trust))
    model.dataset_meta = (
        meta.get('dataset_meta')
        or dataset_meta_from_config(cfg, 'train')
        or parse_pose_metainfo(MUPOTS17.metainfo(MUPOTS17.name))
    )
    return model

"""The lifters by name: networks from 2D tracks to camera space, with their weights."""

from __future__ import annotations

from pathlib import Path

import torch
from mmpose.registry import MODELS

import mmp3d
from mmp3d.apis.model_index import find_model
from mmp3d.compat.checkpoint import load_weights
from mmp3d.engine.config_mistakes import told
from mmp3d.engine.device import checked_device
from mmp3d.engine.launch import load_config
from mmp3d.models.estimators import PoseLiftingEstimator


def load_lifters(
    model: str | Path = 'lifting', weights: str | Path | None = None, device: str | torch.device = 'cpu'
) -> PoseLiftingEstimator:
    """Networks for :func:`mmp3d.pipeline.lift_tracks`.

    Args:
        model: Name or alias in mmp3d's ``model-index.yml``, or a config file.
        weights: Checkpoint file or address; None with a name: those of the index.
        device: Where the networks run.

    Returns:
        The estimator, in evaluation mode.

    Raises:
        FileNotFoundError: Config or checkpoint does not exist.
        ValueError: Unknown name or device, no weights, weights of another network, or a config that is wrong or of
            something else; says which.

    Examples:
        >>> import numpy as np
        >>> from mmp3d.geometry import Camera
        >>> from mmp3d.pipeline import Track, lift_tracks
        >>> networks = load_lifters()
        >>> track = Track(7, np.arange(5), np.random.default_rng(0).uniform(100, 200, (5, 17, 2)), np.ones((5, 17)))
        >>> (lifted,) = lift_tracks([track], Camera.from_fov(60, (640, 480)), networks)
        >>> lifted.track_id, lifted.keypoints_cam.shape
        (7, (5, 17, 3))
    """
    device = checked_device(device)
    mmp3d.register_all_modules()
    config = Path(model)
    if not config.is_file():
        named = find_model(str(model))
        config, weights = named.config, weights or named.weights
    if weights is None:
        raise ValueError(f'{model}: no weights are published for it; give a checkpoint as `weights`')
    cfg = load_config(str(config), required=('model',))
    with told(str(config), 'model'):
        networks = MODELS.build(cfg.model)
    if not isinstance(networks, PoseLiftingEstimator):
        raise ValueError(f'{config}: its model is a {type(networks).__name__}; lifters are a PoseLiftingEstimator')
    load_weights(networks, weights)
    return networks.to(device).eval()

"""Runs a bottom-up network over labelled images and pairs the people that it sees with the true ones.

Shapes: M measured people, N true ones, K joints. Pixels of the network's input, millimetres.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from rich.progress import track
from scipy.optimize import linear_sum_assignment

from mmp3d.compat.checkpoint import load_weights
from mmp3d.engine.config_mistakes import told
from mmp3d.engine.device import checked_device
from mmp3d.geometry import MUPOTS17, Camera, normalize_depth
from mmp3d.models.estimators import BottomUpDepthEstimator

# A measured person is a true one if its joints are on average less than this share of the person's size away.
GREATEST_DISTANCE = 0.5
LEAST_JOINTS = 3


def measure_people(cfg: Config, checkpoint: str, num_images: int | None = None, device: str = 'cpu') -> Iterator[dict]:
    """The people of the images that ``cfg.measure_dataloader`` serves, as ``write_measured_people`` takes them.

    Args:
        cfg: Config with ``model`` and ``measure_dataloader``; its items carry ``gt_instances`` in input px.
        checkpoint: Weights of the network; a refiner in it is not used.
        num_images: Images to look at; None for one pass over the data set.
        device: Where the network runs.

    Raises:
        ValueError: There is no such device, the model or the loader cannot be built, the model is not a bottom-up
            estimator, or the config has no ``measure_dataloader``.
    """
    if 'measure_dataloader' not in cfg:
        raise ValueError(f'{cfg.filename}: has no "measure_dataloader"; see configs/bu_refiner_tiny_muco.py')
    device = checked_device(device)
    with told(cfg.filename, 'measured_model'):
        model = MODELS.build(cfg.measured_model)
    if not isinstance(model, BottomUpDepthEstimator):
        raise ValueError(f'{cfg.filename}: measured_model must be a BottomUpDepthEstimator, got {type(model).__name__}')
    load_weights(model, checkpoint)
    model.to(device).eval()
    with told(cfg.filename, 'measure_dataloader'):
        loader = Runner.build_dataloader(cfg.measure_dataloader, seed=cfg.get('randomness', {}).get('seed'))
        batch_size = cfg.measure_dataloader.batch_size
    total = len(loader) if num_images is None else min(len(loader), -(-num_images // batch_size))
    for batch, _ in track(zip(loader, range(total), strict=False), 'Measuring', total=total):
        yield from _measured_batch(model, batch)


def _measured_batch(model: BottomUpDepthEstimator, batch: dict) -> Iterator[dict]:
    data = model.data_preprocessor(batch, False)
    with torch.no_grad():
        images = model.measure(data['inputs'], data['data_samples'])
    for people, sample in zip(images, data['data_samples'], strict=True):
        yield paired(people, sample.gt_instances, Camera.from_dict(sample.metainfo['camera']))


def paired(people: InstanceData, truth: InstanceData, camera: Camera) -> dict[str, np.ndarray]:
    """Each measured person with the true one it shows, where there is one.

    Args:
        people: M people, as ``BottomUpDepthEstimator.measure`` gives them.
        truth: N people in the data contract, input px and the camera frame of the input.
        camera: Camera of the input.

    Returns:
        The columns of :func:`~mmp3d.datasets.measured_people.write_measured_people`.
    """
    rows, columns = same_people(people, truth)
    points = truth.keypoints_cam[columns]
    valid = truth.keypoints_3d_valid[columns] > 0
    has_root = valid[:, MUPOTS17.root_index]
    root = points[:, MUPOTS17.root_index, 2]
    # Joints outside of the image, too: the refiner may tell where they are.
    projected = camera.project(points)
    placed = valid & np.isfinite(projected).all(axis=-1)
    true = dict(
        keypoints=np.where(placed[..., None], projected, 0),
        labelled=placed,
        relative_depths=points[..., 2] - root[:, None],
        known=valid & has_root[:, None],
        root_depths=np.where(has_root, normalize_depth(root, camera.focal), 0),
        real=np.ones(len(rows), bool),
    )
    return dict(
        measured_keypoints=people.keypoints,
        measured_scores=people.keypoint_scores,
        measured_relative_depths=people.relative_depths,
        measured_root_depths=people.root_depths,
        **{f'true_{name}': _scattered(values, rows, len(people)) for name, values in true.items()},
    )


def _scattered(values: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """The values at their rows of ``count``, zeros elsewhere."""
    column = np.zeros((count, *values.shape[1:]), values.dtype)
    column[rows] = values
    return column


def same_people(people: InstanceData, truth: InstanceData) -> tuple[np.ndarray, np.ndarray]:
    """Rows of measured and of true people who are the same, one to one."""
    shared = (people.keypoint_scores > 0)[:, None] & (truth.keypoints_visible > 0)[None]
    labelled = truth.keypoints_visible > 0
    counts = np.maximum(labelled.sum(axis=1), 1)
    centres = (truth.keypoints * labelled[..., None]).sum(axis=1) / counts[:, None]
    squares = ((truth.keypoints - centres[:, None]) ** 2).sum(axis=-1) * labelled
    sizes = np.maximum(np.sqrt(squares.sum(axis=1) / counts), 1)
    apart = np.linalg.norm(people.keypoints[:, None] - truth.keypoints[None], axis=-1) / sizes[None, :, None]
    shares = np.where(shared, np.minimum(apart, 1), 0).sum(axis=-1) / np.maximum(shared.sum(axis=-1), 1)
    shares[shared.sum(axis=-1) < LEAST_JOINTS] = np.inf
    cost = np.minimum(shares, 10 * GREATEST_DISTANCE)
    rows, columns = linear_sum_assignment(cost)
    same = shares[rows, columns] < GREATEST_DISTANCE
    return rows[same], columns[same]

"""A very small top-down network, and one that finds given people as a perfect network would."""

import numpy as np
import torch
from mmpose.registry import MODELS

from mmp3d.geometry.crop import image_to_input

SIZE = (128, 128)


def small_network(multi_person=True, **test_cfg):
    return MODELS.build(
        dict(
            type='MultiPersonTopDownEstimator',
            patch_size=4,
            data_preprocessor=dict(type='PoseDataPreprocessor', mean=[0.0] * 3, std=[255.0] * 3, bgr_to_rgb=True),
            backbone=dict(type='TinyUNet', in_channels=48, widths=(8, 16), encoder_blocks=(1, 1), decoder_blocks=(1,)),
            head=dict(
                type='MultiPersonTopDownHead',
                in_channels=8,
                decoder=dict(
                    type='MultiPersonHeatmap', input_size=SIZE, stride=4, sigma=1.0, multi_person=multi_person
                ),
            ),
            test_cfg=test_cfg,
        )
    ).eval()


def ideal_maps(encoded):
    """Heatmaps, and a tag 3n around the joints of person n."""
    heatmaps = torch.from_numpy(encoded['heatmaps'])
    tags = torch.zeros(len(heatmaps), 1, *heatmaps.shape[1:])
    for person, cells in enumerate(encoded['keypoint_indices']):
        for joint in np.flatnonzero(encoded['keypoint_weights'][person]):
            tags[joint, 0].view(-1)[int(cells[joint])] = 3.0 * person
    return heatmaps, tags


def perfect_network(people):
    """A network that finds those of (N, 17, 2) people, px of the image, whose joints its crop shows."""
    network = small_network()

    def predict(_, samples, test_cfg=None):
        results = []
        for sample in samples:
            meta = sample.metainfo
            maps = ideal_maps(network.head.decoder.encode(image_to_input(people, meta), None))
            results.append(network.head._decoded(sample, *maps))
        return results

    network.head.predict = predict
    return network


def standing(x, y=60.0, height=80.0, seed=0):
    """(17, 2) joints of somebody in a rectangle, no two of one kind near to those of another seed."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.uniform(-0.2, 0.2, 17) * height + x, np.linspace(-0.5, 0.5, 17) * height + y], axis=-1)


def box_of(person):
    return np.concatenate([person.min(axis=0), person.max(axis=0)])

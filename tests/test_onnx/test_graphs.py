"""The functions that become graphs say what the networks' own decoding says."""

import copy

import numpy as np
import pytest
import torch

from mmp3d.apis import load_two_branch
from mmp3d.codecs.tagged_joints import find_candidates
from mmp3d.geometry.grouping import MISSING
from mmp3d.models.heads.bottom_up_depth_head import BottomUpMaps
from mmp3d.onnx.examples import cell_example, map_example
from mmp3d.onnx.graphs import BottomUpGraph, CandidatesGraph, PeopleGraph


@pytest.fixture(scope='module')
def network():
    return load_two_branch().bottom_up


def test_the_candidates_are_those_of_the_codec(network):
    codec = network.head.codec
    heatmaps, tags, _, root_depths = map_example(1, codec, network.head)
    expected, cells = find_candidates(heatmaps, codec.max_candidates, codec.nms_kernel, codec.score_threshold)
    scores, found, at_cells, scales = CandidatesGraph(codec)(heatmaps, tags, root_depths)
    assert torch.equal(scores, expected) and torch.equal(found[scores > 0], cells[expected > 0])
    joint, place = (scores > 0).nonzero()[7].tolist()
    cell = found[joint, place]
    assert at_cells[joint, place].tolist() == tags[joint].flatten(1)[:, cell].tolist()
    assert scales[joint, place] == codec.depths.root_from_network(root_depths.flatten()[cell]).log()


def test_the_people_are_those_of_the_head(network):
    head = network.head
    cells, *maps = cell_example(2, head.codec, head)
    cells[:, 0] = cells[:, 0].abs()
    people = head.codec._read(
        head.codec.within_reach(_filled(cells, *maps, head.codec), cells, maps[3]), maps[0], maps[2], maps[3]
    )
    (expected,) = head._refined([people], BottomUpMaps(*(part[None] for part in maps)))
    found = [part.numpy() for part in PeopleGraph(head.codec, head.refiner).eval()(cells, *maps)]
    order = np.argsort(-found[1].mean(axis=1), kind='stable')
    names = ('keypoints', 'keypoint_scores', 'bbox_scores', 'relative_depths', 'root_depths', 'root_errors')
    for name, values in zip(names, found, strict=True):
        np.testing.assert_allclose(values[order], expected[name], rtol=2e-5, atol=2e-4, err_msg=name)


def test_without_a_refiner_people_are_as_they_were_read(network):
    codec = copy.copy(network.head.codec)
    codec.fill_missing = False
    cells, *maps = cell_example(0, codec, network.head)
    found = PeopleGraph(codec, None)(cells, *maps)
    assert len(found) == 5 and not found[1][cells == MISSING].any()
    assert torch.equal(found[2], found[1].mean(dim=1))


def test_maps_with_people_and_without_are_those_of_the_estimator(network):
    image, keypoints, scores = torch.randn(1, 3, 160, 256), torch.rand(1, 2, 17, 2) * 150, torch.zeros(1, 2, 17)
    with torch.inference_mode():
        empty = BottomUpGraph(network)(image, keypoints, scores)
        scores[0, 1] = 0.8
        someone = BottomUpGraph(network)(image, keypoints, scores)
        heatmaps = network._person_heatmaps(image, None)
        expected = network.tested_maps(image, heatmaps, network.heatmap_joints)
    assert torch.equal(empty[1][:, :, 0], expected.tags[:, :, 0])
    assert not torch.equal(empty[0], someone[0])


def _filled(cells, heatmaps, tags, _, __, codec):
    from mmp3d.codecs.missing_joints import filled_cells

    return filled_cells(cells, heatmaps, tags, codec.fill_threshold)

"""What is encoded is decoded: places, groups, depths, for any number of people."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.codecs import AssociativeEmbeddingDepth
from mmp3d.codecs.cells import pixels_to_cells
from mmp3d.geometry import MUPOTS17, Camera, metric_depth

SIZE = (256, 192)
ROOT = MUPOTS17.root_index


def scene(count, seed=0, spread=30):
    """People on a grid, wide enough apart that no two of their joints of one kind share a cell."""
    rng = np.random.default_rng(seed)
    camera = Camera.from_fov(60, SIZE)
    columns = int(np.ceil(np.sqrt(max(count, 1) * SIZE[0] / SIZE[1])))
    rows = int(np.ceil(max(count, 1) / columns))
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2)[:count] + 0.5
    centres = grid * (SIZE[0] / columns, SIZE[1] / rows)
    margin = min(SIZE[0] / columns, SIZE[1] / rows, spread) / 2 - 4
    keypoints = centres[:, None] + rng.uniform(-margin, margin, (count, 17, 2))
    depth = rng.uniform(2000, 7000, (count, 1)) + rng.normal(0, 200, (count, 17))
    return keypoints.astype(np.float32), camera.back_project(keypoints, depth), camera


def ideal_maps(codec, encoded):
    """Maps of a perfect network: tag 3n around the joints of person n, depths on the window that is read."""
    heatmaps = torch.from_numpy(encoded['heatmaps'])
    joints, height, width = heatmaps.shape
    tags, relative = torch.zeros(joints, 1, height, width), torch.zeros(joints, height, width)
    root = torch.zeros(1, height, width)
    for person, cells in enumerate(encoded['keypoint_indices']):
        for joint, cell in enumerate(cells):
            if not encoded['keypoint_weights'][person, joint]:
                continue
            row, column = divmod(int(cell), width)
            window = (slice(max(row - 1, 0), row + 2), slice(max(column - 1, 0), column + 2))
            tags[(joint, 0, *window)] = 3.0 * person
            relative[(joint, *window)] = float(encoded['relative_depths'][person, joint])
            if encoded['root_depth_weights'][person, joint]:
                root[(0, *window)] = float(encoded['root_depths'][person, joint])
    return heatmaps, tags, relative, root


def matched(people, keypoints):
    return [int(np.abs(people.keypoints - target).sum(axis=(1, 2)).argmin()) for target in keypoints]


@pytest.mark.parametrize('count', [0, 1, 2, 12])
@pytest.mark.parametrize('space', ['linear', 'log'])
@pytest.mark.parametrize('relative_to', ['root', 'parent'])
@pytest.mark.parametrize('stride', [2, 4])
def test_round_trip(count, space, relative_to, stride):
    codec = AssociativeEmbeddingDepth(
        SIZE, stride=stride, sigma=4 / stride, root_depth_space=space, relative_depth_to=relative_to
    )
    keypoints, points, camera = scene(count, spread=44)
    encoded = codec.encode(keypoints, np.ones((count, 17)), points, np.ones((count, 17)), camera)
    people = codec.decode(*ideal_maps(codec, encoded))
    assert len(people) == count
    assert people.keypoints.shape == (count, 17, 2)
    order = matched(people, keypoints)
    assert np.allclose(people.keypoints[order], keypoints, atol=0.3)
    assert np.allclose(metric_depth(people.root_depths[order], camera.focal), points[:, ROOT, 2], atol=1)
    assert np.allclose(people.relative_depths[order], points[..., 2] - points[:, ROOT, None, 2], atol=1)
    assert (people.bbox_scores > 0.9).all()


def test_a_hundred_people():
    codec = AssociativeEmbeddingDepth((1024, 1024), stride=2, sigma=1.0, nms_kernel=3)
    rng = np.random.default_rng(0)
    centres = np.stack(np.meshgrid(np.arange(10), np.arange(10)), -1).reshape(-1, 1, 2) * 100 + 60
    keypoints = (centres + rng.uniform(-40, 40, (100, 17, 2))).astype(np.float32)
    encoded = codec.encode(keypoints, np.ones((100, 17)))
    people = codec.decode(*ideal_maps(codec, encoded))
    assert len(people) == 100
    assert np.allclose(people.keypoints[matched(people, keypoints)], keypoints, atol=0.5)


@pytest.mark.parametrize('shift', [(0, 1), (1, 0), (-1, -1)])
def test_depth_survives_a_peak_that_is_one_cell_off(shift):
    codec = AssociativeEmbeddingDepth(SIZE, stride=4)
    keypoints, points, camera = scene(1)
    encoded = codec.encode(keypoints, np.ones((1, 17)), points, np.ones((1, 17)), camera)
    heatmaps, tags, relative, root = ideal_maps(codec, encoded)
    moved = (maps.roll(shift, dims=(-2, -1)) for maps in (heatmaps, tags))
    people = codec.decode(*moved, relative, root)
    assert np.allclose(metric_depth(people.root_depths, camera.focal), points[:, ROOT, 2], atol=1)
    assert np.allclose(people.relative_depths, points[..., 2] - points[:, ROOT, None, 2], atol=1)


@given(st.integers(0, 2**31), st.integers(1, 6))
@settings(max_examples=20, deadline=None)
def test_peak_of_each_visible_joint_is_its_cell(seed, count):
    codec = AssociativeEmbeddingDepth(SIZE, stride=4)
    rng = np.random.default_rng(seed)
    keypoints = rng.uniform(-100, 400, (count, 17, 2)).astype(np.float32)
    keypoints[rng.random((count, 17)) < 0.1] = np.nan
    visible = rng.random((count, 17)) < 0.7
    encoded = codec.encode(keypoints, visible)
    width, height = codec.heatmap_size
    cells = np.round(np.nan_to_num(pixels_to_cells(keypoints, 4), nan=-9e5))
    inside = ((cells >= 0) & (cells < (width, height))).all(-1)
    assert np.array_equal(encoded['keypoint_weights'] > 0, visible & inside)
    values = encoded['heatmaps'].reshape(17, -1)[np.arange(17), encoded['keypoint_indices']]
    assert (values[encoded['keypoint_weights'] > 0] > np.exp(-0.5 * 0.5 / 4) - 1e-6).all()
    assert np.isfinite(encoded['heatmaps']).all()
    assert encoded['heatmaps'].max(initial=0) <= 1


def test_depths_are_masked_where_unknown():
    codec = AssociativeEmbeddingDepth(SIZE)
    keypoints, points, camera = scene(3)
    valid = np.ones((3, 17))
    valid[0, ROOT] = 0
    valid[1, 3] = 0
    points[2, 5] = np.nan
    encoded = codec.encode(keypoints, np.ones((3, 17)), points, valid, camera)
    relative, root = encoded['relative_depth_weights'], encoded['root_depth_weights']
    assert not relative[0].any()
    assert not root[0].any()
    assert relative[1].sum() == 15
    assert not relative[2, 5]
    assert root[1:].sum() == 2
    assert np.isfinite(encoded['relative_depths']).all()
    assert np.isfinite(encoded['root_depths']).all()


def test_a_bone_without_its_upper_end_is_not_learnt():
    codec = AssociativeEmbeddingDepth(SIZE, relative_depth_to='parent')
    keypoints, points, camera = scene(1)
    valid = np.ones((1, 17))
    valid[0, MUPOTS17.joint_names.index('right_elbow')] = 0
    encoded = codec.encode(keypoints, np.ones((1, 17)), points, valid, camera)
    unknown = [
        name
        for name, weight in zip(MUPOTS17.joint_names, encoded['relative_depth_weights'][0], strict=True)
        if not weight
    ]
    assert unknown == ['right_elbow', 'right_wrist', 'pelvis']
    assert encoded['relative_depths'][0, 6] * 1000 == pytest.approx(points[0, 6, 2] - points[0, 5, 2], abs=0.1)


def test_without_3d_no_depth_is_learnt():
    encoded = AssociativeEmbeddingDepth(SIZE).encode(scene(2)[0], np.ones((2, 17)))
    assert not encoded['relative_depth_weights'].any()
    assert not encoded['root_depth_weights'].any()


def test_root_depth_from_joints_survives_a_wrong_root_cell():
    codec = AssociativeEmbeddingDepth(SIZE, root_depth_from='joints')
    keypoints, points, camera = scene(1, spread=100)
    encoded = codec.encode(keypoints, np.ones((1, 17)), points, np.ones((1, 17)), camera)
    assert encoded['root_depth_weights'].sum() == 17
    heatmaps, tags, relative, root = ideal_maps(codec, encoded)
    heatmaps[ROOT] = 0
    people = codec.decode(heatmaps, tags, relative, root)
    assert metric_depth(people.root_depths[0], camera.focal) == pytest.approx(points[0, ROOT, 2], rel=0.05)


@pytest.mark.parametrize('weight', [0.0, 0.5])
def test_a_missing_joint_is_not_taken_from_where_no_limb_reaches(weight):
    codec = AssociativeEmbeddingDepth(SIZE, reach_weight=weight)
    keypoints = np.full((1, 17, 2), 40.0, np.float32) + np.random.default_rng(0).uniform(-6, 6, (1, 17, 2))
    camera = Camera.from_fov(60, SIZE)
    points = camera.back_project(keypoints, np.full((1, 17), 2500.0))
    visible = np.ones((1, 17))
    visible[0, 4] = 0
    heatmaps, tags, relative, root = ideal_maps(codec, codec.encode(keypoints, visible, points, visible, camera))
    heatmaps[4, 40, 60] = 0.05  # 240 px to the right: metres away at this distance
    people = codec.decode(heatmaps, tags, relative, root)
    assert len(people) == 1
    assert (people.keypoint_scores[0, 4] > 0) == (weight == 0)


def test_a_root_that_was_not_found_takes_the_depth_of_the_joints():
    codec = AssociativeEmbeddingDepth(SIZE, fill_missing=False)
    keypoints, _, _ = scene(1, spread=100)
    heatmaps, tags, relative, root = ideal_maps(codec, codec.encode(keypoints, np.ones((1, 17))))
    heatmaps[ROOT] = 0
    root[:] = 5.0
    root[0, 0, 0] = 99.0
    assert codec.decode(heatmaps, tags, relative, root).root_depths[0] == pytest.approx(5.0)


def test_a_tag_that_is_not_a_number_is_left_out():
    codec = AssociativeEmbeddingDepth(SIZE, fill_missing=False)
    keypoints, _, _ = scene(2)
    heatmaps, tags, relative, root = ideal_maps(codec, codec.encode(keypoints, np.ones((2, 17))))
    tags[5] = np.nan
    people = codec.decode(heatmaps, tags, relative, root)
    assert len(people) == 2
    assert (people.keypoint_scores[:, 5] == 0).all()


def test_people_with_few_joints_are_dropped():
    codec = AssociativeEmbeddingDepth(SIZE, min_joints=4)
    visible = np.ones((2, 17))
    visible[1, 3:] = 0
    encoded = codec.encode(scene(2)[0], visible)
    assert len(codec.decode(*ideal_maps(codec, encoded))) == 1


def test_missing_joint_is_looked_for_below_the_threshold():
    keypoints, _, _ = scene(2)
    for fill in (True, False):
        codec = AssociativeEmbeddingDepth(SIZE, fill_missing=fill)
        maps = ideal_maps(codec, codec.encode(keypoints, np.ones((2, 17))))
        maps[0][4] *= 0.05
        people = codec.decode(*maps)
        people = people[matched(people, keypoints)]
        found = np.abs(people.keypoints[:, 4] - keypoints[:, 4]).max() < 0.5
        assert found == fill
        assert ((people.keypoint_scores[:, 4] > 0) == fill).all()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(root_depth_from='head'), "got 'head'"),
        (dict(root_depth_space='cubic'), "got 'cubic'"),
        (dict(input_size=(250, 192)), 'multiple of stride'),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        AssociativeEmbeddingDepth(**{'input_size': SIZE, **options})

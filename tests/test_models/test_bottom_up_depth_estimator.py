"""The bottom-up branch learns, predicts in camera space, and takes any number of people."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import MODELS
from scipy.special import erf

from mmp3d import register_all_modules
from mmp3d.codecs.heatmaps import render_person_heatmaps
from mmp3d.engine.half_precision import run_in_half
from mmp3d.geometry import Camera
from tests.test_models.scenes import CODEC, SIZE, sample, small_model

register_all_modules()


def image(batch=1):
    return torch.rand(batch, 3, SIZE[1], SIZE[0])


def test_losses_fall_when_it_learns_one_batch():
    model = small_model().train()
    inputs, samples = image(2), [sample(2, 0)[0], sample(1, 1)[0]]
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    totals = []
    for _ in range(40):
        losses = model.loss(inputs, samples)
        total = sum(losses.values())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        totals.append(float(total.detach()))
    assert set(losses) == {'loss_heatmap', 'loss_pull', 'loss_push', 'loss_relative_depth', 'loss_root_depth'}
    assert totals[-1] < 0.5 * totals[0]


@pytest.mark.parametrize('people', [(0, 0), (0, 2), (1, 0)])
def test_images_without_people_train(people):
    model = small_model().train()
    losses = model.loss(image(2), [sample(count)[0] for count in people])
    total = sum(losses.values())
    total.backward()
    assert torch.isfinite(total)


def test_samples_without_3d_give_no_depth_loss():
    losses = small_model().train().loss(image(), [sample(2, with_3d=False)[0]])
    assert losses['loss_relative_depth'] == 0
    assert losses['loss_root_depth'] == 0
    assert losses['loss_heatmap'] > 0


def test_joints_that_a_data_set_never_labels_are_not_learnt():
    model = small_model().train()
    data_sample, _, _ = sample(2)
    data_sample.set_metainfo(dict(joints_annotated=np.zeros(17, np.float32)))
    assert model.loss(image(), [data_sample])['loss_heatmap'] == 0


def test_depth_of_perfect_maps_comes_back_in_millimetres():
    """The head is replaced by one that knows the answer; what is left is the geometry."""
    model = small_model().eval()
    data_sample, keypoints, points = sample(1)
    # The image that the network sees is a quarter of the original, cut out of it somewhere.
    data_sample.set_metainfo(
        dict(input_center=np.array([400.0, 300.0]), input_scale=np.array(SIZE, np.float32) * 4, ori_shape=(900, 1200))
    )
    camera = dict(data_sample.metainfo['camera'])
    K = np.array(camera['K'])
    offset = np.array([400.0, 300.0]) - 2 * np.array(SIZE)
    original = np.array(
        [[4 * K[0, 0], 0, 4 * K[0, 2] + offset[0]], [0, 4 * K[1, 1], 4 * K[1, 2] + offset[1]], [0, 0, 1]]
    )
    data_sample.set_metainfo(dict(camera=dict(camera, K=original.tolist(), image_size=[1200, 900])))
    root = points[0, 14, 2]
    seen_focal = np.sqrt(K[0, 0] * K[1, 1])
    model.head.predict = lambda maps: [
        InstanceData(
            keypoints=keypoints.astype(np.float32),
            keypoint_scores=np.ones((1, 17), np.float32),
            bbox_scores=np.ones(1, np.float32),
            relative_depths=(points[..., 2] - root).astype(np.float32),
            root_depths=np.array([root / seen_focal], np.float32),
        )
    ]
    people = model.predict(image(), [data_sample])[0].pred_instances
    assert np.allclose(people.keypoints, keypoints * 4 + offset, atol=1e-3)
    assert np.allclose(people.keypoints_cam, points, atol=0.1)
    assert np.allclose(people.keypoints_3d, points - points[:, [14]], atol=0.1)
    assert np.allclose(people.root_cam, points[:, 14], atol=0.1)
    assert people.source.tolist() == ['bu']
    assert people.track_ids.tolist() == [-1]


@pytest.mark.parametrize('flip_test', [False, True])
@pytest.mark.parametrize('combined', [False, True])
def test_prediction_has_the_contract_fields(flip_test, combined):
    model = small_model(combined, flip_test=flip_test).eval()
    with torch.no_grad():
        results = model.predict(image(2), [sample(2)[0], sample(0)[0]])
    for result in results:
        people = result.pred_instances
        count = len(people)
        assert people.keypoints.shape == (count, 17, 2)
        assert people.keypoints_cam.shape == people.keypoints_3d.shape == (count, 17, 3)
        assert people.root_cam.shape == (count, 3)
        assert people.bboxes.shape == (count, 4)
        assert ((people.keypoint_scores >= 0) & (people.keypoint_scores <= 1)).all()


def test_input_heatmaps_alone_already_give_the_people():
    """A new network passes its input heatmaps on, so that it starts from the top-down result."""
    model = small_model().eval()
    data_sample, keypoints, _ = sample(1)
    with torch.no_grad():
        found = model.predict(image(), [data_sample])[0].pred_instances
    assert len(found)
    assert np.median(np.abs(found.keypoints[0] - keypoints[0])) < 4


def test_rendered_and_given_maps_are_the_same():
    model = small_model().eval()
    posed, keypoints, _ = sample(1)
    mapped, _, _ = sample(1, with_input=False)
    maps = render_person_heatmaps(
        [torch.from_numpy(keypoints[:1])], [torch.ones(1, 17)], (SIZE[0] // 4, SIZE[1] // 4), 4.0, 4
    )
    mapped.input_fields = PixelData(heatmaps=maps[0])
    inputs = image()
    with torch.no_grad():
        first, second = (model(inputs, [data_sample], mode='tensor') for data_sample in (posed, mapped))
    assert torch.allclose(first.heatmaps, second.heatmaps, atol=1e-5)


def test_mirrored_image_gives_mirrored_maps():
    """Flip test: averaging a model's maps with those of the mirrored image makes them symmetric."""
    model = small_model(flip_test=True).eval()
    inputs, indices = image(), sample(1)[0].metainfo['flip_indices']
    with torch.no_grad():
        plain, mirrored = (
            model._maps(inputs, torch.zeros(1, 17, 12, 16)),
            model._maps(inputs.flip(-1), torch.zeros(1, 17, 12, 16)),
        )
        there, back = plain.merged_with_flipped(mirrored, indices), mirrored.merged_with_flipped(plain, indices)
    assert torch.allclose(there.heatmaps, back.heatmaps.flip(-1)[:, indices], atol=1e-6)
    assert torch.allclose(there.relative_depths, back.relative_depths.flip(-1)[:, indices], atol=1e-6)
    assert torch.allclose(there.root_depths, back.root_depths.flip(-1), atol=1e-6)
    assert there.tags.shape[2] == 2


def test_missing_camera_is_assumed_and_recorded():
    model = small_model().eval()
    data_sample, _, _ = sample(1, camera=False)
    with torch.no_grad(), pytest.warns(UserWarning, match='no camera given'):
        result = model.predict(image(), [data_sample])[0]
    assert result.metainfo['camera']['source'] == 'assumed'


def test_nobody_is_found_in_the_padding():
    model = small_model().eval()
    data_sample, keypoints, _ = sample(1)
    # The image ends at half of the input's width; the person's left half stands in it.
    data_sample.set_metainfo(dict(ori_shape=(SIZE[1], SIZE[0] // 2)))
    with torch.no_grad():
        found = model.predict(image(), [data_sample])[0].pred_instances
    reliable = found.keypoints[found.keypoint_scores > 0.1]
    assert len(reliable)
    assert (reliable[:, 0] < SIZE[0] // 2 + 1).all()


def test_given_maps_keep_their_place_in_a_padded_batch():
    model = small_model().eval()
    given = sample(1, with_input=False)[0]
    given.input_fields = PixelData(heatmaps=torch.rand(17, SIZE[1] // 4, SIZE[0] // 4))
    wider = torch.zeros(1, 3, SIZE[1] + 16, SIZE[0] + 32)
    maps = model._person_heatmaps(wider, [given])
    assert torch.equal(maps[0, :, : SIZE[1] // 4, : SIZE[0] // 4], given.input_fields.heatmaps)
    assert maps[0, :, SIZE[1] // 4 :].abs().max() == 0


def test_size_that_does_not_fold_is_named():
    with pytest.raises(ValueError, match='multiple of patch_size 4'):
        small_model().eval()(torch.zeros(1, 3, 48, 62), [sample(1)[0]], mode='tensor')


def test_unreadable_image_has_nobody():
    model = small_model().eval()
    data_sample, _, _ = sample(1)
    data_sample.set_metainfo(dict(img_unreadable=True))
    with torch.no_grad():
        assert len(model.predict(image(), [data_sample])[0].pred_instances) == 0


def test_head_and_backbone_strides_must_fit():
    from mmpose.registry import MODELS

    with pytest.raises(ValueError, match='multiple of the stride'):
        MODELS.build(dict(type='BottomUpDepthHead', in_channels=8, feature_stride=3, decoder=CODEC))


def test_tags_with_a_distance_part_people_side_by_side_from_the_start():
    heads = [
        MODELS.build(dict(type='BottomUpDepthHead', in_channels=8, decoder=CODEC, tag_distance=distance))
        for distance in (None, 8.0)
    ]
    heads[1].load_state_dict(heads[0].state_dict())
    features = torch.randn(1, 8, 12, 16)
    plain, placed = (head((features,)).tags.detach() for head in heads)
    assert (placed - plain)[0, :, 0, 5].numpy() == pytest.approx(
        np.tile((2 * np.arange(32) + 0.5) / 8, (17, 1)), abs=1e-5
    )


def test_of_two_people_seen_alike_the_nearer_one_ranks_first():
    model = small_model(root_depth_error=0.1, root_tolerance=300.0).eval()
    data_sample, keypoints, _ = sample(2)
    focal = Camera.from_dict(data_sample.metainfo['camera']).focal
    keypoints[:] = keypoints[0]
    model.head.predict = lambda maps: [
        InstanceData(
            keypoints=keypoints.astype(np.float32),
            keypoint_scores=np.ones((2, 17), np.float32),
            bbox_scores=np.full(2, 0.8, np.float32),
            relative_depths=np.zeros((2, 17), np.float32),
            root_depths=np.array([6000.0, 3000.0], np.float32) / focal,
        )
    ]
    people = model.predict(image(), [data_sample])[0].pred_instances
    distance = np.linalg.norm(people.root_cam, axis=-1)
    assert distance[0] < distance[1]
    # Three hundred millimetres are so many standard deviations of the depth's error.
    within = [erf(300 / (0.1 * far) / np.sqrt(2)) for far in distance]
    assert people.bbox_scores == pytest.approx(0.8 * np.array(within), rel=1e-4)


@pytest.mark.parametrize('half', [False, True])
def test_the_parts_of_a_test_step_give_what_it_gives_in_any_thread(half):
    model = small_model(flip_test=True).eval()
    if half:
        run_in_half(model)
    images = [(255 * torch.rand(3, SIZE[1], SIZE[0])).byte() for _ in range(2)]
    batch = [dict(inputs=images, data_samples=[sample(2, 0)[0], sample(1, 1)[0]]) for _ in range(2)]
    with torch.inference_mode():
        whole = model.test_step(batch[0])
        people = model.start_test(model.data_preprocessor(batch[1], False))
    with ThreadPoolExecutor(1) as helper:
        parts = helper.submit(people).result()
    assert len(whole[0].pred_instances) > 0
    for first, second in zip(whole, parts, strict=True):
        for name, values in first.pred_instances.items():
            np.testing.assert_array_equal(values, second.pred_instances[name])

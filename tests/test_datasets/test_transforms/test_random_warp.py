"""After any warp the 3D still projects onto the 2D, and the image shows what it showed."""

import cv2
import numpy as np
import pytest

from mmp3d.datasets.transforms import RandomBottomUpWarp
from mmp3d.geometry import MUPOTS17, Camera

FLIP = MUPOTS17.flip_indices.tolist()


def item(people=2, size=(64, 48), camera=True):
    rng = np.random.default_rng(0)
    seen_by = Camera.from_intrinsics((60, 62), (30, 25), size, distortion=(0.05, 0.01, 1e-3, -1e-3))
    points = rng.uniform((-500, -400, 1500), (500, 400, 3000), (people, 17, 3))
    pixels = seen_by.project(points).astype(np.float32)
    return dict(
        img=np.zeros((size[1], size[0], 3), np.uint8),
        img_shape=(size[1], size[0]),
        flip_indices=FLIP,
        camera=seen_by if camera else None,
        keypoints=pixels,
        keypoints_visible=rng.random((people, 17)).round().astype(np.float32),
        keypoints_cam=points.astype(np.float32),
        keypoints_3d_valid=np.ones((people, 17), np.float32),
        bbox=np.concatenate([pixels.min(axis=1), pixels.max(axis=1)], axis=1).reshape(people, 4),
        input_keypoints=pixels.copy(),
    )


@pytest.mark.parametrize('seed', range(12))
def test_projection_holds_after_the_warp(seed):
    np.random.seed(seed)
    before = item()
    after = RandomBottomUpWarp((96, 40), rotation=40, fit='long' if seed % 2 else 'short').transform(item())
    assert after['img'].shape == (40, 96, 3)
    assert np.allclose(after['camera'].project(after['keypoints_cam']), after['keypoints'], atol=1e-2)
    assert np.array_equal(after['input_keypoints'], after['keypoints'])
    # Mirrored or turned about the axis, a depth stays; only left and right may have changed places.
    depths = before['keypoints_cam'][..., 2]
    mirrored = np.linalg.det(after['warp_mat'][:, :2]) < 0
    assert np.allclose(after['keypoints_cam'][..., 2], depths[:, FLIP] if mirrored else depths)
    visible = before['keypoints_visible']
    assert np.array_equal(after['keypoints_visible'], visible[:, FLIP] if mirrored else visible)
    low, high = after['bbox'][:, None, :2], after['bbox'][:, None, 2:]
    assert ((after['keypoints'] >= low - 1e-3) & (after['keypoints'] <= high + 1e-3)).all()


def test_focal_length_follows_the_scale():
    warp = RandomBottomUpWarp((128, 96), scale=(1, 1), rotation=0, shift=0, flip_prob=0)
    after = warp.transform(item())
    assert after['camera'].focal == pytest.approx(2 * item()['camera'].focal)


@pytest.mark.parametrize('flip', [0.0, 1.0])
def test_joints_stay_on_their_pixels(flip):
    data = item()
    joint = np.array([20.0, 30.0])
    cv2.circle(data['img'], (20, 30), 1, (255, 255, 255), -1)
    data['keypoints'][0, 14] = joint
    after = RandomBottomUpWarp((256, 192), scale=(1, 1), rotation=20, shift=0.05, flip_prob=flip).transform(data)
    rows, columns = np.nonzero(after['img'][..., 0] > 200)
    assert np.allclose((columns.mean(), rows.mean()), after['keypoints'][0, 14], atol=0.5)


def test_nobody_and_no_camera():
    assert RandomBottomUpWarp((32, 32)).transform(item(people=0))['keypoints'].shape == (0, 17, 2)
    assert RandomBottomUpWarp((32, 32)).transform(item(camera=False))['camera'] is None


def test_unknown_fit_is_refused():
    with pytest.raises(ValueError, match="got 'wide'"):
        RandomBottomUpWarp((32, 32), fit='wide')


@pytest.mark.parametrize('reduction', [2, 4])
@pytest.mark.parametrize('seed', range(4))
def test_a_shrunk_image_is_warped_to_the_same_place(reduction, seed):
    # An odd number of pixels: the last square of a shrunk image lies half outside.
    size, spots = (267, 181), ((60, 50), (200, 130), (133, 90))
    whole = np.zeros((size[1], size[0], 3), np.uint8)
    for spot in spots:
        cv2.circle(whole, spot, 5, (255, 255, 255), -1)
    whole = cv2.GaussianBlur(whole, (0, 0), 2)
    padded = np.pad(whole, ((0, -size[1] % reduction), (0, -size[0] % reduction), (0, 0)), 'edge').astype(float)
    rows, columns = padded.shape[0] // reduction, padded.shape[1] // reduction
    shrunk = padded.reshape(rows, reduction, columns, reduction, 3).mean(axis=(1, 3)).round().astype(np.uint8)
    warped = []
    for image, factor in ((whole, 1), (shrunk, reduction)):
        np.random.seed(seed)
        data = dict(item(size=size), img=image, img_shape=size[::-1], img_reduction=factor)
        warped.append(RandomBottomUpWarp((96, 64), scale=(0.5, 0.6), shift=0).transform(data))
    full, reduced = warped
    assert 'img_reduction' not in reduced
    np.testing.assert_array_equal(full['warp_mat'], reduced['warp_mat'])
    np.testing.assert_array_equal(full['keypoints'], reduced['keypoints'])
    np.testing.assert_array_equal(full['camera'].K, reduced['camera'].K)
    for spot in spots:
        x, y = full['warp_mat'] @ (*spot, 1)
        assert np.abs(_centre(full['img'], x, y) - (x, y)).max() < 0.1
        assert np.abs(_centre(reduced['img'], x, y) - (x, y)).max() < 0.1


def _centre(image, x, y, radius=7):
    """Centre of what is bright around a place."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    weight = image[..., 0] * (np.hypot(columns - x, rows - y) < radius)
    return np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()

"""Cameras as the data sets store them, as :class:`Camera`: x_camera = R x_world + t in millimetres.

MuCo's JSON, the community's JSON of Human3.6M and OpenCV's own files hold R and t in this very form and need no
function.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from mmp3d.geometry.camera import Camera

MILLIMETRES_PER_METRE = 1000.0


def h36m_camera(
    R: np.ndarray,
    centre: Sequence[float],
    f: Sequence[float],
    c: Sequence[float],
    k: Sequence[float],
    p: Sequence[float],
    image_size: Sequence[int],
) -> Camera:
    """Camera of Human3.6M: x_camera = R (x_world - centre), and its own formula of distortion.

    Copies of these cameras differ. mmpose's ``cameras.pkl`` holds R transposed and the centre in metres; VideoPose3D
    the quaternion of R transposed, the centre in metres and p in reverse order.

    Args:
        R: (3, 3) world-to-camera rotation.
        centre: (3,) place of the camera in the world, mm.
        f: (fx, fy) px.
        c: (cx, cy) px.
        k: (k1, k2, k3).
        p: (p1, p2) in the order of the release's ``metadata.xml``.
        image_size: (width, height) px.

    Raises:
        ValueError: A field has the wrong shape or holds values that no camera has.
    """
    R, k = np.asarray(R, np.float64), np.ravel(k)
    return Camera.from_intrinsics(
        np.ravel(f),
        np.ravel(c),
        image_size,
        R=R,
        t=-R @ np.ravel(centre),
        distortion=(*k[:2], *np.ravel(p), *k[2:]),
        distortion_model='h36m',
    )


def h36m_release_camera(extrinsics: Sequence[float], intrinsics: Sequence[float], image_size: Sequence[int]) -> Camera:
    """Camera of Human3.6M from the numbers of the release's ``metadata.xml``.

    Its vector ``w0`` of 300 numbers is 4 cameras x 11 subjects x 6 extrinsics, then 4 cameras x 9 intrinsics.

    Args:
        extrinsics: (6,) radians about x, y and z, with R = Rx Ry Rz, then the camera's place in the world, mm.
        intrinsics: (9,) fx, fy, cx, cy, k1, k2, k3, p1, p2.
        image_size: (width, height) px.

    Raises:
        ValueError: There are not 6 and 9 numbers.
    """
    if np.shape(extrinsics) != (6,) or np.shape(intrinsics) != (9,):
        raise ValueError(
            f'a camera of Human3.6M has 6 extrinsics and 9 intrinsics, got shapes {np.shape(extrinsics)} and '
            f'{np.shape(intrinsics)}'
        )
    R = Rotation.from_euler('XYZ', extrinsics[:3]).as_matrix()
    f, c, k, p = np.split(np.asarray(intrinsics, np.float64), [2, 4, 7])
    return h36m_camera(R, extrinsics[3:], f, c, k, p, image_size)


def pw3d_camera(cam_intrinsics: np.ndarray, cam_pose: np.ndarray, image_size: Sequence[int]) -> Camera:
    """Camera of one frame of 3DPW; it has no distortion.

    Args:
        cam_intrinsics: (3, 3) px, one for the sequence.
        cam_pose: (4, 4) world-to-camera transform in metres, one of the sequence's ``cam_poses``.
        image_size: (width, height) px.

    Raises:
        ValueError: ``cam_pose`` is no (4, 4) transform.
    """
    pose = np.asarray(cam_pose, np.float64)
    if pose.shape != (4, 4) or not np.allclose(pose[3:], [0, 0, 0, 1]):
        raise ValueError(f'cam_pose must be (4, 4) with the last row 0, 0, 0, 1, got {pose.tolist()}')
    return Camera(cam_intrinsics, tuple(image_size), R=pose[:3, :3], t=MILLIMETRES_PER_METRE * pose[:3, 3])


def jta_camera() -> Camera:
    """The one camera of all sequences of JTA; its 3D is stored in this camera's frame."""
    return Camera.from_intrinsics((1158, 1158), (960, 540), (1920, 1080))

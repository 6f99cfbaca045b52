"""The part of `mmcv._ext` that mmpose and mmdet run, on torchvision's kernels: boxes (N, 4) xyxy, RoIs (N, 5), pixels.

Signatures are those that `mmcv.ops` calls. float16 and bfloat16 inputs are computed in float32, since torchvision's CPU
kernels lack them and RoI corners beyond 2048 px are not exact in half precision. Every op that torchvision does not
have is present, because `mmcv.ops` looks it up when imported, and raises when called. `mmcv_finder` says when this can
be removed.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torchvision
from torch import Tensor

NAIVE, LINEAR, GAUSSIAN = 0, 1, 2
AVERAGE_POOLING = 1


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int = 0) -> Tensor:
    """Indices of the boxes that non-maximum suppression keeps, best score first.

    Args:
        boxes: (N, 4) xyxy in pixels; N may be 0.
        scores: (N,).
        iou_threshold: a box is dropped where its IoU with a better one is above this.
        offset: 0 or 1; a box is `x2 - x1 + offset` wide.
    """
    grown = boxes.float() + boxes.new_tensor([0, 0, offset, offset], dtype=torch.float32)
    return torchvision.ops.nms(grown, scores.float(), iou_threshold)


def softnms(
    boxes: Tensor,
    scores: Tensor,
    dets: Tensor,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: int,
    offset: int,
) -> Tensor:
    """Soft non-maximum suppression (Bodla et al., ICCV 2017): picks the best box, lowers those it overlaps.

    Args:
        boxes: (N, 4) xyxy in pixels; N may be 0.
        scores: (N,), not changed.
        dets: (N, 5); its first M rows are filled with the kept boxes and their lowered scores, in order of picking.
        iou_threshold: least IoU that counts as overlap (naive and linear).
        sigma: width of the Gaussian (Gaussian only).
        min_score: boxes whose score is lowered below this are dropped.
        method: 0 naive (drop), 1 linear, 2 Gaussian.
        offset: 0 or 1; a box is `x2 - x1 + offset` wide.

    Returns:
        (M,) int64 indices of the kept boxes.
    """
    grown = boxes.float() + boxes.new_tensor([0, 0, offset, offset], dtype=torch.float32)
    lowered = scores.float().clone()
    remaining = torch.arange(len(boxes), device=boxes.device)
    picked = []
    while len(remaining):
        best = lowered[remaining].argmax()
        index = remaining[best]
        picked.append(index)
        remaining = torch.cat([remaining[:best], remaining[best + 1 :]])
        overlap = torchvision.ops.box_iou(grown[index, None], grown[remaining])[0]
        lowered[remaining] *= _decay(overlap, iou_threshold, sigma, method)
        remaining = remaining[lowered[remaining] >= min_score]
    kept = torch.stack(picked) if picked else remaining
    dets[: len(kept)] = torch.cat([boxes[kept].float(), lowered[kept, None]], dim=1).to(dets)
    return kept


def _decay(overlap: Tensor, iou_threshold: float, sigma: float, method: int) -> Tensor:
    """Factor in [0, 1] for the score of a box with this IoU."""
    if method == GAUSSIAN:
        return torch.exp(-overlap.square() / sigma)
    reduced = 1 - overlap if method == LINEAR else torch.zeros_like(overlap)
    return torch.where(overlap >= iou_threshold, reduced, torch.ones_like(overlap))


def roi_align_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Fill `output` (R, C, aligned_height, aligned_width) with `input` (B, C, H, W) pooled over `rois` (R, 5).

    A RoI is (image index, x1, y1, x2, y2) in pixels of the image that `spatial_scale` scales to the map.

    Raises:
        RuntimeError: for max pooling, which only full mmcv has.
    """
    if pool_mode != AVERAGE_POOLING:
        raise RuntimeError(_missing('roi_align with max pooling'))
    dtype = _kernel_dtype(input)
    size = (aligned_height, aligned_width)
    pooled = torchvision.ops.roi_align(input.to(dtype), rois.to(dtype), size, spatial_scale, sampling_ratio, aligned)
    output.copy_(pooled)


def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Fill `grad_input` (B, C, H, W) with the gradient of `roi_align_forward` for `grad_output` (R, C, h, w)."""
    dtype = _kernel_dtype(grad_output)
    gradient = torch.ops.torchvision._roi_align_backward(
        grad_output.to(dtype),
        rois.to(dtype),
        spatial_scale,
        aligned_height,
        aligned_width,
        *grad_input.shape,
        sampling_ratio,
        aligned,
    )
    grad_input.copy_(gradient)


def get_compiler_version() -> str:
    """What environment reports print for mmcv's compiler."""
    return 'n/a (mmcv without compiled ops)'


def get_compiling_cuda_version() -> str:
    """What environment reports print for the CUDA that mmcv was compiled with."""
    return 'n/a (mmcv without compiled ops)'


def _kernel_dtype(tensor: Tensor) -> torch.dtype:
    return torch.float64 if tensor.dtype == torch.float64 else torch.float32


def _missing(op: str) -> str:
    return (
        f'mmcv op "{op}" needs a compiled mmcv, and this environment has mmcv without compiled ops (mmcv-lite), for '
        'which mmp3d serves NMS, soft-NMS and average RoIAlign only. To get every op: pip uninstall -y mmcv-lite && '
        'pip install "mmcv==2.1.0" (compiles for a long time where no wheel fits your torch and CUDA).'
    )


def __getattr__(name: str) -> Callable[..., None]:
    """A callable that raises RuntimeError for an op that is not served; special names stay absent."""
    if name.startswith('_'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')

    def unavailable(*args: object, **kwargs: object) -> None:
        raise RuntimeError(_missing(name))

    return unavailable

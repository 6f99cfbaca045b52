"""The substitute of `mmcv._ext` against recorded outputs of compiled mmcv 2.1.0 and against its own rules."""

from __future__ import annotations

from importlib.metadata import distributions

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mmp3d  # noqa: F401  makes mmcv.ops importable

# isort: split
from mmcv.ops import RoIAlign, batched_nms, nms, nms_rotated, soft_nms

from tests.shared_data import shared_path

# A full mmcv has its own operators: what they do is checked as well, but for what the substitute alone does.
IS_FULL = any(found.metadata['Name'] == 'mmcv' for found in distributions())
of_substitute = pytest.mark.skipif(IS_FULL, reason='a full mmcv is installed')


@pytest.fixture(scope='module')
def golden() -> dict[str, torch.Tensor]:
    with np.load(shared_path('golden/mmcv_ops') / 'ops.npz') as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


def random_boxes(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(count, 2, generator=generator) * 60
    size = torch.rand(count, 2, generator=generator) * 40 + 1
    return torch.cat([corner, corner + size], 1), torch.rand(count, generator=generator)


@pytest.mark.parametrize('offset', [0, 1])
def test_nms_equals_mmcv(golden: dict[str, torch.Tensor], offset: int) -> None:
    dets, kept = nms(golden['boxes'], golden['scores'], 0.5, offset=offset)
    assert torch.equal(kept, golden[f'nms{offset}'])
    assert torch.equal(dets, torch.cat([golden['boxes'], golden['scores'][:, None]], 1)[kept])


def test_soft_nms_equals_mmcv(golden: dict[str, torch.Tensor]) -> None:
    dets, kept = soft_nms(golden['boxes'], golden['scores'], 0.3, 0.5, 1e-3, 'linear')
    assert torch.equal(kept, golden['soft'])
    torch.testing.assert_close(dets, golden['softd'], rtol=0, atol=1e-6)


@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('sampling', [0, 2])
def test_roi_align_equals_mmcv(golden: dict[str, torch.Tensor], aligned: bool, sampling: int) -> None:
    feature = golden['feat'].clone().requires_grad_()
    pooled = RoIAlign(7, 0.9, sampling, 'avg', aligned)(feature, golden['rois'])
    (pooled * torch.sin(torch.arange(pooled.numel())).view_as(pooled)).sum().backward()
    torch.testing.assert_close(pooled, golden[f'ra{aligned}{sampling}'], rtol=0, atol=1e-6)
    torch.testing.assert_close(feature.grad, golden[f'rg{aligned}{sampling}'], rtol=0, atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 60), st.integers(0, 1000), st.sampled_from([0.3, 0.5, 0.7]))
def test_naive_soft_nms_is_nms(count: int, seed: int, threshold: float) -> None:
    boxes, scores = random_boxes(count, seed)
    _, kept = nms(boxes, scores, threshold)
    dets, soft_kept = soft_nms(boxes, scores, threshold, min_score=1e-9, method='naive')
    assert torch.equal(soft_kept, kept)
    assert torch.equal(dets[:, 4], scores[kept])


def test_gaussian_soft_nms_on_a_known_pair() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 5]])  # IoU 1/2
    dets, kept = soft_nms(boxes, torch.tensor([0.8, 0.9]), sigma=0.5, method='gaussian')
    assert kept.tolist() == [1, 0]
    torch.testing.assert_close(dets[:, 4], torch.tensor([0.9, 0.8 * np.exp(-0.5)]).float())


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 60), st.integers(0, 1000))
def test_batched_nms_suppresses_within_a_class_only(count: int, seed: int) -> None:
    boxes, scores = random_boxes(count, seed)
    labels = torch.arange(count) % 3
    _, kept = batched_nms(boxes, scores, labels, {'type': 'nms', 'iou_threshold': 0.5})
    members = [(labels == label).nonzero()[:, 0] for label in range(3)]
    expected = [m[nms(boxes[m], scores[m], 0.5)[1]] for m in members]
    assert sorted(kept.tolist()) == sorted(torch.cat(expected).tolist())
    assert scores[kept].tolist() == sorted(scores[kept].tolist(), reverse=True)


@pytest.mark.parametrize('suppress', [nms, soft_nms])
def test_no_boxes(suppress: object) -> None:
    dets, kept = suppress(torch.zeros(0, 4), torch.zeros(0), 0.5)
    assert dets.shape == (0, 5) and kept.shape == (0,) and kept.dtype == torch.int64


def test_no_rois() -> None:
    feature = torch.rand(2, 3, 8, 9, requires_grad=True)
    pooled = RoIAlign(7)(feature, torch.zeros(0, 5))
    pooled.sum().backward()
    assert pooled.shape == (0, 3, 7, 7)
    assert not feature.grad.any()


@of_substitute
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_keeps_its_type_and_computes_in_single(dtype: torch.dtype) -> None:
    feature, rois = torch.rand(1, 2, 16, 16, dtype=dtype), torch.tensor([[0, 1.0, 2, 12, 13]]).to(dtype)
    pooled = RoIAlign(4)(feature.requires_grad_(), rois)
    pooled.sum().backward()
    assert pooled.dtype == feature.grad.dtype == dtype
    assert torch.equal(pooled, RoIAlign(4)(feature.float(), rois.float()).to(dtype))
    boxes, scores = random_boxes(20)
    assert nms(boxes.to(dtype), scores.to(dtype), 0.5)[1].dtype == torch.int64


def test_roi_align_gradient_numerically() -> None:
    rois = torch.tensor([[0, 0.7, 1.1, 5.3, 6.2], [0, 2, 2, 3, 4]], dtype=torch.float64)
    feature = torch.rand(1, 2, 7, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(RoIAlign(2), (feature, rois))


@pytest.mark.skipif(not torch.cuda.is_available(), reason='no CUDA device')
def test_cuda_equals_cpu() -> None:
    boxes, scores = random_boxes(200)
    assert torch.equal(nms(boxes.cuda(), scores.cuda(), 0.5)[1].cpu(), nms(boxes, scores, 0.5)[1])
    rois = torch.cat([torch.zeros(200, 1), boxes], 1)
    values = torch.rand(1, 4, 60, 60)
    features = [values.to(device).detach().clone().requires_grad_() for device in ('cpu', 'cuda')]
    pooled = [RoIAlign(7)(feature, rois.to(feature.device)) for feature in features]
    for value in pooled:
        value.square().sum().backward()
    torch.testing.assert_close(pooled[1].cpu(), pooled[0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(features[1].grad.cpu(), features[0].grad, rtol=1e-4, atol=1e-4)


@of_substitute
def test_an_op_that_is_not_served_names_itself_and_the_remedy() -> None:
    with pytest.raises(RuntimeError, match=r'"nms_rotated".*pip install "mmcv==2.1.0"'):
        nms_rotated(torch.rand(3, 5), torch.rand(3), 0.5)
    with pytest.raises(RuntimeError, match='max pooling'):
        RoIAlign(7, pool_mode='max')(torch.rand(1, 1, 8, 8), torch.tensor([[0.0, 1, 1, 5, 5]]))


def test_special_names_stay_absent() -> None:
    import mmcv._ext as extension

    assert not hasattr(extension, '__path__')


@of_substitute
def test_environment_report_of_mmcv_works() -> None:
    from mmcv.ops import get_compiler_version, get_compiling_cuda_version

    assert 'n/a' in get_compiler_version() and 'n/a' in get_compiling_cuda_version()

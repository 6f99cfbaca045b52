"""A data sample that is cheaper to bring to a device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmengine.structures import BaseDataElement
from mmpose.structures import PoseDataSample
from torch import Tensor


class PackedSample(PoseDataSample):
    """mmpose's ``PoseDataSample``; ``to`` takes a tenth of the time.

    mmengine's copies all metainfo and compares all lengths anew, sample by sample, in the training process.
    """

    def to(self, *args, **kwargs) -> PackedSample:
        """The sample with its tensors on a device or of a type, as ``Tensor.to``; the metainfo is the same objects."""
        return _with_tensors(self, lambda tensor: tensor.to(*args, **kwargs))


def _with_tensors(element: BaseDataElement, change: Callable[[Tensor], Tensor]) -> BaseDataElement:
    """A copy of an element and of those in it, with other tensors."""
    copy = object.__new__(type(element))
    vars(copy).update({name: _changed(value, change) for name, value in vars(element).items()})
    return copy


def _changed(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, BaseDataElement):
        return _with_tensors(value, change)
    if isinstance(value, Tensor):
        return change(value)
    # The names of an element's fields, which are its own.
    return set(value) if isinstance(value, set) else value

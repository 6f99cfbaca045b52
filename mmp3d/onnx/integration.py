"""One pose of two by an ONNX graph."""

from __future__ import annotations

import numpy as np

from mmp3d.onnx.session import GraphSession
from mmp3d.pipeline.stage_memory import digest

NAMES = ('top_down', 'bottom_up', 'top_down_scores', 'bottom_up_scores')


class OnnxRule:
    """A :class:`~mmp3d.pipeline.integration.PoseRule`.

    Args:
        graph: ``integration``.
    """

    def __init__(self, graph: GraphSession) -> None:
        self._graph = graph

    def __call__(self, *pairs: np.ndarray) -> np.ndarray:
        """See :class:`~mmp3d.pipeline.integration.PoseRule`."""
        if not len(pairs[0]):
            return np.zeros(pairs[0].shape, np.float32)
        return self._graph(**dict(zip(NAMES, pairs, strict=True)))['keypoints_cam']

    def digest(self) -> str:
        """See :class:`~mmp3d.pipeline.integration.PoseRule`."""
        return digest('onnx_rule')

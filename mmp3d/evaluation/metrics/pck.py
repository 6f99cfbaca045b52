"""PCK, PCKabs and AUCrel as the official MuPoTS-3D evaluation computes them; percent."""

from __future__ import annotations

import numpy as np
from mmpose.registry import METRICS

from mmp3d.evaluation.functional.pck import AUC_THRESHOLDS, PCK_THRESHOLD, auc_credit, pck_credit
from mmp3d.evaluation.metrics.joint_metric import JointMetric


@METRICS.register_module()
class PCK(JointMetric):
    """Share of joints whose pelvis-relative error is below 150 mm.

    Args:
        threshold: mm.
        options: See :class:`JointMetric`.
    """

    default_prefix = 'PCK'

    def __init__(self, threshold: float = PCK_THRESHOLD, **options) -> None:
        super().__init__(**options)
        if not threshold > 0:
            raise ValueError(f'{type(self).__name__}: threshold must be a positive number of mm, got {threshold!r}')
        self.threshold = threshold

    @property
    def protocol(self) -> dict[str, str]:
        return {'joint is right': f'error < {self.threshold:g} mm', **super().protocol}

    def credit(self, errors: np.ndarray) -> np.ndarray:
        """1 where the error is below the threshold."""
        return pck_credit(errors, self.threshold)

    def split_credit(self, errors: np.ndarray) -> np.ndarray:
        """As :meth:`credit`, but an error equal to the threshold is right: so in the official masked tables."""
        return pck_credit(errors, self.threshold, inclusive=True)


@METRICS.register_module()
class PCKabs(PCK):
    """Share of joints whose error in absolute camera space is below 150 mm."""

    default_prefix = 'PCKabs'
    root_relative = False


@METRICS.register_module()
class AUCrel(JointMetric):
    """Area under the curve of the pelvis-relative PCK over 0, 5, ..., 150 mm: mean of 31 values, 96.8 at best."""

    default_prefix = 'AUCrel'

    @property
    def protocol(self) -> dict[str, str]:
        grid = f'{AUC_THRESHOLDS[0]:g}, {AUC_THRESHOLDS[1]:g}, ..., {AUC_THRESHOLDS[-1]:g}'
        return {'joint score': f'share of thresholds {grid} mm that the error is below', **super().protocol}

    def credit(self, errors: np.ndarray) -> np.ndarray:
        """Share of the thresholds that the error is below."""
        return auc_credit(errors)

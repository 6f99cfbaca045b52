"""Whether two people of an image are put in the right order of depth.

Shapes: F frames, G people of a frame. Millimetres along the camera's axis.
"""

from __future__ import annotations

import numpy as np

SAME_DEPTH = 300.0
ORDER_RULES = {
    'smap': 'in the annotated order, or both depth differences (annotated and predicted) < {same:g} mm',
    'two_way': 'in the annotated order; people of exactly equal annotated depth are no pair',
}


def depth_order(
    pred: np.ndarray, gt: np.ndarray, present: np.ndarray, rule: str = 'smap', same: float = SAME_DEPTH
) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of each frame's people, and which of them are predicted in the right order.

    With ``'smap'`` a pair is right if the predicted depths lie in the annotated order, however near they are, or if
    both differences, the annotated and the predicted one, are smaller than ``same``: then the two count as equally
    deep. So a near pair in the wrong order is right unless the prediction pulls it apart. Source: evaluation of SMAP
    on MuPoTS-3D. With ``'two_way'`` only the order counts.

    Args:
        pred: (F, G) mm, depth of the prediction that stands for each person; NaN where there is none.
        gt: (F, G) mm.
        present: (F, G) bool; people who are not to be scored are left out here.
        rule: One of ``ORDER_RULES``.
        same: mm.

    Returns:
        (F, G, G) bool, each pair once: it counts; and (F, G, G) bool: it is right. A pair with a depth that is not
        finite is not right.

    Raises:
        ValueError: ``rule`` is something else.

    Examples:
        >>> pred, gt = np.array([[3000.0, 2000, 9000]]), np.array([[3000.0, 4000, 8000]])
        >>> pairs, right = depth_order(pred, gt, np.ones((1, 3), bool))
        >>> pairs.sum().item(), right.sum().item()
        (3, 2)
    """
    if rule not in ORDER_RULES:
        raise ValueError(f'rule must be one of {sorted(ORDER_RULES)}, got {rule!r}')
    pred = np.where(np.isfinite(pred), pred, np.nan)
    pairs = np.triu(present[:, :, None] & present[:, None], k=1)
    gt_step, pred_step = (depths[:, :, None] - depths[:, None] for depths in (gt, pred))
    right = gt_step * pred_step > 0
    if rule == 'smap':
        right |= (np.abs(gt_step) < same) & (np.abs(pred_step) < same)
    else:
        pairs &= gt_step != 0
    return pairs, pairs & right

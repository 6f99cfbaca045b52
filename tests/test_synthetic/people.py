"""People for tests."""

from __future__ import annotations

import numpy as np

from mmp3d.synthetic.body import sample_appearance

LOOK = sample_appearance(np.random.default_rng(0), patterned=False)

"""`mmp3d.register_all_modules` fills mmpose's registries, in a process that has imported nothing yet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import mmp3d
mmp3d.register_all_modules()
mmp3d.register_all_modules()
from mmengine import DefaultScope
from mmpose.registry import DATASETS, HOOKS, KEYPOINT_CODECS, METRICS, MODELS, VISUALIZERS
names = {
    KEYPOINT_CODECS: ['AssociativeEmbeddingDepth'],
    MODELS: ['BottomUpDepthEstimator', 'BottomUpDepthHead', 'TopdownPoseEstimator'],
    DATASETS: ['MuCoDataset', 'MuPoTSDataset', 'CocoMultiPersonDataset'],
    METRICS: ['PCK', 'PCKabs', 'AUCrel', 'AP25root'],
    HOOKS: ['ReplacingCheckpointHook', 'SafeCheckpointHook'],
    VISUALIZERS: ['MultiPersonPose3DVisualizer'],
}
print([name for registry, wanted in names.items() for name in wanted if registry.get(name) is None])
print(DefaultScope.get_current_instance().scope_name)
"""


def test_every_name_is_found_without_a_prefix() -> None:
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', CODE], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ['[]', 'mmpose']

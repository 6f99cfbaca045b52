"""Time and accuracy of a network's forms on a processor: channels last, folded batch norm, bfloat16, compiled, ONNX.

python benchmarks/network_options.py time [--networks hrnet tiny] [--forms FORM ...] [--repeats N] [--threads N]
python benchmarks/network_options.py accuracy --data DIR [--forms FORM ...] [--threads N]

time: one forward pass of the bottom-up network without its decoding, HRNet-w32 (random weights) at 512 x 512 px and the
shipped tiny one at 256 x 160 px. Forms take turns with the plain one; a form's ratio is the median over the turns of
its time against the plain one's beside it. Differences are the largest of each map.

accuracy: the whole tiny system with given 2D poses on the sequences of DIR (tools/make_synthetic.py --format mupots),
AP25root, PCK and PCK_abs, all people; `onnx` is the exported system.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import torch
from mmengine.structures import InstanceData
from mmpose.registry import DATASETS, MODELS
from torch import Tensor, nn

import mmp3d
from mmp3d.apis import OnnxPipeline, load_two_branch
from mmp3d.engine.half_precision import run_in_half
from mmp3d.engine.launch import load_config
from mmp3d.engine.network_options import NetworkOptions, image_network
from mmp3d.evaluation.selection import select_evaluators
from mmp3d.onnx.export import OPSET, export_model, write_graph
from mmp3d.onnx.network_graphs import graphs_of
from mmp3d.onnx.session import GraphSession

SYSTEM = 'configs/tdbu_tiny_mupots.py'
NETWORKS = {
    'hrnet': ('configs/bu_hrnet_w32_muco.py', None, (512, 512)),
    'tiny': ('configs/bu_tiny_muco.py', 'weights/bu_tiny_muco.pth', (256, 160)),
}
METRICS = ('AP25root', 'PCK', 'PCKabs')

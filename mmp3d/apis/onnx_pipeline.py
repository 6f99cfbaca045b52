"""The whole system on ONNX graphs: neither PyTorch nor mmpose, mmdet, mmengine or mmcv is imported.

Shapes: N people of a frame, K = 17 MuPoTS joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.onnx.bottom_up import GroupingChoices, OnnxBottomUp
from mmp3d.onnx.integration import OnnxRule
from mmp3d.onnx.lifting import OnnxLifter
from mmp3d.onnx.manifest import NAME, read_manifest
from mmp3d.onnx.network_input import NetworkInput
from mmp3d.onnx.session import GraphSession
from mmp3d.pipeline.clip_frames import ClipFrame
from mmp3d.pipeline.clip_stages import ClipStages
from mmp3d.pipeline.given_people import GivenPeople
from mmp3d.pipeline.two_branch import ClipPipeline, TwoBranchSettings
from mmp3d.synthetic.ranges import recipe_of


class OnnxPipeline(ClipPipeline):
    """Frames with their 2D poses in, people with ids in camera space out, as ``load_two_branch(...).pipeline`` does it.

    Needs numpy, scipy, opencv and onnxruntime. The 2D poses are given; the bottom-up branch also runs without.

    Args:
        folder: What ``tools/export_onnx.py`` wrote.
        threads: Threads on the processor; None: as many as it has cores.
        providers: What computes, by onnxruntime's names; None: the processor.

    Raises:
        FileNotFoundError: The manifest or a graph is not there.
        ValueError: The manifest is damaged, of other joints, or of a network that is not a system: a top-down network
            alone, an integration network alone; or onnxruntime is not installed.
    """

    def __init__(self, folder: str | Path, threads: int | None = None, providers: Sequence[str] | None = None) -> None:
        manifest, path = read_manifest(folder), Path(folder) / NAME
        if manifest['joint_set'] != MUPOTS17.name:
            raise ValueError(f'{path}: joint_set {manifest["joint_set"]!r}, this pipeline runs {MUPOTS17.name!r}')
        if 'settings' not in manifest:
            raise ValueError(
                f'{path}: {manifest["config"]} finds nobody by itself; export a whole system, a bottom-up network or '
                'lifters'
            )
        self.manifest = manifest
        try:
            settings = recipe_of(TwoBranchSettings, f'{path}: settings', manifest['settings'])
            files = {name: Path(folder) / Path(graph['file']).name for name, graph in manifest['graphs'].items()}
            used = _used_graphs(settings)
            missing = [name for name in used if name not in files]
            if missing:
                raise ValueError(f'{path}: lacks the graph {missing[0]!r}; export the model again')
            stages = _stages({name: GraphSession(files[name], threads, providers) for name in used}, manifest, settings)
        except (KeyError, AttributeError, TypeError) as error:
            raise ValueError(f'{path}: damaged ({type(error).__name__}: {error}); export the model again') from error
        super().__init__(stages, settings)

    def run(self, frames: Iterable[ClipFrame], camera: Camera) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
        """Number and people of each frame, in order; the first comes when all frames are seen.

        Args:
            frames: Frames of one sequence, one after another at an even rate; see
                :class:`~mmp3d.pipeline.ClipFrame`. One that cannot be read has nobody of the bottom-up branch in it.
            camera: The camera of all frames.

        Yields:
            ``frame_id``, and ``keypoints`` (N, K, 2) px, ``keypoint_scores`` (N, K), ``keypoints_cam`` (N, K, 3) mm,
            ``root_cam`` (N, 3) mm, ``keypoints_3d`` (N, K, 3) mm about the root, ``bboxes`` (N, 4) px, ``bbox_scores``,
            ``track_ids`` and ``source`` (N,), the surest first.

        Raises:
            ValueError: Frames are not in order, or a frame brings poses of another shape.
        """
        return self.columns(frames, camera, None, 'clip')


def _used_graphs(settings: TwoBranchSettings) -> list[str]:
    bottom_up = ['bottom_up', 'bottom_up_candidates', 'bottom_up_people'] if settings.uses['bottom_up'] else []
    return [*bottom_up, *(['lifting'] if settings.uses['lifter'] else []), 'integration']


def _stages(graphs: dict[str, GraphSession], manifest: dict[str, Any], settings: TwoBranchSettings) -> ClipStages:
    bottom_up = lifter = None
    if settings.uses['bottom_up']:
        told = manifest['bottom_up']
        bottom_up = OnnxBottomUp(
            graphs, NetworkInput(**told['input']), GroupingChoices(**told['grouping']), settings.frame_batch
        )
    if settings.uses['lifter']:
        lifter = OnnxLifter(graphs['lifting'], manifest['lifting']['context'])
    return ClipStages(GivenPeople(), bottom_up, lifter, OnnxRule(graphs['integration']))

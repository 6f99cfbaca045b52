"""The inferencer: images and videos in, people in camera space, pictures and files out.

Shapes: H W pixels. Pixels of the full image; camera frame (x right, y down, z forward), millimetres.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.config import Config, ConfigDict
from mmengine.dataset import pseudo_collate
from mmengine.model import revert_sync_batchnorm
from mmengine.structures import InstanceData
from mmpose.apis.inferencers.base_mmpose_inferencer import BaseMMPoseInferencer
from mmpose.registry import INFERENCERS
from mmpose.structures import PoseDataSample
from mmpose.visualization import PoseLocalVisualizer
from torch import nn

import mmp3d
from mmp3d.apis.bottom_up_model import OTHER_MODEL, bottom_up_model
from mmp3d.apis.call_options import check_call_options, checked_batch_size
from mmp3d.apis.cameras import CameraInput, FrameCamera
from mmp3d.apis.checked_poses import checked_lookup
from mmp3d.apis.clip_call import ClipCall
from mmp3d.apis.clip_reader import ClipReader, ReaderOptions
from mmp3d.apis.clip_run import ClipRun, clip_pipeline
from mmp3d.apis.frame_samples import empty_sample, frame_facts, record_of
from mmp3d.apis.frames import InputsType, beside_drawing, frames_ahead, open_sources
from mmp3d.apis.given_poses import PoseInput
from mmp3d.apis.inference_config import check_inference_config, config_source
from mmp3d.apis.model_index import IndexedModel, find_model
from mmp3d.apis.outputs import OutputFiles, check_folder
from mmp3d.apis.people import person_dicts
from mmp3d.apis.progress import FrameProgress
from mmp3d.apis.recorded_config import recorded_config
from mmp3d.apis.sources import Frame, Source
from mmp3d.apis.two_branch import two_branch_model
from mmp3d.apis.usable_frame import usable_frame
from mmp3d.engine.config_mistakes import told
from mmp3d.engine.device import checked_device
from mmp3d.engine.launch import load_config
from mmp3d.engine.network_options import NetworkOptions
from mmp3d.geometry.image_shape import check_image_shape
from mmp3d.models.estimators import TwoBranchEstimator


@INFERENCERS.register_module()
class MultiPersonPose3DInferencer(BaseMMPoseInferencer):
    """People in camera space from images and videos; called like mmpose's inferencers.

    Args:
        model: Name or alias in mmp3d's ``model-index.yml``, a config file, or a config; None to take the config that
            the checkpoint records.
        weights: Checkpoint file or address; None with a name: those of the index; None with a config: random weights,
            with a warning.
        device: For example ``'cuda:0'``; None for the best there is.
        camera: Known camera: a :class:`~mmp3d.geometry.Camera`, a file, the field of view of the longer image side in
            degrees, or a :class:`~mmp3d.apis.cameras.FocalLength`. None: EXIF data of an image file, or else 55 degrees
            are assumed, with one warning; distances are then right up to one common factor.
        pose2d: 2D poses for the network, see :func:`~mmp3d.apis.given_poses.pose_lookup`; None for none.
        trust: Let the checkpoint run code of its own while it is read.
        show_progress: Show a progress bar.
        fuse_conv_bn: Fold batch norm, see :class:`~mmp3d.engine.network_options.NetworkOptions`, as for the others.
        half: Run the network in bfloat16, or in float16 on a device without it; positions stay float32.
        compile: Compile the backbone.

    Raises:
        FileNotFoundError: Config, checkpoint, camera or pose file does not exist.
        ValueError: Unknown model name, device or entry of the config, or a file that cannot be used; says which.

    Examples:
        >>> inferencer = MultiPersonPose3DInferencer('bottomup', device='cpu', camera=60)
        >>> grey = np.full((240, 384, 3), 127, np.uint8)
        >>> (result,) = inferencer(grey)
        >>> result['predictions'], result['camera']['source']  # nobody on a grey picture
        ([[]], 'fov')
    """

    preprocess_kwargs = {'camera', 'pose2d'}
    forward_kwargs = {'person_thr'}
    visualize_kwargs = {
        'return_vis', 'show', 'wait_time', 'draw_bbox', 'radius', 'thickness', 'kpt_thr', 'vis_out_dir',
        'black_background'}  # fmt: skip
    postprocess_kwargs = {'pred_out_dir'}

    def __init__(
        self,
        model: str | Path | Config | dict | None = None,
        weights: str | Path | None = None,
        device: str | None = None,
        camera: CameraInput = None,
        pose2d: PoseInput = None,
        trust: bool = False,
        show_progress: bool = False,
        fuse_conv_bn: bool = False,
        half: bool = False,
        compile: bool = False,
    ) -> None:
        mmp3d.register_all_modules()
        device = None if device is None else checked_device(device)
        self.trust = trust
        self.half = half
        self._named: IndexedModel | None = None
        self.camera = FrameCamera(camera)
        self.pose2d, self.has_poses = checked_lookup(pose2d), pose2d is not None
        model, weights = (str(given) if isinstance(given, Path) else given for given in (model, weights))
        if isinstance(model, str) and Path(model).is_file():
            model = load_config(model)
        super().__init__(model, weights, device, scope='mmpose', show_progress=show_progress)
        self.model = revert_sync_batchnorm(self.model)
        self.visualizer.set_dataset_meta(self.model.dataset_meta)
        NetworkOptions(fuse_conv_bn, half, compile).apply(self.model)

    @property
    def by_clip(self) -> bool:
        """The model looks at a clip as a whole: its people come when the last frame has been read."""
        return isinstance(self.model, TwoBranchEstimator)

    def __call__(
        self,
        inputs: InputsType,
        return_datasamples: bool = False,
        batch_size: int | None = None,
        out_dir: str | None = None,
        work_dir: str | None = None,
        **kwargs,
    ) -> Iterator[dict]:
        """Find people; the result is a generator, and each image or frame is computed when it is asked for.

        Args:
            inputs: Image or video file, folder of images, ``'webcam'`` or ``'webcam:1'``, (H, W, 3) uint8 BGR array, or
                a list of these, or a generator of such arrays: the frames of one video.
            return_datasamples: Give ``PoseDataSample`` instead of dicts.
            batch_size: Images that the network sees at a time, 1 unless the model says otherwise. A batch holds images
                of one size; the results do not depend on it.
            out_dir: Short for ``vis_out_dir=<out_dir>/visualizations, pred_out_dir=<out_dir>/predictions``.
            work_dir: For a model that looks at whole clips: folder in which the outputs of its stages are kept, so that
                memory does not grow with the clip, and a run that was broken off goes on. None: in memory.
            **kwargs: ``camera, pose2d`` (in place of the constructor's), ``person_thr`` (people with a lower score are
                left out), ``return_vis, show, wait_time, draw_bbox, radius, thickness, kpt_thr, vis_out_dir,
                black_background, pred_out_dir`` as in mmpose.

        Yields:
            One dict for each image or frame: ``predictions``, a list with one list of people; ``visualization``, a
            list with one RGB picture (empty without ``return_vis``); ``img_path, seq_name, frame_id, camera`` and
            ``error`` (None, or why the image could not be read). See ``docs/inference.md``.

        Raises:
            FileNotFoundError: An input does not exist.
            ValueError: An option is unknown or wrong, or the only input cannot be read.
        """
        batch_size = checked_batch_size(batch_size)
        check_call_options(dict(kwargs, out_dir=out_dir, work_dir=work_dir))
        if out_dir is not None:
            check_folder('out_dir', Path(out_dir))
            kwargs.setdefault('vis_out_dir', str(Path(out_dir) / 'visualizations'))
            kwargs.setdefault('pred_out_dir', str(Path(out_dir) / 'predictions'))
        if isinstance(inputs, str) and inputs.startswith('webcam') and not self.by_clip:
            kwargs.setdefault('show', True)
        stages = self._dispatch_kwargs(**kwargs)
        sources = open_sources(inputs, has_window=kwargs.get('show', False))
        vis_out_dir, pred_out_dir = (str(kwargs.get(name) or '') for name in ('vis_out_dir', 'pred_out_dir'))
        read = {f'{name} file': (getattr(self, name), kwargs.get(name)) for name in ('camera', 'pose2d')}
        outputs = OutputFiles(vis_out_dir, pred_out_dir, sources, read)
        if self.by_clip:
            calls = self._clip_call(batch_size, work_dir, _draws(kwargs), **stages[0])
            return self._run_clips(calls, sources, outputs, stages, return_datasamples)
        if work_dir is not None:
            raise ValueError('work_dir is for models that look at whole clips; this one has nothing to keep')
        return self._run(sources, outputs, stages, batch_size or 1, return_datasamples)

    def clip_run(
        self,
        reader: ClipReader,
        name: str,
        fps: float,
        batch_size: int | None = None,
        work_dir: str | None = None,
        has_poses: bool | None = None,
    ) -> ClipRun:
        """A clip through the stages of the model, which a bottom-up model has, too; people are tracked.

        Args:
            reader: The frames.
            name: Of the clip.
            fps: Frames a second.
            batch_size: Frames that the bottom-up network sees at a time; None for the model's choice.
            work_dir: As in :meth:`__call__`.
            has_poses: The reader brings 2D poses; None: if the inferencer was given ``pose2d``.

        Raises:
            ValueError: Its frames are too long and thin, or ``fps`` cannot be.
        """
        check_image_shape(reader.size, reader.sources[0].label)
        given = self.has_poses if has_poses is None else has_poses
        pipeline = clip_pipeline(self.model, reader.size, fps, given, batch_size)
        return ClipRun(pipeline, reader, name, work_dir, self.show_progress)

    def preprocess(
        self, inputs: Iterator[Frame], batch_size: int = 1, camera: CameraInput = None, pose2d: PoseInput = None
    ) -> Iterator[tuple[list[Frame], list[dict]]]:
        """Frames in batches of one image size, and for each readable one its network input."""
        cameras = self.camera if camera is None else FrameCamera(camera)
        poses = self.pose2d if pose2d is None else checked_lookup(pose2d)
        frames, items = [], []
        for number, frame in enumerate(map(usable_frame, inputs)):
            item = None if frame.image is None else self._item(frame, number, cameras, poses)
            if items and item is not None and item['inputs'].shape != items[0]['inputs'].shape:
                yield frames, items
                frames, items = [], []
            frames.append(frame)
            items += [] if item is None else [item]
            if len(frames) == batch_size:
                yield frames, items
                frames, items = [], []
        if frames:
            yield frames, items

    @torch.no_grad()
    def forward(self, inputs: tuple[list[Frame], list[dict]], person_thr: float = 0.0) -> list[PoseDataSample]:
        """One sample for each frame; nobody is in one that could not be read."""
        frames, items = inputs
        found = iter(self.model.test_step(self.collate_fn(items)) if items else ())
        samples = [empty_sample(frame) if frame.image is None else next(found) for frame in frames]
        for sample in samples:
            if 'keypoints_cam' not in sample.pred_instances:
                raise ValueError(f'{OTHER_MODEL}, and {type(self.model).__name__} predicts no positions in space')
            sample.pred_instances = _at_least(sample.pred_instances, person_thr)
        return samples

    def visualize(
        self,
        inputs: list[Frame],
        preds: list[PoseDataSample],
        return_vis: bool = False,
        show: bool = False,
        wait_time: float = 0,
        draw_bbox: bool = False,
        radius: float | None = None,
        thickness: float | None = None,
        kpt_thr: float = 0.3,
        vis_out_dir: str = '',
        black_background: bool = False,
    ) -> list[np.ndarray | None]:
        """One RGB picture for each frame; None for a frame that could not be read; [] where none is wanted."""
        if not (return_vis or show or vis_out_dir):
            return []
        self.visualizer.radius, self.visualizer.line_width = radius, thickness
        pictures = []
        for frame, sample in zip(inputs, preds, strict=True):
            if frame.image is None:
                pictures.append(None)
                continue
            if frame.index == 0:
                self.visualizer.reset_view(hold=frame.source.is_video)
            image = np.zeros_like(frame.image) if black_background else cv2.cvtColor(frame.image, cv2.COLOR_BGR2RGB)
            pictures.append(
                self.visualizer.add_datasample(
                    frame.source.name,
                    image,
                    sample,
                    draw_gt=False,
                    draw_bbox=draw_bbox,
                    show=show,
                    wait_time=0.001 if frame.source.is_video else wait_time,
                    kpt_thr=kpt_thr,
                )
            )
        return pictures

    def postprocess(
        self,
        preds: list[PoseDataSample],
        visualization: list[np.ndarray | None],
        return_datasamples: bool = False,
        pred_out_dir: str = '',
    ) -> dict:
        """The result for one frame; files are written elsewhere, see :class:`OutputFiles`."""
        (sample,) = preds
        meta = sample.metainfo
        return dict(
            predictions=[sample if return_datasamples else person_dicts(sample.pred_instances)],
            visualization=visualization,
            **{key: meta.get(key) for key in ('img_path', 'seq_name', 'frame_id', 'camera', 'error')},
        )

    def _run(
        self, sources: list[Source], outputs: OutputFiles, stages: tuple, batch_size: int, as_samples: bool
    ) -> Iterator[dict]:
        preprocess_options, forward_options, visualize_options, postprocess_options = stages
        total = sum(map(len, sources))
        # However the loop ends, also when the caller drops the generator, the files so far are finished.
        with closing(outputs), FrameProgress('Inference', total, self.show_progress) as progress:
            batches = self.preprocess(frames_ahead(sources), batch_size, **preprocess_options)
            found = ((batch[0], self.forward(batch, **forward_options)) for batch in batches)
            for frames, samples in beside_drawing(found, sources) if _draws(visualize_options) else found:
                for frame, sample in zip(frames, samples, strict=True):
                    progress.add(1, len(sample.pred_instances))
                    yield self._finished(frame, sample, outputs, visualize_options, postprocess_options, as_samples)

    def _finished(
        self, frame: Frame, sample: PoseDataSample, outputs: OutputFiles, drawing: dict, given: dict, as_samples: bool
    ) -> dict:
        """The result of a frame, which is also written to the files."""
        pictures = self.visualize([frame], [sample], **drawing)
        outputs.add(frame.source, record_of(sample), pictures[0] if pictures else None)
        return self.postprocess([sample], pictures if drawing.get('return_vis') else [], as_samples, **given)

    def _run_clips(
        self, calls: ClipCall, sources: list[Source], outputs: OutputFiles, stages: tuple, as_samples: bool
    ) -> Iterator[dict]:
        _, forward_options, drawing, postprocess_options = stages
        with closing(outputs):
            for frame, sample in calls.samples(sources):
                sample.pred_instances = _at_least(sample.pred_instances, **forward_options)
                yield self._finished(frame, sample, outputs, drawing, postprocess_options, as_samples)

    def _clip_call(
        self,
        batch_size: int | None,
        work_dir: str | None,
        draws: bool,
        camera: CameraInput = None,
        pose2d: PoseInput = None,
    ) -> ClipCall:
        has_poses = self.has_poses or pose2d is not None
        return ClipCall(
            lambda reader, name, fps: self.clip_run(reader, name, fps, batch_size, work_dir, has_poses),
            self.camera if camera is None else FrameCamera(camera),
            self.pose2d if pose2d is None else checked_lookup(pose2d),
            ReaderOptions(self.half, work_dir is None),
            draws,
        )

    def _item(self, frame: Frame, number: int, cameras: FrameCamera, poses: Any) -> dict:
        height, width = frame.image.shape[:2]
        item = dict(
            frame_facts(frame, number),
            img=frame.image,
            camera=cameras.of_image((width, height), frame.name, frame.source.file),
            flip_indices=list(self.model.dataset_meta['flip_indices']),
            dataset_name=self.model.dataset_meta['dataset_name'],
        )
        given = poses(frame, number)
        if given is not None:
            item['input_keypoints'], item['input_keypoint_scores'] = given
        return self.pipeline(item)

    def _load_model_from_metafile(self, model: str) -> tuple[Config, str]:
        # Ours alone: mmpose's own models know no depth.
        self._named = find_model(model)
        return load_config(str(self._named.config)), self._named.weights

    def _init_model(self, cfg: ConfigDict, weights: str | None, device: torch.device) -> nn.Module:
        is_recorded = not cfg
        if is_recorded:
            cfg.update(recorded_config(weights, self.trust))
        self._config_name = config_source(cfg, weights)
        check_inference_config(cfg, self._config_name)
        whole = not is_recorded and cfg.model.type == TwoBranchEstimator.__name__
        if weights is None and self._named is not None and not whole:
            raise ValueError(f'no weights are published for {self._named.name}; give weights=, a checkpoint of yours')
        with told(self._config_name, 'model'):
            build = two_branch_model if whole else bottom_up_model
            return build(cfg, weights, self.trust).to(device).eval()

    def _init_pipeline(self, cfg: ConfigDict) -> Callable:
        with told(self._config_name, 'test_dataloader.dataset.pipeline'):
            return super()._init_pipeline(cfg)

    def _init_collate(self, cfg: ConfigDict) -> Callable:
        # Asking mmengine for a default that it has itself ends in a warning about mmpose's registries.
        if 'collate_fn' not in cfg.test_dataloader:
            return pseudo_collate
        with told(self._config_name, 'test_dataloader.collate_fn'):
            collate = super()._init_collate(cfg)
            if collate is None:
                raise LookupError(f'no function is registered as {cfg.test_dataloader.collate_fn!r}')
            return collate

    def _init_visualizer(self, cfg: ConfigDict) -> PoseLocalVisualizer:
        # Pictures go to files and to the caller, not to the logging backends of a training.
        return super()._init_visualizer(ConfigDict(visualizer=dict(type='MultiPersonPose3DVisualizer')))


def _draws(options: dict) -> bool:
    return any(options.get(name) for name in ('return_vis', 'show', 'vis_out_dir'))


def _at_least(people: InstanceData, person_thr: float = 0.0) -> InstanceData:
    return people[people.bbox_scores >= person_thr]

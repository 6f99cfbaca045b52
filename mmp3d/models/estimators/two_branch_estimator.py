"""The whole system as one model: sequences in, people with ids in camera space out (paper, Fig. 2).

Shapes: T frames of a sequence, N people of a frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

import numpy as np
from mmengine.model import BaseModel
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils.typing import OptConfigType
from torch import nn

from mmp3d.datasets.raw_file import file_stamp
from mmp3d.datasets.report import warn_once
from mmp3d.datasets.transforms.loading import LoadMultiPersonImage
from mmp3d.geometry import Camera
from mmp3d.models.sub_models import build_sub_model
from mmp3d.synthetic.ranges import recipe_of

if TYPE_CHECKING:
    from mmp3d.pipeline.integration import PairedPeople
    from mmp3d.pipeline.two_branch import TwoBranchPipeline


@MODELS.register_module()
class TwoBranchEstimator(BaseModel):
    """Top-down and bottom-up branch, matched and integrated; its parts are trained each by itself.

    A batch is the frames of one sequence or of several, in order (:class:`~mmp3d.datasets.ClipBatchSampler`), as data
    samples without pictures: these are read in chunks, where a stage needs them. Given 2D poses are the samples'
    ``input_instances``, in pixels of the full image.

    Args:
        lifter: :class:`PoseLiftingEstimator`; this and the other parts as :func:`build_sub_model` takes them.
        bottom_up: :class:`BottomUpDepthEstimator`.
        integration: ``HardIntegration``, ``LinearIntegration``, ``IntegrationNet``, or an ``IntegrationEstimator``
            that holds one.
        top_down: :class:`MultiPersonTopDownEstimator`; None: 2D poses are given.
        detector: Arguments of :class:`~mmp3d.pipeline.MMDetPersonDetector`, on this model's device unless they name
            one; None: the boxes of ``top_down`` are those around the given 2D poses.
        bottom_up_pipeline: Transforms of the bottom-up network's input; None: those of its config's test dataloader.
        settings: Fields of :class:`~mmp3d.pipeline.two_branch.TwoBranchSettings`.
        stage_dir: Folder in which the outputs of the stages are kept and found (docs/pipeline.md).
        init_cfg: As in mmengine.

    Raises:
        FileNotFoundError: A config or checkpoint does not exist.
        ValueError: A part is missing or is not what it should be, or a setting is out of range.
    """

    def __init__(
        self,
        lifter: nn.Module | dict | None = None,
        bottom_up: nn.Module | dict | None = None,
        integration: nn.Module | dict | None = None,
        top_down: nn.Module | dict | None = None,
        detector: dict | None = None,
        bottom_up_pipeline: Sequence[dict] | None = None,
        settings: dict | None = None,
        stage_dir: str | None = None,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        parts = dict(top_down=top_down, lifter=lifter, bottom_up=bottom_up, integration=integration)
        for name, part in parts.items():
            setattr(self, name, None if part is None else build_sub_model(name, part))
        # What the training of an integration network adds to it is not needed.
        self.integration = getattr(self.integration, 'network', self.integration)
        self.detector = detector
        self.bottom_up_pipeline = bottom_up_pipeline
        self.settings = dict(settings or {})
        self.stage_dir = stage_dir

    @cached_property
    def pipeline(self) -> TwoBranchPipeline:
        """The stages, on this model's networks as they are."""
        # The pipeline is made of estimators and so comes after them.
        from mmp3d.pipeline import MMDetPersonDetector
        from mmp3d.pipeline.two_branch import TwoBranchNetworks, TwoBranchPipeline, TwoBranchSettings

        device = str(next(self.parameters()).device)
        networks = TwoBranchNetworks(
            lifter=self.lifter,
            bottom_up=self.bottom_up,
            bottom_up_pipeline=self._bottom_up_transforms(),
            integration=self.integration,
            top_down=self.top_down,
            detector=None if self.detector is None else MMDetPersonDetector(**{'device': device, **self.detector}),
        )
        return TwoBranchPipeline(networks, recipe_of(TwoBranchSettings, 'model.settings', self.settings))

    def forward(self, inputs: Any, data_samples: list[PoseDataSample], mode: str = 'predict') -> list[PoseDataSample]:
        """See :meth:`predict`; ``inputs`` are not used. Raises ValueError for another mode: the parts are trained."""
        if mode != 'predict':
            raise ValueError(
                f'TwoBranchEstimator only predicts, got mode {mode!r}; train its parts each with its own config'
            )
        return self.predict(data_samples)

    def test_step(self, data: dict) -> list[PoseDataSample]:
        """See :meth:`predict`. Nothing is moved to a device here: the stages do so with what they need."""
        return self.predict(data['data_samples'])

    val_step = test_step

    def predict(self, data_samples: list[PoseDataSample]) -> list[PoseDataSample]:
        """The samples with ``pred_instances`` by the data contract; every run of one ``seq_name`` is a sequence.

        Args:
            data_samples: With ``img_path``, ``img_shape``, ``seq_name``, ``frame_id`` and ``camera``. Without a camera
                one is assumed, with a warning, and recorded there.

        Raises:
            ValueError: The intrinsics change within a sequence, or frames are out of order.
        """
        for samples, clip in self._clips(data_samples):
            for sample, (_, people) in zip(samples, self.pipeline.run(*clip), strict=True):
                sample.pred_instances = people
        return data_samples

    def branch_pairs(
        self, data_samples: list[PoseDataSample], every: int = 1
    ) -> Iterator[tuple[list[PoseDataSample], PairedPeople]]:
        """Samples, and what both branches say about their people before they are integrated, some frames at a time.

        Args:
            data_samples: As for :meth:`predict`, which raises the same.
            every: The bottom-up network sees frames whose number this divides; in the others it finds nobody.
        """
        for samples, clip in self._clips(data_samples, every):
            rest = iter(samples)
            for frame_ids, people in self.pipeline.pairs(*clip):
                yield list(islice(rest, len(frame_ids))), people

    def _clips(
        self, data_samples: list[PoseDataSample], every: int = 1
    ) -> Iterator[tuple[list[PoseDataSample], tuple]]:
        """Samples of each sequence, and what the pipeline takes of it: frames, camera, store and name."""
        from mmp3d.pipeline.stage_store import StageStore

        store = None if self.stage_dir is None else StageStore(self.stage_dir)
        for name, clip in groupby(data_samples, key=lambda sample: sample.metainfo.get('seq_name') or ''):
            samples = list(clip)
            first = samples[0].metainfo.get('frame_id', 0)
            yield samples, (_frames(samples, every), _camera_of(samples, name), store, f'{name or "clip"}-{first}')

    def _bottom_up_transforms(self) -> Sequence[dict]:
        if self.bottom_up is None or self.bottom_up_pipeline is not None:
            return self.bottom_up_pipeline or ()
        cfg = getattr(self.bottom_up, 'cfg', {})
        if 'test_dataloader' not in cfg:
            raise ValueError(
                'model.bottom_up: its config has no test_dataloader that tells how images become its input; give '
                'model.bottom_up_pipeline'
            )
        return cfg.test_dataloader.dataset.pipeline


def _frames(samples: Sequence[PoseDataSample], every: int) -> Iterator:
    from mmp3d.pipeline.clip_frames import ClipFrame

    for number, sample in enumerate(samples):
        poses = None
        if 'input_instances' in sample:
            poses = tuple(sample.input_instances[name].cpu().numpy() for name in ('keypoints', 'keypoint_scores'))
        meta = sample.metainfo
        frame_id = meta.get('frame_id', number)
        # A frame without a picture, for which there is a stamp of its own.
        shown = (partial(_read, meta), file_stamp(meta['img_path'])) if frame_id % every == 0 else (_no_picture, '')
        yield ClipFrame(frame_id, shown[0], poses, shown[1])


def _no_picture() -> None:
    return None


def _read(meta: dict) -> np.ndarray | None:
    item = dict(img_path=meta['img_path'], img_shape=meta['img_shape'], test_mode=True)
    results = LoadMultiPersonImage()(item)
    return None if results['img_unreadable'] else results['img']


def _camera_of(samples: Sequence[PoseDataSample], name: str) -> Camera:
    """The one camera of a sequence; where it moves, that of the first frame."""
    known = [sample.metainfo.get('camera') for sample in samples]
    if known[0] is None:
        height, width = samples[0].metainfo['img_shape'][:2]
        camera = Camera.assumed((width, height))
        warn_once(
            f'{name}: no camera given: assuming f = {camera.focal:.0f} px; depths are right only up to one factor'
        )
        for sample in samples:
            sample.set_metainfo(dict(camera=camera.to_dict()))
        return camera
    for sample, camera in zip(samples, known, strict=True):
        if camera is None or any(camera[part] != known[0][part] for part in ('K', 'image_size', 'distortion')):
            raise ValueError(
                f'{name}, frame {sample.metainfo.get("frame_id")}: has other intrinsics than the first frame of the '
                'sequence; give each camera a sequence of its own'
            )
    return Camera.from_dict(known[0])

"""2D poses and what they are pictures of, drawn on the fly for networks that never see pixels.

Shapes: B items, N people, T frames, K = 17 joints of MuPoTS-17. Pixels; millimetres in the camera frame (x right, y
down, z forward).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset, force_full_init
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import DATASETS

from mmp3d.datasets.item_batch import ItemBatch
from mmp3d.geometry import MUPOTS17
from mmp3d.synthetic.clip_noise import ClipNoise
from mmp3d.synthetic.counter_random import CounterRandom, keys_of
from mmp3d.synthetic.motion_bank import MotionBank, bank_of, procedural_bank, recorded_bank
from mmp3d.synthetic.motion_clips import MotionVariation
from mmp3d.synthetic.motion_split import SPLITS, files_of_split
from mmp3d.synthetic.ranges import recipe_of
from mmp3d.synthetic.virtual_camera import CameraRanges
from mmp3d.synthetic.virtual_clips import ClipRecipe, draw_virtual_clips
from mmp3d.synthetic.virtual_scene import SceneVariation

# Frames of people that are drawn at once: few enough to stay in the processor's cache.
_CHUNK = 2048
_OF_CAMERA = ('K', 'R', 't', 'image_size')


@DATASETS.register_module()
class VirtualPoseDataset(BaseDataset):
    """People in motion before virtual cameras, as a 2D detector would find them and as they are.

    An item is a clip, a dict of float32 tensors:

    - ``keypoints (N, T, K, 2)`` px and ``keypoint_scores (N, T, K)`` as found (score 0, point (0, 0): not found);
      ``keypoints_norm (N, T, K, 2)``, K^-1 applied (0 where not found);
    - ``keypoints_gt (N, T, K, 2)`` px, exact; ``keypoints_visible`` (in the picture) and ``keypoints_occluded``,
      ``(N, T, K)``;
    - ``keypoints_cam (N, T, K, 3)`` mm, ``root_cam (N, T, 3)`` mm, ``keypoints_3d (N, T, K, 3)`` mm relative to the
      root, ``root_depth_norm (N, T)`` Z / f in mm / px;
    - ``keypoints_3d_valid (N, T, K)``, ``frame_valid (N, T)`` (0: the motion is shorter than the clip and stands
      still), ``person_valid (N,)`` (0: no such person, all zeros), ``track_ids (N,)`` (int64, -1: nobody),
      ``motion_ids (N,)`` (int64, place in ``bank.names`` of the motion that the person makes, -1: nobody);
    - of the camera ``K (3, 3)``, ``R (3, 3)`` and ``t (3,)`` mm (from a world with y down and the floor at y = 0) and
      ``image_size (2,)``; ``sample_idx ()`` int64.

    With ``num_people=1`` there is no axis N. An item is a function of ``seed``, ``motion_split`` and its index alone,
    whatever worker or rank draws it and beside which others. Indices may go beyond the length:
    :class:`~mmp3d.datasets.fresh_index_sampler.FreshIndexSampler` asks for new items in each epoch; any other sampler
    gets the same ones, as a validation set should.

    Args:
        num_items: Length of an epoch.
        clip_length: T.
        fps: Frames a second.
        num_people: N, or the least and the greatest; items are padded to the greatest.
        motion_folders: Folders with BVH files, at any depth; none: procedural motion only.
        num_procedural: Number of procedural motions of 10 s beside the recorded ones. A frame of any motion is as
            likely as any other.
        motion_split: ``'train'`` or ``'val'``: use the motion files (and procedural motions) of one part, and draw
            cameras and people that the other does not have; None: all of them.
        val_fraction: Share of the files in ``'val'``, by a hash of their names.
        cameras: Fields of :class:`~mmp3d.synthetic.virtual_camera.CameraRanges`.
        scene: Fields of :class:`~mmp3d.synthetic.virtual_scene.SceneVariation`.
        motion: Fields of :class:`~mmp3d.synthetic.motion_clips.MotionVariation`.
        noise: Fields of :class:`~mmp3d.synthetic.clip_noise.ClipNoise`.
        exact_2d: Without any noise: what is in the picture is found where it is, hidden or not, with score 1.
        self_occlusion: Whether joints behind the own body count as occluded.
        seed: Other seeds give other items.
        pipeline: Transforms of single items; without, a batch is drawn and handed on as a whole.
        metainfo, indices, test_mode, lazy_init: As in mmengine's ``BaseDataset``.

    Raises:
        FileNotFoundError: A motion folder is not there or holds no motion.
        ValueError: An option is out of its range, a motion file is unsound, or a split is empty.
    """

    def __init__(
        self,
        num_items: int = 65536,
        clip_length: int = 1,
        fps: float = 30.0,
        num_people: int | tuple[int, int] = 1,
        motion_folders: str | Sequence[str] = (),
        num_procedural: int = 256,
        motion_split: str | None = None,
        val_fraction: float = 0.1,
        cameras: dict | None = None,
        scene: dict | None = None,
        motion: dict | None = None,
        noise: dict | None = None,
        exact_2d: bool = False,
        self_occlusion: bool = True,
        seed: int = 0,
        pipeline: Sequence[dict | Callable] = (),
        metainfo: dict | None = None,
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        for name, value, least in (('num_items', num_items, 1), ('clip_length', clip_length, 1), ('seed', seed, 0)):
            if not isinstance(value, int) or value < least:
                raise ValueError(f'{name}: expected an integer of at least {least}, got {value!r}')
        if not fps > 0 or not num_procedural >= 0 or motion_split not in (None, *SPLITS):
            raise ValueError(
                f'expected fps > 0, num_procedural >= 0 and motion_split None or one of {SPLITS}, got '
                f'{fps!r}, {num_procedural!r} and {motion_split!r}'
            )
        people = (num_people, num_people) if isinstance(num_people, int) else num_people
        self.recipe = ClipRecipe(
            num_frames=clip_length,
            fps=float(fps),
            cameras=recipe_of(CameraRanges, 'cameras', cameras),
            scene=recipe_of(SceneVariation, 'scene', {'num_people': people, **(scene or {})}),
            motion=recipe_of(MotionVariation, 'motion', motion),
            noise=ClipNoise.none() if exact_2d else recipe_of(ClipNoise, 'noise', noise),
            self_occlusion=self_occlusion,
        )
        self.num_items = num_items
        self.motion_folders = [motion_folders] if isinstance(motion_folders, (str, Path)) else list(motion_folders)
        self.num_procedural = num_procedural
        self.motion_split, self.val_fraction = motion_split, val_fraction
        self.seed = seed
        self.bank: MotionBank | None = None
        super().__init__(
            metainfo=metainfo,
            indices=indices,
            serialize_data=False,
            pipeline=list(pipeline),
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

    @force_full_init
    def get_data_info(self, idx: int) -> dict[str, Any]:
        """The item at ``idx``, before the transforms."""
        return self._drawn([idx])[0]

    @force_full_init
    def __getitems__(self, indices: Sequence[int]) -> ItemBatch | list:
        """The items at ``indices``, drawn together: what PyTorch's ``DataLoader`` calls for a batch."""
        batch = self._drawn(indices)
        return [self.pipeline(item) for item in batch] if self.pipeline.transforms else batch

    def load_data_list(self) -> np.ndarray:
        """Read the motions and return the numbers of the items of the first epoch."""
        self.bank = self._load_bank()
        return np.arange(self.num_items)

    def _load_bank(self) -> MotionBank:
        parts = []
        for folder in map(Path, self.motion_folders):
            parts.append(recorded_bank(files_of_split(folder, self.motion_split, self.val_fraction), folder))
        if self.num_procedural:
            parts.append(procedural_bank(self._split_number, self.num_procedural))
        if not parts:
            raise ValueError('VirtualPoseDataset needs motion: give motion_folders, or num_procedural greater than 0')
        return bank_of(parts)

    @property
    def _split_number(self) -> int:
        return (None, *SPLITS).index(self.motion_split)

    def _drawn(self, indices: Sequence[int]) -> ItemBatch:
        numbers = self._numbers(np.asarray(indices, np.int64))
        items = max(1, _CHUNK // (self.recipe.num_frames * self.recipe.scene.num_people[1]))
        chunks = [self._draw(numbers[start : start + items]) for start in range(0, len(numbers), items)]
        stacked = {key: np.concatenate([chunk[key] for chunk in chunks]) for key in chunks[0]}
        return ItemBatch({key: torch.from_numpy(values) for key, values in stacked.items()})

    def _numbers(self, indices: np.ndarray) -> np.ndarray:
        """The numbers, unlimited, of the items at indices, unlimited or from -len(self) on."""
        epochs, places = np.divmod(indices, len(self))
        if (epochs < -1).any():
            raise IndexError(f'item {indices.min()} of {len(self)}')
        return np.maximum(epochs, 0) * self.num_items + np.asarray(self.data_list)[places]

    def _draw(self, numbers: np.ndarray) -> dict[str, np.ndarray]:
        """Items by number, stacked."""
        random = CounterRandom(keys_of(self.seed * (len(SPLITS) + 1) + self._split_number, numbers))
        fields = draw_virtual_clips(random, self.bank, self.recipe)
        if self.recipe.scene.num_people[1] == 1:
            fields = {key: values if key in _OF_CAMERA else values[:, 0] for key, values in fields.items()}
        fields['sample_idx'] = numbers
        return fields

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        return parse_pose_metainfo(copy.deepcopy(metainfo) or MUPOTS17.metainfo('virtual'))

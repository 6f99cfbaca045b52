"""Hours of video through the whole system: no frame is lost, ids stay few, and memory stays what it was.

python benchmarks/soak.py [--minutes 60] [--out DIR]

People stand and move, alone, in crowds of 100, and not at all. The pictures are empty and their 2D poses are given; in
place of the bottom-up network somebody says where these people are. Reading, stages on disk, tracking, linking, the
shipped lifters, matching and integration are the real ones. Then a clip whose pictures change their size half way. Exit
status 1 where something is not as it should be.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from process_facts import memory
from torch import nn

from mmp3d.apis import load_lifters
from mmp3d.apis.cameras import FrameCamera
from mmp3d.apis.clip_reader import ClipReader, ReaderOptions
from mmp3d.apis.clip_run import ClipRun
from mmp3d.apis.sources import Frame, ImageStream
from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.models.integration import HardIntegration
from mmp3d.pipeline import TwoBranchNetworks, TwoBranchPipeline
from mmp3d.synthetic.motion_library import sample_procedural_motions

FPS = 25
CAMERA = Camera.from_fov(60, (320, 180))
CROWD = 100
# A day of ten minutes: (frames, people).
DAY = ((4000, 2), (2000, 0), (3000, 1), (500, CROWD), (500, 0), (4000, 3), (1000, 0))
CYCLE = sum(frames for frames, _ in DAY)
# What may be between the memory after the first day, or 1000 frames, and that when the last frame has been read, MB.
MOST_GROWTH = 100
# In a crowd of small people the branches may disagree about somebody, who is then there twice, with two ids.
MOST_BODIES = 2
# Of everybody, all ids counted, however brief.
MOST_IDS = 1.5


def people_at(frame: int) -> tuple[int, np.ndarray]:
    """Number of the stretch of time that a frame is in, and its people, (N, 17, 3) mm."""
    day, place = divmod(frame, CYCLE)
    for number, (frames, people) in enumerate(DAY):
        if place < frames:
            return day * len(DAY) + number, _standing(people, place)
        place -= frames
    raise ValueError(f'frame {frame} is in no stretch of the day')


def _standing(people: int, frame: int) -> np.ndarray:
    """People in rows, who stay apart; their motion goes there and back."""
    row, column = np.divmod(np.arange(people), 10)
    roots = np.stack([800.0 * (column - min(people - 1, 9) / 2) * (1 + row / 3), 0 * row, 5000 + 900.0 * row], axis=-1)
    number = frame % (2 * len(MOTIONS[0]) - 2)
    return MOTIONS[:people, min(number, 2 * len(MOTIONS[0]) - 2 - number)] + roots[:, None].astype(np.float32)


def _motions() -> np.ndarray:
    """(CROWD, 250, 17, 3) mm: people who stand and move their arms, about the middle of their hips."""
    motions = sample_procedural_motions(np.random.default_rng(0), CROWD, 250, FPS, ('stand', 'wave', 'reach'))
    return motions - motions[:, :1, MUPOTS17.root_index, None].mean(axis=1, keepdims=True)


MOTIONS = _motions()


def given_poses(frame: Frame, number: int) -> tuple[np.ndarray, np.ndarray]:
    """The 2D poses of a frame."""
    pixels = CAMERA.project(people_at(number)[1]).astype(np.float32)
    return pixels, np.ones(pixels.shape[:2], np.float32)


class StandIn(nn.Module):
    """In place of the bottom-up network: says where the people of a frame are, whose number is in its picture."""

    def __init__(self) -> None:
        super().__init__()
        self.anything = nn.Parameter(torch.zeros(1))

    def data_preprocessor(self, data: dict, training: bool) -> dict:
        """The pictures as they are."""
        return data

    def start_test(self, data: dict) -> Callable[[], list[PoseDataSample]]:
        """See ``BottomUpDepthEstimator``."""
        numbers = [int.from_bytes(image[0, 0, :4].numpy().tobytes(), 'little') for image in data['inputs']]
        return lambda: [self._seen(people_at(number)[1]) for number in numbers]

    def _seen(self, points: np.ndarray) -> PoseDataSample:
        sample = PoseDataSample()
        sample.pred_instances = InstanceData(
            keypoints=CAMERA.project(points).astype(np.float32),
            keypoint_scores=np.full(points.shape[:2], 0.9, np.float32),
            keypoints_cam=points,
            bbox_scores=np.full(len(points), 0.9, np.float32),
        )
        return sample


class Soak:
    """One clip through the system, with its own memory, MB, when a quarter or a day was read, and when all was.

    Args:
        frames: T.
        work: Folder for the stages.
        changes_at: From this frame on pictures have another size; None for never.
    """

    def __init__(self, frames: int, work: Path, changes_at: int | None = None) -> None:
        self.frames, self.changes_at = frames, changes_at
        self.settles_at = min(CYCLE, frames // 4)
        self.settled = self.read = 0
        networks = TwoBranchNetworks(load_lifters(), StandIn(), [dict(type='PackMultiPersonInputs')], HardIntegration())
        stream, options = ImageStream(self._pictures()), ReaderOptions(in_memory=False)
        self.reader = ClipReader([stream], FrameCamera(CAMERA), given_poses, 0, options)
        self._run = ClipRun(TwoBranchPipeline(networks), self.reader, 'soak', work)

    def wrong(self, expected: int) -> list[str]:
        """Run it; what is not as it should be with ``expected`` frames, a line each."""
        frames, ids, appearances, lines = 0, Counter(), {}, []
        for _, people in self._run.people():
            stretch, truth = people_at(frames)
            appearances[stretch] = len(truth)
            ids.update(people.track_ids.tolist())
            if not len(truth) <= len(people) <= MOST_BODIES * len(truth):
                lines.append(f'frame {frames}: {len(people)} people, expected {len(truth)}')
            frames += 1
        everybody = sum(appearances.values())
        briefest = min(ids.values(), default=0)
        print(f'{frames} frames, {len(ids)} ids of {everybody} people, the briefest in {briefest} frames')
        if frames != expected:
            lines.append(f'{frames} frames, expected {expected}')
        if len(ids) > MOST_IDS * everybody:
            lines.append(f'{len(ids)} ids of {everybody} people')
        if self.read - self.settled > MOST_GROWTH:
            lines.append(f'memory grew from {self.settled} to {self.read} MB')
        return lines

    def _pictures(self) -> Iterator[np.ndarray]:
        for number in range(self.frames):
            if number == self.settles_at:
                self.settled = memory('RssAnon') >> 20
            scale = 2 if self.changes_at is not None and number >= self.changes_at else 1
            picture = np.zeros((180 * scale, 320 * scale, 3), np.uint8)
            picture[0, :4, 0] = np.frombuffer(number.to_bytes(4, 'little'), np.uint8)
            yield picture
        self.read = memory('RssAnon') >> 20


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--minutes', type=float, default=60, help='of video, at 25 frames a second')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/soak'), help='folder for the stages')
    args = parser.parse_args()
    shutil.rmtree(args.out, ignore_errors=True)
    frames = round(args.minutes * 60 * FPS)
    start, soak = time.monotonic(), Soak(frames, args.out / 'whole')
    wrong = soak.wrong(frames)
    print(
        f'{time.monotonic() - start:.0f} s; memory {soak.settled} MB after {soak.settles_at} frames, {soak.read} MB '
        f'when the last one was read, {memory("VmHWM") >> 20} MB at most'
    )
    half = Soak(200, args.out / 'other_size', changes_at=100)
    wrong += half.wrong(expected=100)
    print(f'pictures of another size from frame 100 on: ended by {half.reader.ended_by}')
    for line in wrong[:20]:
        print(f'wrong: {line}')
    return int(bool(wrong))


if __name__ == '__main__':
    sys.exit(main())

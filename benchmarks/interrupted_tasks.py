"""The commands that benchmarks/interruptions.py kills, and the data that they work on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from same_results import same_files, same_training

from mmp3d.synthetic.crossing import CAMERA, POSES, VIDEO, write_crossing

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / 'tools'
# torchrun
TWO_PROCESSES = ('-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2')
# Copies of the clip, of which tools/data.py writes the frames.
VIDEOS = 6
BOTTOM_UP = """
_base_ = ['{root}/configs/bu_tiny_muco.py']
max_epochs = 40
train_cfg = dict(max_epochs=40, val_interval=5)
model = dict(
    backbone=dict(widths=(8, 16), encoder_blocks=(1, 1), decoder_blocks=(1,)), head=dict(in_channels=8))
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=7), logger=dict(interval=1))
custom_hooks = [dict(type='EMAHook', momentum=0.01), dict(type='SafeCheckpointHook')]
train_dataloader = dict(batch_size=4, dataset=dict(data_root='{data}/muco'))
val_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(data_root='{data}/mupots'))
test_dataloader = val_dataloader
"""
LIFTING = """
_base_ = ['{root}/configs/lifting_tiny_frames_virtual.py']
max_epochs = 20
train_cfg = dict(max_epochs=20, val_interval=5)
model = dict(pose_net=dict(backbone=dict(dropout=0.1)), depth_net=dict(backbone=dict(dropout=0.1)))
default_hooks = dict(logger=dict(interval=1))
train_dataloader = dict(batch_size=64, dataset=dict(num_items=1280, num_procedural=16))
val_dataloader = dict(dataset=dict(num_items=8))
test_dataloader = val_dataloader
"""


class Task(NamedTuple):
    """A command to be killed.

    Args:
        command: Tool and arguments that write to a folder; given again, it goes on.
        compare: What differs between two folders, as a text for the table; raises ValueError for other results.
        lives: How many lives a run is cut into, about.
        by_backend: Files are written through mmengine's backend, so that it can be killed in the midst of writing.
        launcher: Options of Python that start the tool in several processes; moments are then counted from the first
            file.
    """

    command: Callable[[Path], list[str]]
    compare: Callable[[Path, Path], str]
    lives: int = 12
    by_backend: bool = True
    launcher: tuple[str, ...] = ()


def tasks(data: Path) -> dict[str, Task]:
    """All tasks by name; their data is made in the folder ``data``."""
    return {**_training_tasks(data), **_inference_tasks(data), **_data_tasks(data)}


def _training_tasks(data: Path) -> dict[str, Task]:
    configs = {}
    for name, text in (('bottom_up', BOTTOM_UP), ('lifting', LIFTING)):
        configs[name] = data / f'{name}.py'
        configs[name].write_text(text.format(root=ROOT, data=data))

    def task(name: str, options: tuple[str, ...] = (), **facts: object) -> Task:
        command = ['train.py', str(configs[name]), '--resume', *options, '--work-dir']
        return Task(lambda out: [*command, str(out)], same_training, **facts)

    return {
        'bottom-up training': task('bottom_up'),
        'lifting training': task('lifting'),
        'training, two processes': task('lifting', ('--launcher', 'pytorch'), launcher=TWO_PROCESSES, by_backend=False),
    }


def _inference_tasks(data: Path) -> dict[str, Task]:
    clip = data / 'clip'
    infer = ['infer.py', str(clip / VIDEO), '--pose2d', str(clip / POSES), '--camera', str(clip / CAMERA)]
    # A kill may come when everything is written, too.
    infer += ['--device', 'cpu', '--export', 'json', 'npz', 'bvh', 'html', '--skip-existing']
    return {
        'inference, whole system': Task(lambda out: [*infer, '--model', 'tdbu', '--out', str(out)], same_files, 4),
        'inference, bottom-up': Task(lambda out: [*infer, '--model', 'bottomup', '--out', str(out)], same_files, 4),
    }


def _data_tasks(data: Path) -> dict[str, Task]:
    synthetic = ['make_synthetic.py', '--format', 'muco', '--images', '400', '--workers', '2', '--size', '320', '200']
    label = ['pseudo_label.py', str(ROOT / 'configs/ssl_tiny_virtual.py')]
    label += [str(ROOT / 'weights/lifting_tiny_virtual.pth'), '--cfg-options', 'unlabelled_dataset.num_items=2560']
    convert = ['data.py', 'convert', 'muco', '--root', str(data / 'large')]
    measure = ['measure_people.py', str(ROOT / 'configs/bu_refiner_tiny_muco.py')]
    measure += [str(ROOT / 'weights/bu_tiny_muco.pth'), '--images', '32']
    measure += ['--cfg-options', f'measure_dataloader.dataset.data_root={data / "large"}', '--out']
    return {
        'synthetic data': Task(lambda out: [*synthetic, '--out', str(out)], same_files, 4, by_backend=False),
        'annotation cache': Task(lambda out: [*convert, '--out', str(out)], same_files, 2, by_backend=False),
        'frames of videos': Task(lambda out: _convert_frames(data, out), same_files, 2, by_backend=False),
        'measured people': Task(lambda out: [*measure, str(out / 'people.npz')], same_files, 2),
        'pseudo-labels': Task(lambda out: [*label, '--out', str(out / 'labels.npz')], same_files, 3),
    }


def _convert_frames(data: Path, out: Path) -> list[str]:
    """The command, whose output lies beside its videos: a link to these is put there."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / 'videos').exists():
        (out / 'videos').symlink_to(data / 'videos')
    return ['data.py', 'convert', 'jta', '--frames', '--workers', '2', '--root', str(out)]


def make_data(data: Path) -> None:
    """A few scenes to train on, an annotation file that is kept parsed, a clip of two people who cross, and videos."""
    data.mkdir(parents=True, exist_ok=True)
    make = [sys.executable, str(TOOLS / 'make_synthetic.py'), '--seed', '3', '--size', '160', '100']
    subprocess.run([*make, '--format', 'muco', '--images', '24', '--out', str(data / 'muco')], check=True)
    mupots = ['--format', 'mupots', '--sequences', '2', '--frames', '3', '--out', str(data / 'mupots')]
    subprocess.run([*make, *mupots], check=True)
    subprocess.run([*make, '--format', 'muco', '--images', '600', '--out', str(data / 'large')], check=True)
    clip = write_crossing(data / 'clip', 75).read_bytes()
    videos = data / 'videos' / 'train'
    videos.mkdir(parents=True, exist_ok=True)
    for number in range(VIDEOS):
        (videos / f'seq_{number}.mp4').write_bytes(clip)

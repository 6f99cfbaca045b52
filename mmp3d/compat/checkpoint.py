"""Reads, applies and publishes checkpoint files without running code from them, with errors that a user can act on."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from mmengine.runner.checkpoint import get_state_dict
from mmengine.runner.checkpoint import load_state_dict as host_load_state_dict
from torch import nn

from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.compat.plain_data import plain
from mmp3d.version import __version__

SHOWN_KEYS = 3


def load_checkpoint(path: str | Path, map_location: str | torch.device = 'cpu', trust: bool = False) -> dict[str, Any]:
    """Read a checkpoint that torch or mmengine wrote.

    Args:
        path: a file, or an http(s) address, which is fetched once into torch's hub folder.
        map_location: device to put the tensors on.
        trust: allow the file to run its own code while it is read, which a pickle with foreign classes does.

    Raises:
        FileNotFoundError: no such file.
        ConnectionError: the address cannot be fetched.
        ValueError: truncated or changed since it was written, not a checkpoint, or refused because of a class it
            contains.
    """
    file = _local_file(path)
    _check_archive(file)
    try:
        checkpoint = torch.load(file, map_location=map_location, weights_only=not trust)
    except Exception as error:  # a damaged pickle can raise almost anything
        raise ValueError(_unreadable(file, error)) from error
    if not isinstance(checkpoint, dict):
        raise ValueError(f'{file}: holds a {type(checkpoint).__name__}, expected a dict with "state_dict" and "meta"')
    return checkpoint


def load_weights(model: nn.Module, path: str | Path, trust: bool = False) -> dict[str, Any]:
    """Fill all parameters and buffers of a model from a checkpoint of the same architecture.

    Args:
        model: the network, in a distributed wrapper or not; a wrapper's `module.` prefix in the file is dropped.
        path: see `load_checkpoint`.
        trust: see `load_checkpoint`.

    Returns:
        The whole checkpoint, whose `meta` tells the data set and the config.

    Raises:
        FileNotFoundError, ConnectionError, ValueError: see `load_checkpoint`.
        ValueError: the file's tensors are not those of the model; the model is then unchanged.
    """
    checkpoint = load_checkpoint(path, trust=trust)
    check_architecture(model, checkpoint, path)
    host_load_state_dict(model, state_dict_of(checkpoint, path), strict=True)
    return checkpoint


def load_run_weights(model: nn.Module, path: str | Path) -> None:
    """:func:`load_weights` that also takes the checkpoint of a run which trained the model as a student.

    Raises:
        FileNotFoundError, ValueError: see `load_weights`.
    """
    weights = weights_for(model, state_dict_of(load_checkpoint(path), path))
    check_architecture(model, {'state_dict': weights}, path)
    host_load_state_dict(model, weights, strict=True)


def check_architecture(model: nn.Module, checkpoint: dict[str, Any], path: str | Path) -> None:
    """Raise ValueError, with the first differences, unless a checkpoint's tensors are those of the model."""
    problems = _differences(get_state_dict(model), state_dict_of(checkpoint, path))
    if problems:
        raise ValueError(
            f'{path}: weights of another architecture (recorded config: {config_name(checkpoint)}). '
            f'{"; ".join(problems)}. Use the config that the checkpoint was trained with.'
        )


def state_dict_of(checkpoint: dict[str, Any], path: str | Path) -> dict[str, torch.Tensor]:
    """The named tensors of a checkpoint, without a distributed wrapper's `module.` prefix.

    Raises:
        ValueError: the checkpoint has none.
    """
    weights = checkpoint.get('state_dict', checkpoint)
    if not isinstance(weights, Mapping) or not weights or not all(map(_is_named_tensor, weights.items())):
        raise ValueError(f'{path}: no "state_dict" of tensors, found the keys {sorted(map(str, checkpoint))[:8]}')
    return {name.removeprefix('module.'): tensor for name, tensor in weights.items()}


def _is_named_tensor(item: tuple[Any, Any]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], torch.Tensor)


def meta_of(checkpoint: dict[str, Any]) -> Mapping[str, Any]:
    """What a checkpoint tells beside its tensors; empty where it tells nothing."""
    meta = checkpoint.get('meta')
    return meta if isinstance(meta, Mapping) else {}


def weights_for(model: nn.Module, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors of a training run that a model runs with.

    A model that learnt as a student has them under `student.`; a discriminator that it was trained against, and does
    not have itself, is left out. Other tensors are handed on as they are.
    """
    parts = dict(model.named_children())
    students = {key.removeprefix('student.'): value for key, value in weights.items() if key.startswith('student.')}
    if students and 'student' not in parts:
        weights = students
    return {key: value for key, value in weights.items() if 'discriminator' in parts or not _is_discriminator(key)}


def _is_discriminator(key: str) -> bool:
    return key.startswith('discriminator.')


def config_name(checkpoint: dict[str, Any]) -> str:
    """Name of the config that a checkpoint was trained with, 'unknown' where the file does not tell."""
    meta = meta_of(checkpoint)
    # mmengine's experiment name is the config's file name and a time stamp.
    names = (meta.get('config_name'), re.sub(r'_\d{8}_\d{6}$', '', str(meta.get('experiment_name', ''))))
    return next((name for name in names if isinstance(name, str) and name), 'unknown')


def publish_checkpoint(
    src: str | Path,
    dst: str | Path,
    meta: dict[str, Any],
    trust: bool = False,
    replaced: dict[str, torch.Tensor] | None = None,
    half: bool = False,
    model: nn.Module | None = None,
    config: str | None = None,
) -> None:
    """Write the weights of a training checkpoint and plain facts about them; `torch.load(weights_only=True)` reads it.

    Args:
        src: checkpoint of a run; where it was trained with EMA, its `state_dict` is the averaged one.
        dst: file to write, replaced in one step.
        meta: facts to add or replace, such as measured numbers; made plain.
        trust: see `load_checkpoint`.
        replaced: tensors, by their names in the model, that were trained elsewhere.
        half: store numbers in half precision, in half the space; a model that loads them computes as before.
        model: publish what this model runs with, see `weights_for`, and nothing else; None: all that was trained.
        config: text of the config that builds the model, in place of the run's own, which may lack what was replaced.

    Raises:
        FileNotFoundError, ValueError: see `load_checkpoint`; also where the tensors are not those of `model`, or half
            precision cannot hold a number. A file at `dst` is then as it was.
    """
    checkpoint = load_checkpoint(src, trust=trust)
    kept = {key: value for key, value in meta_of(checkpoint).items() if key in ('dataset_meta', 'cfg')}
    if config is not None:
        kept['cfg'] = config
    if 'cfg' in kept:
        kept['cfg'] = _without_folders(kept['cfg'])
    facts = {**kept, 'config_name': config_name(checkpoint), 'mmp3d_version': __version__, **meta}
    tensors = state_dict_of(checkpoint, src)
    tensors = (tensors if model is None else weights_for(model, tensors)) | (replaced or {})
    if model is not None:
        check_architecture(model, {'state_dict': tensors, 'meta': facts}, src)
    save_weights(tensors, dst, facts, half)


def _without_folders(config: str) -> str:
    """A config's text without the publisher's own folders: no `work_dir`, and only the names of absolute paths."""
    text = re.sub(r'^work_dir = .*\n?', '', config, flags=re.MULTILINE)
    return re.sub(r"'/(?:[^'/\n]+/)*([^'/\n]+)'", r"'\1'", text)


def save_weights(tensors: dict[str, torch.Tensor], dst: str | Path, meta: dict[str, Any], half: bool = False) -> None:
    """Write named tensors and plain facts, as `load_checkpoint` reads them; replaces the file in one step."""
    weights = {name: _stored(name, tensor, half) for name, tensor in tensors.items()}
    buffer = io.BytesIO()
    torch.save({'meta': plain(meta, 'meta'), 'state_dict': weights}, buffer)
    AtomicLocalBackend().put(buffer.getvalue(), dst)


def _stored(name: str, tensor: torch.Tensor, half: bool) -> torch.Tensor:
    """A copy that holds nothing but its own numbers."""
    if not half or not tensor.is_floating_point():
        return tensor.detach().clone()
    stored = tensor.detach().half()
    if not torch.equal(stored.isfinite(), tensor.isfinite()):
        raise ValueError(
            f'{name}: up to {tensor.abs().max():.3g}, which half precision cannot hold; publish without --half'
        )
    return stored


def _local_file(path: str | Path) -> Path:
    if re.match(r'https?://', str(path)):
        return _fetched(str(path))
    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f'{file}: no such checkpoint. Give an existing file, or train one with tools/train.py.')
    return file


def _check_archive(file: Path) -> None:
    """Raise ValueError where a small file stands for a large one, or a part does not have its checksum.

    torch packs nothing, and looks at no checksum.
    """
    try:
        if not zipfile.is_zipfile(file):
            return
        with zipfile.ZipFile(file) as archive:
            inflated = sum(member.file_size for member in archive.infolist())
            if inflated > file.stat().st_size:
                raise ValueError(f'its members are said to have {inflated} bytes, more than the file')
            damaged = archive.testzip()
    except Exception as error:  # a damaged archive can raise almost anything
        raise ValueError(_unreadable(file, error)) from error
    if damaged is not None:
        raise ValueError(f'{file}: damaged, {damaged} does not have its checksum. Copy or download it again.')


def _fetched(url: str) -> Path:
    folder = Path(torch.hub.get_dir()) / 'checkpoints'
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / url.rsplit('/', 1)[-1]
    if not file.is_file():
        try:
            torch.hub.download_url_to_file(url, str(file), progress=False)
        except (URLError, OSError) as error:
            raise ConnectionError(
                f'{url}: cannot be fetched ({error}). Download it by hand and give the file.'
            ) from error
    return file


def _unreadable(file: Path, error: Exception) -> str:
    from mmp3d.datasets.raw_file import (  # it imports mmpose, which needs compat
        first_bytes,
        is_lfs_pointer,
        lfs_message,
    )

    if is_lfs_pointer(first_bytes(file)):
        return lfs_message(file)
    # The second form is that of PyTorch before 2.4.
    refused = re.search(r'(?:GLOBAL|Unsupported class) (\S+)(?: was not an allowed|$)', str(error))
    if refused:
        return (
            f'{file}: refused, because reading it would run code for the class {refused[1]}. If you trust whoever made '
            'the file, pass --trust to tools/test.py (trust=True in Python).'
        )
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f'{file}: truncated or not a checkpoint ({reason[:200]}). Copy or download it again.'


def _differences(wanted: dict[str, torch.Tensor], found: dict[str, torch.Tensor]) -> list[str]:
    """One phrase for each kind of difference: its count and first names."""
    shapes = [
        f'{name} {tuple(found[name].shape)} for {tuple(wanted[name].shape)}'
        for name in wanted
        if name in found and found[name].shape != wanted[name].shape
    ]
    kinds = {
        'missing': [name for name in wanted if name not in found],
        'unexpected': [name for name in found if name not in wanted],
        'of another shape': shapes,
    }
    return [
        f'{len(names)} {kind}: {", ".join(names[:SHOWN_KEYS])}{", ..." if len(names) > SHOWN_KEYS else ""}'
        for kind, names in kinds.items()
        if names
    ]

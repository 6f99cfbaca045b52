"""ONNX Runtime on one graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

INSTALL = 'pip install "onnxruntime>=1.17"'
# Numbers that a graph takes.
TYPES = {'tensor(float)': np.float32, 'tensor(int64)': np.int64}


class GraphSession:
    """A graph that is ready to run.

    Args:
        path: The ``.onnx`` file.
        threads: Threads on the processor; None: as many as it has cores.
        providers: What computes, by onnxruntime's names, the first that can; None: the processor.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a graph that onnxruntime reads, or onnxruntime is not installed; gives the command.
    """

    def __init__(self, path: str | Path, threads: int | None = None, providers: Sequence[str] | None = None) -> None:
        if not Path(path).is_file():
            raise FileNotFoundError(f'{path}: no such graph; write it: python tools/export_onnx.py CONFIG CHECKPOINT')
        runtime = require_onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        try:
            self._session = runtime.InferenceSession(
                str(path), options, providers=list(providers or ['CPUExecutionProvider'])
            )
        # Its errors are classes of a compiled module that have no common base of their own.
        except Exception as error:
            raise ValueError(f'{path}: onnxruntime cannot read it ({" ".join(str(error).split())[:200]})') from error
        self._types = {put.name: TYPES[put.type] for put in self._session.get_inputs()}
        self._outputs = [put.name for put in self._session.get_outputs()]

    def __call__(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Outputs by name; inputs that the graph does not have are left out."""
        taken = {name: np.ascontiguousarray(inputs[name], kind) for name, kind in self._types.items()}
        return dict(zip(self._outputs, self._session.run(None, taken), strict=True))


def require_onnxruntime() -> ModuleType:
    """The package ``onnxruntime``; raises ValueError with the command that installs it."""
    try:
        import onnxruntime
    except ImportError as error:
        raise ValueError(f'ONNX graphs are run by onnxruntime, which is not installed: {INSTALL}') from error
    return onnxruntime

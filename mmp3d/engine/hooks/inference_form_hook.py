"""Hook that gives a run's model the fastest form before it is tested."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from mmp3d.models.inference_form import in_inference_form


@HOOKS.register_module()
class InferenceFormHook(Hook):
    """Changes the model once its weights are there, see :func:`~mmp3d.models.inference_form.in_inference_form`.

    For runs that only test; a model that was changed cannot be trained on.
    """

    def before_test(self, runner: Runner) -> None:
        """Change the runner's model."""
        in_inference_form(runner.model)

"""Prepares batches of two sources, labelled and unlabelled, for semi-supervised training."""

from __future__ import annotations

from mmengine.model import BaseDataPreprocessor
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType

SOURCES = ('labelled', 'unlabelled')


@MODELS.register_module()
class TwoSourcePreprocessor(BaseDataPreprocessor):
    """Each source by itself; a batch of one source, as at test, is prepared as it is.

    In training, places of an item that nobody takes (``person_valid`` 0) are left out: a network that normalises by
    batch would count them among the people.

    Args:
        preprocessor: For one source. Default: :class:`PoseClipPreprocessor`.
    """

    def __init__(self, preprocessor: OptConfigType = None) -> None:
        super().__init__()
        self.preprocessor = MODELS.build(preprocessor or dict(type='PoseClipPreprocessor'))

    def forward(self, data: dict, training: bool = False) -> dict:
        """The preprocessor's result; in training one for each of ``labelled`` and ``unlabelled``.

        Raises:
            ValueError: In training, a source is missing.
        """
        if not training:
            return self.preprocessor(data, False)
        if not isinstance(data, dict) or set(data) != set(SOURCES):
            found = sorted(data) if isinstance(data, dict) else type(data).__name__
            raise ValueError(
                f'TwoSourcePreprocessor: expected the sources {SOURCES}, got {found}; give the data loader '
                "dataset=dict(type='TwoSourceDataset', ...) and collate_fn=dict(type='collate_sources')"
            )
        return {name: self._people(data[name]) for name in SOURCES}

    def _people(self, source: dict) -> dict:
        prepared = self.preprocessor(source, True)
        if 'person_valid' not in source:
            return prepared
        present = source['person_valid'].flatten().to(prepared['inputs'].device) > 0
        samples = {key: values[present] for key, values in prepared['data_samples'].items()}
        return dict(inputs=prepared['inputs'][present], data_samples=samples)

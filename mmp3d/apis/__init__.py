"""What users call: the inferencer, the lifters for :func:`mmp3d.pipeline.lift_tracks`, the whole system, its graphs."""

from mmp3d.lazy_names import lazy_names

__all__ = ['MultiPersonPose3DInferencer', 'OnnxPipeline', 'load_lifters', 'load_two_branch']

__getattr__ = lazy_names(__name__, {
    'MultiPersonPose3DInferencer': 'inferencer',
    'OnnxPipeline': 'onnx_pipeline',
    'load_lifters': 'lifters',
    'load_two_branch': 'two_branch',
})  # fmt: skip

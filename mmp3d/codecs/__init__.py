"""Targets and decoding: from people to maps and back, no networks."""

from mmp3d.codecs.associative_embedding_depth import AssociativeEmbeddingDepth
from mmp3d.codecs.multi_person_heatmap import MultiPersonHeatmap

__all__ = ['AssociativeEmbeddingDepth', 'MultiPersonHeatmap']

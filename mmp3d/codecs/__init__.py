"""Targets and decoding: from people to maps and back, no networks."""

from mmp3d.codecs.associative_embedding_depth import AssociativeEmbeddingDepth

__all__ = ['AssociativeEmbeddingDepth']

"""Backbones that mmpose lacks."""

from mmp3d.models.backbones.tiny_unet import TinyUNet

__all__ = ['TinyUNet']

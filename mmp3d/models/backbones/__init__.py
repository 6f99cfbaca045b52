"""Backbones that mmpose lacks."""

from mmp3d.models.backbones.tiny_unet import TinyUNet
from mmp3d.models.backbones.two_form_tcn import TwoFormTCN

__all__ = ['TinyUNet', 'TwoFormTCN']

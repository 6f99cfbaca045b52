"""Temporal root-depth net alone for a laptop's processor, on virtual people."""

_base_ = ['./lifting_tiny_virtual.py']

# runtime
load_from = None
default_hooks = dict(checkpoint=dict(save_best='LiftingErrors/root-depth-median'))

# model
model = dict(pose_net=None, bone_loss=None)

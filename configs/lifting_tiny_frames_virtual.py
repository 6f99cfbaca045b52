"""Lifters that see single frames, for a laptop's processor: what lifting_tiny_virtual.py starts from.

A receptive field of one frame, so that a batch costs little and holds as many people and cameras as poses.
"""

_base_ = ['./_base_/default_runtime.py', './_base_/virtual_clips.py']

# runtime
max_epochs = 16
train_cfg = dict(max_epochs=max_epochs, val_interval=4)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=4e-3),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type='LinearLR', begin=0, end=200, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(save_best='LiftingErrors/MPJPE', rule='less'), logger=dict(interval=256))
randomness = dict(seed=0)

# model
model = dict(
    type='PoseLiftingEstimator',
    pose_net=dict(
        type='TemporalPoseNet',
        use_poses=False,
        look_at=True,
        backbone=dict(kernel_sizes=(1, 1, 1), stem_channels=256, dropout=0.0),
    ),
    depth_net=dict(
        type='TemporalDepthNet',
        look_at=True,
        backbone=dict(kernel_sizes=(1, 1, 1), stem_channels=128, dropout=0.0),
    ),
    bone_loss=dict(type='BoneLengthLoss', loss_weight=0.2),
)

# data
train_dataloader = dict(
    batch_size=256,
    dataset=dict(
        num_items=524288,
        clip_length=1,
        num_procedural=96,
        motion=dict(mix=0.4, posture_spread=6.0),
        noise=dict(sure_share=0.4),
    ),
)

"""Temporal pose net for a laptop's processor, on virtual people: receptive field of 81 frames, 28 answers a window.

The graph network is the one of gcn_tiny_virtual.py and stays as it is; train it first, or name its weights with
--cfg-options model.gcn.init_cfg.checkpoint=FILE.
"""

_base_ = ['./_base_/default_runtime.py', './_base_/virtual_clips.py']

# runtime
max_epochs = 10
train_cfg = dict(max_epochs=max_epochs, val_interval=2)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-3),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type='LinearLR', begin=0, end=100, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(checkpoint=dict(save_best='LiftingErrors/MPJPE', rule='less'))
randomness = dict(seed=0)

# model
receptive_field = 81
model = dict(
    type='PoseLiftingEstimator',
    gcn=dict(
        type='PoseGCN',
        hidden_channels=32,
        init_cfg=dict(type='Pretrained', checkpoint='weights/lifting_tiny_virtual.pth', prefix='gcn.'),
    ),
    pose_net=dict(
        type='TemporalPoseNet',
        backbone=dict(kernel_sizes=(3, 3, 3, 3), stem_channels=192, dropout=0.05),
    ),
    frozen=('gcn',),
    bone_loss=dict(type='BoneLengthLoss', loss_weight=0.2),
    velocity_loss=dict(type='VelocityLoss', loss_weight=1.0),
)

# data; a window that is longer than the receptive field answers for several frames, between which velocity is compared
train_dataloader = dict(batch_size=32, dataset=dict(num_items=4096, clip_length=receptive_field + 27))

"""PoseGCN for a laptop's processor, on virtual people: a frame's 2D pose, joints missing, to a complete 3D pose."""

_base_ = ['./_base_/default_runtime.py', './_base_/virtual_clips.py']

# runtime
max_epochs = 10
train_cfg = dict(max_epochs=max_epochs, val_interval=2)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=2e-3),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type='LinearLR', begin=0, end=100, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=512)
default_hooks = dict(checkpoint=dict(save_best='LiftingErrors/MPJPE', rule='less'))
randomness = dict(seed=0)

# model
model = dict(
    type='PoseLiftingEstimator',
    gcn=dict(type='PoseGCN', hidden_channels=32),
    bone_loss=dict(type='BoneLengthLoss', loss_weight=0.2),
)

# data
train_dataloader = dict(batch_size=512, dataset=dict(num_items=131072))

"""Temporal root-depth net for a laptop's processor, on virtual people: receptive field of 81 frames."""

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
default_hooks = dict(checkpoint=dict(save_best='LiftingErrors/root-depth-median', rule='less'))
randomness = dict(seed=0)

# model
receptive_field = 81
model = dict(
    type='PoseLiftingEstimator',
    depth_net=dict(
        type='TemporalDepthNet',
        backbone=dict(kernel_sizes=(3, 3, 3, 3), stem_channels=128, dropout=0.05),
    ),
)

# data
train_dataloader = dict(batch_size=32, dataset=dict(num_items=4096, clip_length=receptive_field + 27))

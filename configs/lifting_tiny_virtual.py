"""Lifters for a laptop's processor: tracked 2D poses to camera space, a pose net and a root-depth net trained at once.

Windows of the receptive field, 27 frames, with one answer each: many different people and cameras in a batch teach more
than long clips of few. The nets see the 2D poses themselves; gcn_tiny_virtual.py and tcn_pose_tiny_virtual.py are the
twins with a graph network before them.
"""

_base_ = ['./_base_/default_runtime.py', './_base_/virtual_clips.py']

# runtime
max_epochs = 16
train_cfg = dict(max_epochs=max_epochs, val_interval=4)
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
receptive_field = 27
model = dict(
    type='PoseLiftingEstimator',
    pose_net=dict(
        type='TemporalPoseNet',
        use_poses=False,
        backbone=dict(kernel_sizes=(3, 3, 3), stem_channels=256, dropout=0.0),
    ),
    depth_net=dict(
        type='TemporalDepthNet',
        backbone=dict(kernel_sizes=(3, 3, 3), stem_channels=128, dropout=0.0),
    ),
    bone_loss=dict(type='BoneLengthLoss', loss_weight=0.2),
)

# data
train_dataloader = dict(batch_size=512, dataset=dict(num_items=131072, clip_length=receptive_field))

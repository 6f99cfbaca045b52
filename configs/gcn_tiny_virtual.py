"""PoseGCN for a laptop's processor, on virtual people: a frame's 2D pose, joints missing, to a complete 3D pose."""

_base_ = ['./lifting_tiny_frames_virtual.py']

# runtime
max_epochs = 6
train_cfg = dict(max_epochs=max_epochs, val_interval=2)
param_scheduler = [
    dict(type='LinearLR', begin=0, end=200, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]

# model
model = dict(
    _delete_=True,
    type='PoseLiftingEstimator',
    gcn=dict(type='PoseGCN', hidden_channels=32, look_at=True),
    bone_loss=dict(type='BoneLengthLoss', loss_weight=0.2),
)

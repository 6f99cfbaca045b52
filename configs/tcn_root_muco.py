"""Temporal root-depth net of the paper's top-down branch on MuCo-3DHP: receptive field of 243 frames, 1024 channels.

MuCo's images are no videos: a person stands still for a window, and only the detector's errors change. For real motion
put VirtualPoseDataset beside or in place of it (configs/_base_/virtual_clips.py).
"""

_base_ = ['./_base_/default_runtime.py']

# runtime
max_epochs = 100
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [dict(type='ExponentialLR', gamma=0.95, begin=0, end=max_epochs, by_epoch=True)]
auto_scale_lr = dict(base_batch_size=128)
default_hooks = dict(checkpoint=dict(save_best='LiftingErrors/root-depth-median', rule='less'))

# model, as the authors released it
receptive_field = 243
model = dict(
    type='PoseLiftingEstimator',
    depth_net=dict(
        type='TemporalDepthNet',
        backbone=dict(kernel_sizes=(3, 3, 3, 3, 3), stem_channels=1024, dropout=0.5),
    ),
)

# data
muco_root = 'data/MuCo/'
mupots_root = 'data/MuPoTS/'
train_dataloader = dict(
    batch_size=128,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='ResumableSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='MuCoDataset',
        data_root=muco_root,
        ann_file='MuCo-3DHP.json',
        needs_images=False,
        pipeline=[dict(type='PackPoseClip', noise={}, repeat=receptive_field)],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='MuPoTSDataset',
        data_root=mupots_root,
        needs_images=False,
        test_mode=True,
        filter_cfg=dict(filter_empty=True),
        pipeline=[dict(type='PackPoseClip', noise=None, one_person=False)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='LiftingErrors')]
test_evaluator = val_evaluator

"""Integration network of the paper on the ground truth of MuCo-3DHP.

The paper names three layers and the augmentations, not their sizes and ranges; those here are ours, as is the schedule.
"""

_base_ = ['./_base_/default_runtime.py']

# runtime
max_epochs = 50
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True)]
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(save_best='LiftingErrors/MPJPE-abs', rule='less'))

# model; MuCo has no labels of occlusion: a joint that is hidden counts as seen
model = dict(
    type='IntegrationEstimator',
    network=dict(type='IntegrationNet', mode='regress', hidden_channels=512),
    errors=dict(
        top_down_joint=25.0,
        bottom_up_joint=45.0,
        top_down_depth=(0.06, 0.2),
        bottom_up_depth=0.04,
        mask=(0.0, 0.3),
        shift_share=0.05,
        shift=(50.0, 300.0),
        unpaired=0.1,
    ),
)

# data
muco_root = 'data/MuCo/'
mupots_root = 'data/MuPoTS/'
train_dataloader = dict(
    batch_size=256,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='MuCoDataset',
        data_root=muco_root,
        ann_file='MuCo-3DHP.json',
        needs_images=False,
        pipeline=[dict(type='PackPoseClip')],
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
        pipeline=[dict(type='PackPoseClip', one_person=False)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='LiftingErrors')]
test_evaluator = val_evaluator

"""Integration network of the paper, against the inter-person discriminator, on the ground truth of MuCo-3DHP.

The paper names three layers, the augmentations and the discriminator's loss, not their sizes, ranges and weights; those
here are ours, as is the schedule. Without the discriminator: an IntegrationEstimator and one optimizer, as in
integration_tiny_virtual.py.
"""

_base_ = ['./_base_/default_runtime.py']

# runtime
max_epochs = 50
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
optim_wrapper = dict(
    constructor='SubmoduleOptimWrapperConstructor',
    network=dict(optimizer=dict(type='Adam', lr=1e-3)),
    discriminator=dict(optimizer=dict(type='Adam', lr=1e-3)),
)
model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')
param_scheduler = [dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True)]
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(save_best='LiftingErrors/MPJPE-abs', rule='less'))

# model; MuCo has no labels of occlusion: a joint that is hidden counts as seen. The errors are those of the
# tiny networks; measure those of the networks that are to be integrated with benchmarks/branch_errors.py.
model = dict(
    type='AdversarialIntegrationEstimator',
    network=dict(type='IntegrationNet', mode='regress', hidden_channels=512),
    discriminator=dict(type='InterPersonDiscriminator', pose_channels=128, pair_channels=256),
    discriminator_loss=dict(type='DiscriminatorLoss', label_smoothing=0.1),
    naturalness_loss=dict(type='NaturalnessLoss', loss_weight=0.01),
    gradient_penalty=dict(type='R1Penalty', loss_weight=0.1),
    errors=dict(
        top_down_joint=50.0,
        bottom_up_joint=70.0,
        hidden_factor=(1.3, 1.7),
        along=(1.85, 1.45),
        top_down_depth=(0.11, 0.12),
        bottom_up_depth=(0.06, 0.14),
        depth_common=0.35,
        depth_pull=(0.06, 0.07),
        depth_middle=(9000.0, 5800.0),
        size_by_depth=(0.9, 0.6),
        mask=(0.0, 0.1),
        shift_share=0.02,
        shift=(50.0, 300.0),
        unpaired=0.17,
    ),
)

# data
muco_root = 'data/MuCo/'
mupots_root = 'data/MuPoTS/'
train_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='ResumableSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='MuCoDataset',
        data_root=muco_root,
        ann_file='MuCo-3DHP.json',
        needs_images=False,
        pipeline=[dict(type='PackPoseClip', one_person=False, max_people=4)],
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

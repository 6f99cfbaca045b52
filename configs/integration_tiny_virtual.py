"""Integration network for a laptop's processor, on virtual people: 1,000 pairs in a few milliseconds."""

_base_ = ['./_base_/default_runtime.py', './_base_/virtual_clips.py']

# runtime
max_epochs = 4
train_cfg = dict(max_epochs=max_epochs, val_interval=2)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=2e-3),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type='LinearLR', begin=0, end=50, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(save_best='LiftingErrors/MPJPE-abs', rule='less'))
randomness = dict(seed=0)

# model; the errors are those of the shipped tiny networks (benchmarks/branch_errors.py), mask, shift and unpaired too
model = dict(
    type='IntegrationEstimator',
    network=dict(type='IntegrationNet', mode='regress', hidden_channels=128),
    errors=dict(
        top_down_joint=44.0,
        bottom_up_joint=70.0,
        hidden_factor=(1.35, 1.7),
        along=(1.8, 1.45),
        top_down_depth=(0.106, 0.115),
        bottom_up_depth=(0.06, 0.14),
        depth_common=0.38,
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
people = dict(num_people=(1, 3), scene=dict(occluding_person=0.5, occluding_box=0.5))
train_dataloader = dict(batch_size=256, dataset=dict(num_items=32768, **people))
val_dataloader = dict(batch_size=64, dataset=dict(num_items=512, clip_length=1, **people))
test_dataloader = val_dataloader

"""PoseGCN of the paper's top-down branch on Human3.6M; the 2D poses are what a simulated detector finds."""

_base_ = ['./_base_/default_runtime.py']

# runtime
max_epochs = 80
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [dict(type='ExponentialLR', gamma=0.95, begin=0, end=max_epochs, by_epoch=True)]
auto_scale_lr = dict(base_batch_size=1024)
default_hooks = dict(checkpoint=dict(save_best='LiftingErrors/MPJPE', rule='less'))

# model; the authors' released form: adjacency='uniform', with_confidence=False
model = dict(
    type='PoseLiftingEstimator',
    gcn=dict(type='PoseGCN', hidden_channels=256, per_node_weights=True, adjacency='confidence'),
)

# data
h36m_root = 'data/h36m/'
train_dataloader = dict(
    batch_size=1024,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='ResumableSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='H36MDataset',
        split='train',
        data_root=h36m_root,
        frame_stride=5,
        needs_images=False,
        pipeline=[dict(type='PackPoseClip', noise={})],
    ),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='H36MDataset',
        split='test',
        data_root=h36m_root,
        frame_stride=64,
        needs_images=False,
        test_mode=True,
        filter_cfg=dict(filter_empty=True),
        pipeline=[dict(type='PackPoseClip', noise=None)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='LiftingErrors')]
test_evaluator = val_evaluator

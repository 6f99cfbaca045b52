"""Temporal pose net of the paper's top-down branch on Human3.6M: receptive field of 243 frames, 1024 channels.

The graph network is the one of gcn_h36m.py and stays as it is; train it first, or name its weights with
--cfg-options model.gcn.init_cfg.checkpoint=FILE.
"""

_base_ = ['./_base_/default_runtime.py']

# runtime
max_epochs = 80
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [dict(type='ExponentialLR', gamma=0.95, begin=0, end=max_epochs, by_epoch=True)]
auto_scale_lr = dict(base_batch_size=128)
default_hooks = dict(checkpoint=dict(save_best='LiftingErrors/MPJPE', rule='less'))

# model; the authors' released form: use_keypoints=False
receptive_field = 243
model = dict(
    type='PoseLiftingEstimator',
    gcn=dict(
        type='PoseGCN',
        hidden_channels=256,
        per_node_weights=True,
        adjacency='confidence',
        init_cfg=dict(type='Pretrained', checkpoint='work_dirs/gcn_h36m/epoch_80.pth', prefix='gcn.'),
    ),
    pose_net=dict(
        type='TemporalPoseNet',
        backbone=dict(kernel_sizes=(3, 3, 3, 3, 3), stem_channels=1024, dropout=0.5),
    ),
    frozen=('gcn',),
)

# data
h36m_root = 'data/h36m/'
train_dataloader = dict(
    batch_size=128,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='ResumableSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='ClipDataset',
        dataset=dict(type='H36MDataset', split='train', data_root=h36m_root, needs_images=False),
        clip_length=receptive_field,
        clip_stride=5,
        pipeline=[dict(type='PackPoseClip', noise={})],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='ClipDataset',
        dataset=dict(type='H36MDataset', split='test', data_root=h36m_root, needs_images=False),
        test_mode=True,
        pipeline=[dict(type='PackPoseClip', noise=None)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='LiftingErrors')]
test_evaluator = val_evaluator

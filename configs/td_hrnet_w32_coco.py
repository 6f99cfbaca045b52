"""The paper's top-down branch in 2D: HRNet-w32, all people in each enlarged box, COCO, 100 epochs, Adam 1e-3."""

_base_ = ['./_base_/default_runtime.py']

# runtime
train_cfg = dict(max_epochs=100, val_interval=5)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3), clip_grad=dict(max_norm=10.0))
param_scheduler = [
    dict(type='LinearLR', begin=0, end=500, start_factor=0.001, by_epoch=False),
    dict(type='MultiStepLR', begin=0, end=100, milestones=[70, 90], gamma=0.1, by_epoch=True),
]
auto_scale_lr = dict(base_batch_size=128)
default_hooks = dict(checkpoint=dict(save_best='coco/AP', rule='greater'))

# codec; multi_person=False is the paper's baseline "TD (w/o MP)"
input_size = (256, 256)
codec = dict(
    type='MultiPersonHeatmap',
    input_size=input_size,
    stride=4,
    sigma=2.0,
    multi_person=True,
    # Top of the head, spine and head: COCO has none of them.
    unlabelled_joints=(0, 15, 16),
)

# model
model = dict(
    type='MultiPersonTopDownEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type='HRNet',
        in_channels=3,
        extra=dict(
            stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(4,), num_channels=(64,)),
            stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(4, 4), num_channels=(32, 64)),
            stage3=dict(num_modules=4, num_branches=3, block='BASIC', num_blocks=(4, 4, 4), num_channels=(32, 64, 128)),
            stage4=dict(
                num_modules=3,
                num_branches=4,
                block='BASIC',
                num_blocks=(4, 4, 4, 4),
                num_channels=(32, 64, 128, 256),
            ),
        ),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://download.openmmlab.com/mmpose/pretrain_models/hrnet_w32-36af842e.pth',
        ),
    ),
    head=dict(
        type='MultiPersonTopDownHead',
        in_channels=32,
        heatmap_loss=dict(type='KeypointMSELoss', loss_weight=1000.0),
        tag_loss=dict(type='BatchedAssociativeEmbeddingLoss', loss_weight=1.0),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True),
)

# data; by dataset_type mmpose's inferencer chooses its person detector
data_mode = 'topdown'
dataset_type = 'CocoDataset'
data_root = 'data/coco/'
padding = 1.25

train_pipeline = [
    dict(type='LoadMultiPersonImage'),
    dict(type='RandomPersonCrop', input_size=input_size, padding=padding, scale=(0.75, 1.33), rotation=40, shift=0.15),
    dict(type='YOLOXHSVRandomAug'),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='ValidRegionMask'),
    dict(type='PackMultiPersonInputs'),
]
val_pipeline = [
    dict(type='LoadMultiPersonImage'),
    dict(type='PersonCrop', input_size=input_size, padding=padding),
    dict(type='PackMultiPersonInputs', with_ground_truth=True),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='ResumableSampler', shuffle=True),
    collate_fn=dict(type='collate_samples'),
    dataset=dict(
        type='PersonBoxDataset',
        dataset=dict(
            type='CocoMultiPersonDataset',
            data_root=data_root,
            ann_file='annotations/person_keypoints_train2017.json',
            data_prefix=dict(img='train2017/'),
        ),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='PersonBoxDataset',
        dataset=dict(
            type='CocoMultiPersonDataset',
            data_root=data_root,
            ann_file='annotations/person_keypoints_val2017.json',
            data_prefix=dict(img='val2017/'),
        ),
        test_mode=True,
        pipeline=val_pipeline,
    ),
)
test_dataloader = val_dataloader

# evaluation
val_evaluator = [
    dict(type='MultiPersonCocoMetric', ann_file=data_root + 'annotations/person_keypoints_val2017.json'),
    dict(type='CropPCK'),
]
test_evaluator = val_evaluator

"""The top-down branch for a laptop's processor: same head, codec and layouts, a small U-shaped net, 128 x 128 px."""

_base_ = ['./_base_/default_runtime.py']

# runtime
max_epochs = 4
train_cfg = dict(max_epochs=max_epochs, val_interval=2)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=3e-3), clip_grad=dict(max_norm=30.0))
param_scheduler = [
    dict(type='LinearLR', begin=0, end=200, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(checkpoint=dict(save_best='coco/AP', rule='greater'))
randomness = dict(seed=0)

# codec; multi_person=False is the paper's baseline "TD (w/o MP)"
input_size = (128, 128)
codec = dict(
    type='MultiPersonHeatmap',
    input_size=input_size,
    stride=4,
    sigma=1.0,
    multi_person=True,
    nms_kernel=3,
    score_threshold=0.2,
    min_joints=4,
    own_tag_spread=1.5,
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
    patch_size=4,
    backbone=dict(
        type='TinyUNet',
        in_channels=3 * 4**2,
        widths=(24, 56, 80, 80),
        encoder_blocks=(0, 1, 1, 1),
        decoder_blocks=(1, 1, 1),
    ),
    head=dict(
        type='MultiPersonTopDownHead',
        in_channels=24,
        tag_distance=12.0,
        heatmap_loss=dict(type='KeypointMSELoss', loss_weight=400.0),
        peak_weight=3.0,
        tag_loss=dict(type='BatchedAssociativeEmbeddingLoss', loss_weight=5.0),
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
    dict(type='RandomPersonCrop', input_size=input_size, padding=padding, scale=(0.75, 1.33), rotation=10, shift=0.1),
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
    num_workers=2,
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
    num_workers=2,
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

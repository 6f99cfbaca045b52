"""The paper's bottom-up branch: HRNet-w32, MuCo and COCO mixed, 512 px, 50 epochs; validated on MuPoTS-3D."""

_base_ = ['./_base_/default_runtime.py']

# runtime
train_cfg = dict(max_epochs=50, val_interval=1)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-3),
    clip_grad=dict(max_norm=10.0),
)
param_scheduler = [
    dict(type='LinearLR', begin=0, end=500, start_factor=0.001, by_epoch=False),
    dict(type='MultiStepLR', begin=0, end=50, milestones=[35, 45], gamma=0.1, by_epoch=True),
]
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(save_best='AP25root/AP', rule='greater'))

# codec
input_size = (512, 512)
num_keypoints = 17
codec = dict(
    type='AssociativeEmbeddingDepth',
    input_size=input_size,
    stride=2,
    sigma=2.0,
    root_depth_mean=10.0,
    root_depth_scale=5.0,
)

# model
model = dict(
    type='BottomUpDepthEstimator',
    combined_heatmap=True,
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type='HRNet',
        in_channels=3 + num_keypoints,
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
            type='InflatedPretrained',
            checkpoint='https://download.openmmlab.com/mmpose/pretrain_models/hrnet_w32-36af842e.pth',
        ),
    ),
    head=dict(
        type='BottomUpDepthHead',
        in_channels=32,
        num_keypoints=num_keypoints,
        feature_stride=4,
        hidden_channels=(64,),
        heatmap_loss=dict(type='KeypointMSELoss', loss_weight=1000.0),
        tag_loss=dict(type='BatchedAssociativeEmbeddingLoss', loss_weight=5.0),
        relative_depth_loss=dict(type='DepthLoss', loss_weight=5.0),
        root_depth_loss=dict(type='DepthLoss', loss_weight=5.0),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True),
)

# data
data_mode = 'bottomup'
muco_root = 'data/MuCo/'
coco_root = 'data/coco/'
mupots_root = 'data/MuPoTS/'

train_pipeline = [
    # 768 px is the input's side at the warp's largest scale.
    dict(type='LoadMultiPersonImage', least_side=768),
    dict(type='RandomBottomUpWarp', input_size=input_size, scale=(0.75, 1.5), rotation=30, shift=0.1),
    dict(type='RandomHSV'),
    dict(type='SimulateInputPoses', drop_prob=0.1),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='ValidRegionMask'),
    dict(type='PackMultiPersonInputs'),
]
val_pipeline = [
    dict(type='LoadMultiPersonImage'),
    dict(type='BottomupResize', input_size=input_size, size_factor=64, resize_mode='expand', pad_val=(114, 114, 114)),
    dict(type='WarpInputPoses'),
    dict(type='PackMultiPersonInputs', with_ground_truth=True),
]
muco = dict(type='MuCoDataset', data_root=muco_root, ann_file='MuCo-3DHP.json')
coco = dict(
    type='CocoMultiPersonDataset',
    data_root=coco_root,
    ann_file='annotations/person_keypoints_train2017.json',
    data_prefix=dict(img='train2017/'),
)
train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='ResumableSampler', shuffle=True),
    collate_fn=dict(type='collate_samples'),
    dataset=dict(type='CombinedMultiPersonDataset', datasets=[muco, coco], pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='MuPoTSDataset',
        data_root=mupots_root,
        pose2d_file='poses2d.json',
        pose2d_optional=True,
        test_mode=True,
        pipeline=val_pipeline,
    ),
)
test_dataloader = val_dataloader

# evaluation
val_evaluator = [dict(type='AP25root'), dict(type='PCK'), dict(type='PCKabs'), dict(type='AUCrel')]
test_evaluator = val_evaluator

"""The bottom-up branch for a laptop's processor: same heads, codec and layouts, a small U-shaped net, 256 x 160 px."""

_base_ = ['./_base_/default_runtime.py']

# runtime
max_epochs = 12
train_cfg = dict(max_epochs=max_epochs, val_interval=2)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=3e-3),
    clip_grad=dict(max_norm=30.0),
)
param_scheduler = [
    dict(type='LinearLR', begin=0, end=200, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=16)
default_hooks = dict(checkpoint=dict(save_best='AP25root/AP', rule='greater'))
randomness = dict(seed=0)

# codec; in logarithm a depth error is relative to the distance, and every joint votes for the person's root depth:
# a short training then gets 17 times the depth labels; bones' depths are seen close to them
input_size = (256, 160)
num_keypoints = 17
codec = dict(
    type='AssociativeEmbeddingDepth',
    input_size=input_size,
    stride=4,
    sigma=1.0,
    nms_kernel=3,
    root_depth_from='joints',
    root_depth_space='log',
    root_depth_mean=2.7,
    root_depth_scale=0.5,
    relative_depth_to='parent',
    relative_depth_scale=200.0,
    # decoding, chosen on the validation scenes: tags of a short training do not tell all people apart
    reach_weight=0.5,
    tag_threshold=0.7,
    score_threshold=0.2,
    min_joints=5,
)

# model
model = dict(
    type='BottomUpDepthEstimator',
    combined_heatmap=True,
    patch_size=4,
    heatmap_sigma=4.0,
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type='TinyUNet',
        in_channels=3 * 4**2 + num_keypoints,
        widths=(32, 64, 128, 192),
        encoder_blocks=(0, 1, 1, 2),
        decoder_blocks=(1, 1, 1),
    ),
    head=dict(
        type='BottomUpDepthHead',
        in_channels=32,
        num_keypoints=num_keypoints,
        feature_stride=4,
        tag_distance=19.0,
        heatmap_loss=dict(type='KeypointMSELoss', loss_weight=400.0),
        peak_weight=3.0,
        tag_loss=dict(type='BatchedAssociativeEmbeddingLoss', loss_weight=5.0),
        relative_depth_loss=dict(type='DepthLoss', loss_weight=20.0),
        root_depth_loss=dict(type='DepthLoss', loss_weight=30.0),
        refiner=dict(type='PoseRefiner'),  # changes nothing until bu_refiner_tiny_muco.py has trained it
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True, root_depth_error=0.07),
)

# data
data_mode = 'bottomup'
muco_root = 'data/MuCo/'
mupots_root = 'data/MuPoTS/'

train_pipeline = [
    dict(type='LoadMultiPersonImage'),
    dict(type='RandomBottomUpWarp', input_size=input_size, scale=(0.8, 1.3), rotation=8, shift=0.1),
    dict(type='YOLOXHSVRandomAug'),
    dict(type='SimulateInputPoses', drop_prob=0.1),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='ValidRegionMask'),
    dict(type='PackMultiPersonInputs'),
]
val_pipeline = [
    dict(type='LoadMultiPersonImage'),
    dict(type='BottomupResize', input_size=input_size, size_factor=32, resize_mode='expand', pad_val=(114, 114, 114)),
    dict(type='WarpInputPoses'),
    dict(type='PackMultiPersonInputs', with_ground_truth=True),
]
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='ResumableSampler', shuffle=True),
    collate_fn=dict(type='collate_samples'),
    dataset=dict(type='MuCoDataset', data_root=muco_root, ann_file='MuCo-3DHP.json', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
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

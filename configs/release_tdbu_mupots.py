"""The authors' released system on MuPoTS-3D's images, from their weights; see docs/release.md.

Weights: python tools/convert_release.py ckpts --out release_weights. What differs from our own systems are the options
below; the stages are the same.
"""

_base_ = ['./_base_/two_branch.py']

weights = 'release_weights/'
# The release's rules for people from maps.
codec = dict(
    type='AssociativeEmbeddingDepth',
    input_size=(512, 512),
    stride=1,
    root_index=0,
    joint_order=(0, 1, 4, 2, 5, 3, 6, 7, 8, 11, 9, 12, 10, 13),
    max_candidates=30,
    nms_kernel=5,
    score_threshold=0.1,
    tag_threshold=1.0,
    fill_threshold=1.5,
    refinement='quarter',
    center_shift=0.5,
    min_joints=1,
    # The unit of the root depth is not published.
    root_depth_mean=0.0,
    root_depth_scale=1.0,
    relative_depth_scale=1000.0,
)
h36m_bones = (
    (8, 9), (9, 10), (8, 14), (14, 15), (15, 16), (8, 11), (12, 13), (11, 12), (8, 7), (7, 0), (4, 5), (5, 6), (0, 4),
    (0, 1), (1, 2), (2, 3))  # fmt: skip

model = dict(
    lifter=dict(
        checkpoint=weights + 'lifter.pth',
        type='PoseLiftingEstimator',
        joint_set='h36m17',
        gcn=dict(
            type='PoseGCN',
            hidden_channels=256,
            adjacency='uniform',
            with_confidence=False,
            joint_set='h36m17',
            bones=h36m_bones,
            normalization='trunk',
        ),
        pose_net=dict(type='ReleasedPoseNet'),
        # Scale and offset are not published; the release fits them to the annotated depths of each sequence.
        depth_net=dict(type='ReleasedDepthNet', scale=1000.0, offset=0.0),
    ),
    bottom_up=dict(
        checkpoint=weights + 'bottom_up_branch.pth',
        type='BottomUpDepthEstimator',
        data_preprocessor=dict(
            type='PoseDataPreprocessor',
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
        ),
        backbone=dict(
            type='HRNet',
            in_channels=20,
            norm_cfg=dict(type='BN', eps=2e-5),
            extra=dict(
                stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(4,), num_channels=(64,)),
                stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(4, 4), num_channels=(32, 64)),
                stage3=dict(
                    num_modules=4, num_branches=3, block='BASIC', num_blocks=(4, 4, 4), num_channels=(32, 64, 128)
                ),
                stage4=dict(
                    num_modules=3,
                    num_branches=4,
                    block='BASIC',
                    num_blocks=(4, 4, 4, 4),
                    num_channels=(32, 64, 128, 256),
                ),
            ),
        ),
        head=dict(type='ReleasedBottomUpHead', map_scale=2, decoder=codec),
        joint_transform=dict(type='ReleasedJointTransform'),
        heatmap_sigma=4.0,
        heatmap_stride=1,
        heatmap_least=0.01,
        heatmap_scores=False,
        heatmap_joint_set='h36m17',
        test_cfg=dict(flip_test=True, flip_outputs='tags', flip_input_joints=False),
    ),
    bottom_up_pipeline=[
        dict(type='LoadMultiPersonImage'),
        dict(type='BottomupResize', input_size=(512, 512), size_factor=64, resize_mode='expand'),
        dict(type='WarpInputPoses'),
        dict(type='PackMultiPersonInputs'),
    ],
    integration=dict(
        checkpoint=weights + 'integration_stage.pth',
        type='ReleasedIntegration',
        blend=dict(type='ReleasedIntegrationNet'),
    ),
    settings=dict(matching='released'),
)
test_dataloader = dict(
    dataset=dict(type='MuPoTSDataset', data_root='data/MuPoTS/', pose2d_file='poses2d.json', pose2d_optional=True)
)
test_evaluator = [
    dict(type='ReleasePCK'),
    dict(type='ReleasePCKabs'),
    dict(type='AP25root'),
    dict(type='PCK'),
    dict(type='PCKabs'),
    dict(type='AUCrel'),
]

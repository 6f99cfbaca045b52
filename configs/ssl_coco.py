"""Semi-supervised lifters of the paper: MuCo-3DHP has 3D labels, COCO has 2D poses alone.

python tools/pseudo_label.py configs/ssl_coco.py TEACHER --out data/ssl/coco.npz
python tools/train.py configs/ssl_coco.py

Both, in as many rounds as the config has:
python tools/self_train.py configs/ssl_coco.py TEACHER

The teacher is a temporal pose net and a temporal root-depth net that were trained on labelled data alone. COCO's images
are clips of one frame, in which people stand still, under a camera that is assumed. Of eq. 10 the paper gives the form;
the factors, the noise and the schedule are ours.
"""

_base_ = ['./_base_/default_runtime.py']

# runtime
max_epochs = 20
train_cfg = dict(max_epochs=max_epochs, val_interval=2)
optim_wrapper = dict(
    constructor='SubmoduleOptimWrapperConstructor',
    student=dict(optimizer=dict(type='Adam', lr=1e-4)),
    discriminator=dict(optimizer=dict(type='Adam', lr=1e-4)),
)
model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')
param_scheduler = [dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-6, by_epoch=True)]
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(save_best='LiftingErrors/MPJPE', rule='less'))

# model
receptive_field = 243
backbone = dict(kernel_sizes=(3, 3, 3, 3, 3), stem_channels=1024, dropout=0.5)
teacher = dict(
    type='PoseLiftingEstimator',
    pose_net=dict(type='TemporalPoseNet', use_poses=False, backbone=backbone),
    depth_net=dict(type='TemporalDepthNet', backbone=backbone),
    bone_loss=dict(type='BoneLengthLoss', loss_weight=0.2),
)
model = dict(
    type='SemiSupervisedLiftingEstimator',
    student=teacher,
    semi_supervised_loss=dict(
        type='SemiSupervisedLoss',
        reprojection_weight=1.0,
        perspective_weight=1.0,
        pseudo_weight=1.0,  # not in eq. 10
        order='easy_first',
    ),
    input_mask=0.1,
    input_jitter=0.02,
    discriminator=dict(type='InterPersonDiscriminator', pose_channels=128, pair_channels=256),
    discriminator_loss=dict(type='DiscriminatorLoss', label_smoothing=0.1),
    naturalness_loss=dict(type='NaturalnessLoss', loss_weight=0.01),
    gradient_penalty=dict(type='R1Penalty', loss_weight=0.1),
)

# for tools/self_train.py: what each round has of its own; the noise grows
rounds = [{}, {'model.input_mask': 0.2}]

# data
coco_root = 'data/coco/'
muco_root = 'data/MuCo/'
mupots_root = 'data/MuPoTS/'
unlabelled_dataset = dict(
    type='CocoMultiPersonDataset',
    data_root=coco_root,
    ann_file='annotations/person_keypoints_train2017.json',
    data_prefix=dict(img='train2017/'),
    needs_images=False,
    filter_cfg=dict(filter_empty=True),
    pipeline=[dict(type='PackPoseClip', one_person=False, max_people=4, assume_camera=True)],
)
train_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='FreshIndexSampler'),
    collate_fn=dict(type='collate_sources'),
    dataset=dict(
        type='TwoSourceDataset',
        labelled=dict(
            type='MuCoDataset',
            data_root=muco_root,
            ann_file='MuCo-3DHP.json',
            needs_images=False,
            filter_cfg=dict(filter_empty=True),
            pipeline=[dict(type='PackPoseClip', noise={}, one_person=False, max_people=4, repeat=receptive_field)],
        ),
        unlabelled=dict(type='PseudoLabelDataset', ann_file='data/ssl/coco.npz', max_people=4),
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

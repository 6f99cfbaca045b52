"""Semi-supervised lifters for a laptop's processor: the shipped ones teach, on clips whose 2D poses alone are seen.

python tools/pseudo_label.py configs/ssl_tiny_virtual.py weights/lifting_tiny_virtual.pth --out data/ssl/virtual.npz
python tools/train.py configs/ssl_tiny_virtual.py

Both, in as many rounds as the config has, each with the student of the one before as teacher:
python tools/self_train.py configs/ssl_tiny_virtual.py weights/lifting_tiny_virtual.pth
"""

_base_ = ['./_base_/default_runtime.py', './_base_/virtual_clips.py']

# runtime; student and discriminator have an optimizer each
max_epochs = 4
train_cfg = dict(max_epochs=max_epochs, val_interval=2)
optim_wrapper = dict(
    constructor='SubmoduleOptimWrapperConstructor',
    clip_grad=dict(max_norm=5.0),
    student=dict(optimizer=dict(type='Adam', lr=3e-4)),
    discriminator=dict(optimizer=dict(type='Adam', lr=1e-3)),
)
model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')
param_scheduler = [
    dict(type='LinearLR', begin=0, end=20, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(save_best='LiftingErrors/MPJPE', rule='less'))
randomness = dict(seed=0)

# model
receptive_field = 27
teacher = dict(
    type='PoseLiftingEstimator',
    pose_net=dict(
        type='TemporalPoseNet',
        use_poses=False,
        look_at=True,
        backbone=dict(kernel_sizes=(3, 3, 3), stem_channels=256, dropout=0.0),
    ),
    depth_net=dict(
        type='TemporalDepthNet',
        look_at=True,
        backbone=dict(kernel_sizes=(3, 3, 3), stem_channels=128, dropout=0.0),
    ),
    bone_loss=dict(type='BoneLengthLoss', loss_weight=0.2),
)
model = dict(
    type='SemiSupervisedLiftingEstimator',
    # the student starts as the teacher; without init_cfg it starts anew
    student=dict(init_cfg=dict(type='Pretrained', checkpoint='weights/lifting_tiny_virtual.pth'), **teacher),
    semi_supervised_loss=dict(
        type='SemiSupervisedLoss',
        reprojection_weight=0.1,
        perspective_weight=0.1,
        pseudo_weight=0.1,
        order='easy_first',
    ),
    input_mask=0.1,
    input_jitter=0.01,
    discriminator=dict(type='InterPersonDiscriminator', pose_channels=64, pair_channels=128),
    discriminator_loss=dict(type='DiscriminatorLoss', label_smoothing=0.1),
    naturalness_loss=dict(type='NaturalnessLoss', loss_weight=0.01),
    gradient_penalty=dict(type='R1Penalty', loss_weight=0.1),
)

# for tools/self_train.py: what each round has of its own; the noise grows
rounds = [{}, {'model.input_mask': 0.2}]

# data
people = dict(clip_length=receptive_field, num_people=(2, 3), scene=dict(face_to_face=0.5))
unlabelled_dataset = dict(type='VirtualPoseDataset', num_items=4096, motion_split='train', seed=2, **people)
train_dataloader = dict(
    batch_size=64,
    collate_fn=dict(type='collate_sources'),
    dataset=dict(
        _delete_=True,
        type='TwoSourceDataset',
        labelled=dict(type='VirtualPoseDataset', num_items=4096, motion_split='train', seed=1, **people),
        unlabelled=dict(type='PseudoLabelDataset', ann_file='data/ssl/virtual.npz', max_people=3),
    ),
)

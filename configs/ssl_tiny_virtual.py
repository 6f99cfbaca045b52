"""Semi-supervised lifters for a laptop's processor: the shipped ones teach, on clips whose 2D poses alone are seen.

python tools/pseudo_label.py configs/ssl_tiny_virtual.py weights/lifting_tiny_virtual.pth --out data/ssl/virtual.npz
python tools/train.py configs/ssl_tiny_virtual.py

Both, in as many rounds as the config has, each with the student of the one before as teacher:
python tools/self_train.py configs/ssl_tiny_virtual.py weights/lifting_tiny_virtual.pth

Networks, motion and detector are those that the teacher was trained with.
"""

_base_ = ['./lifting_tiny_virtual.py']

# runtime; student and discriminator have an optimizer each
load_from = None
max_epochs = 4
train_cfg = dict(max_epochs=max_epochs, val_interval=2)
optim_wrapper = dict(
    _delete_=True,
    constructor='SubmoduleOptimWrapperConstructor',
    student=dict(optimizer=dict(type='Adam', lr=3e-4), clip_grad=dict(max_norm=5.0)),
    discriminator=dict(optimizer=dict(type='Adam', lr=1e-3)),
)
model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')
param_scheduler = [
    dict(type='LinearLR', begin=0, end=20, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(logger=dict(interval=16))

# model
teacher = {{_base_.model}}
model = dict(
    _delete_=True,
    type='SemiSupervisedLiftingEstimator',
    student={{_base_.model}},
    # the student starts as the teacher; with None it starts anew
    student_checkpoint='weights/lifting_tiny_virtual.pth',
    norm_eval=True,
    semi_supervised_loss=dict(
        type='SemiSupervisedLoss',
        reprojection_weight=0.1,
        perspective_weight=1.0,
        pseudo_weight=0.1,  # not in eq. 10
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
people = dict(
    clip_length={{_base_.receptive_field}},
    num_people=(2, 3),
    scene=dict(face_to_face=0.5),
    num_procedural={{_base_.train_dataloader.dataset.num_procedural}},
    motion={{_base_.train_dataloader.dataset.motion}},
    noise={{_base_.train_dataloader.dataset.noise}},
)
unlabelled_dataset = dict(type='VirtualPoseDataset', num_items=4096, motion_split='train', seed=2, **people)
train_dataloader = dict(
    batch_size=32,
    collate_fn=dict(type='collate_sources'),
    dataset=dict(
        _delete_=True,
        type='TwoSourceDataset',
        labelled=dict(type='VirtualPoseDataset', num_items=4096, motion_split='train', seed=1, **people),
        unlabelled=dict(type='PseudoLabelDataset', ann_file='data/ssl/virtual.npz', max_people=3),
    ),
)

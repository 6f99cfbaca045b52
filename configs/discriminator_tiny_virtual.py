"""Inter-person discriminator for a laptop's processor, on virtual people who stand face to face."""

_base_ = ['./_base_/default_runtime.py', './_base_/virtual_clips.py']

# runtime
max_epochs = 8
train_cfg = dict(max_epochs=max_epochs, val_interval=4)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-3),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type='LinearLR', begin=0, end=50, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(save_best='NaturalnessAccuracy/accuracy', rule='greater'))
randomness = dict(seed=0)

# model
model = dict(
    type='DiscriminatorEstimator',
    discriminator=dict(type='InterPersonDiscriminator', pose_channels=64, pair_channels=128),
    distance=(300.0, 600.0),
    loss=dict(type='DiscriminatorLoss', label_smoothing=0.1),
)

# data
# Whoever stands close to somebody belongs to them: pair_share puts others there, looking anywhere.
people = dict(
    num_people=(2, 4),
    scene=dict(face_to_face=1.0, pair_share=0.0, pair_distance=(550.0, 1000.0)),
)
train_dataloader = dict(batch_size=256, dataset=dict(num_items=32768, **people))
val_dataloader = dict(batch_size=256, dataset=dict(num_items=2048, clip_length=1, **people))
test_dataloader = val_dataloader
val_evaluator = [dict(type='NaturalnessAccuracy')]
test_evaluator = val_evaluator

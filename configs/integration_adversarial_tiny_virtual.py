"""The tiny integration network against the inter-person discriminator, on virtual people, half of them face to face."""

_base_ = ['./integration_tiny_virtual.py']

# runtime; each network has an optimizer of its own
optim_wrapper = dict(
    _delete_=True,
    constructor='SubmoduleOptimWrapperConstructor',
    clip_grad=dict(max_norm=5.0),
    network=dict(optimizer=dict(type='Adam', lr=2e-3)),
    discriminator=dict(optimizer=dict(type='Adam', lr=1e-3)),
)
model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')

# model
model = dict(
    type='AdversarialIntegrationEstimator',
    discriminator=dict(type='InterPersonDiscriminator', pose_channels=64, pair_channels=128),
    discriminator_loss=dict(type='DiscriminatorLoss', label_smoothing=0.1),
    naturalness_loss=dict(type='NaturalnessLoss', loss_weight=0.01),
    gradient_penalty=dict(type='R1Penalty', loss_weight=0.1),
)

# data
people = dict(num_people=(2, 3), scene=dict(face_to_face=0.5))
train_dataloader = dict(dataset=people)
val_dataloader = dict(dataset=people)
test_dataloader = val_dataloader

"""Lifters for a laptop's processor: tracked 2D poses to camera space, a pose net and a root-depth net trained at once.

Windows of the receptive field, 27 frames, with one answer each: many different people and cameras in a batch teach more
than long clips of few. Trained first on single frames, which are cheap (lifting_tiny_frames_virtual.py): those weights
are the middle of the kernels here. `load_from=None` starts without.
"""

_base_ = ['./lifting_tiny_frames_virtual.py']

# runtime
load_from = 'work_dirs/lifting_tiny_frames_virtual/epoch_16.pth'
max_epochs = 16
train_cfg = dict(max_epochs=max_epochs, val_interval=4)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', begin=0, end=200, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-6, by_epoch=True, convert_to_iter_based=True),
]

# model
receptive_field = 27
model = dict(
    pose_net=dict(backbone=dict(kernel_sizes=(3, 3, 3))),
    depth_net=dict(backbone=dict(kernel_sizes=(3, 3, 3))),
)

# data
train_dataloader = dict(dataset=dict(num_items=262144, clip_length=receptive_field, noise=dict(sure_share=0.5)))

"""The lifters of lifting_tiny_virtual.py with a graph network before the pose net, for a laptop's processor.

The graph network is the one of gcn_tiny_virtual.py and stays as it is; its poses come to what the pose net sees, which
starts from the weights of lifting_tiny_virtual.py. Other files: --cfg-options load_from=FILE
model.gcn.init_cfg.checkpoint=FILE.
"""

_base_ = ['./lifting_tiny_virtual.py']

# runtime
load_from = 'weights/lifting_tiny_virtual.pth'
max_epochs = 4
train_cfg = dict(max_epochs=max_epochs, val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [
    dict(type='LinearLR', begin=0, end=100, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-6, by_epoch=True, convert_to_iter_based=True),
]

# model
model = dict(
    gcn=dict(
        type='PoseGCN',
        hidden_channels=32,
        look_at=True,
        init_cfg=dict(type='Pretrained', checkpoint='weights/gcn_tiny_virtual.pth', prefix='gcn.'),
    ),
    pose_net=dict(use_poses=True),
    frozen=('gcn',),
)

# data; the graph network runs on every frame of a window
train_dataloader = dict(batch_size=64, dataset=dict(num_items=65536))

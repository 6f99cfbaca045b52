"""The tiny integration network on what the shipped branches say about people in synthetic sequences.

Starts from the network that learnt on simulated branches (integration_tiny_virtual.py; `load_from=None`: without). The
pairs come from tools/branch_pairs.py (docs/integration.md).
"""

_base_ = ['./integration_tiny_virtual.py']

# runtime
load_from = 'work_dirs/integration_tiny_virtual/epoch_4.pth'
max_epochs = 40
train_cfg = dict(max_epochs=max_epochs, val_interval=10)
param_scheduler = [
    dict(type='LinearLR', begin=0, end=50, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]

# model; the branches miss joints and people as it is
model = dict(
    errors=dict(unpaired=0.1),
    loss=dict(type='IntegrationLoss', squared=False, absolute_weight=0.5, relative_weight=1.0),
)

# data
pairs = dict(_delete_=True, type='BranchPairsDataset', max_people=5)
train_dataloader = dict(
    batch_size=128,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True),
    collate_fn=dict(_delete_=True, type='default_collate'),
    dataset=dict(ann_file='data/branch_pairs/train.npz', **pairs),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=0,
    persistent_workers=False,
    collate_fn=dict(_delete_=True, type='default_collate'),
    dataset=dict(ann_file='data/branch_pairs/val.npz', **pairs),
)
test_dataloader = val_dataloader

"""Integration network for a laptop's processor, on what the shipped branches say about people of synthetic sequences.

The pairs come from tools/branch_pairs.py (docs/integration.md). They are of far fewer people than virtual ones, and how
tall each is must not be learnt by heart: the network is small and can only weigh what the branches say.
"""

_base_ = ['./integration_tiny_virtual.py']

# runtime
max_epochs = 40
train_cfg = dict(max_epochs=max_epochs, val_interval=10)
param_scheduler = [
    dict(type='LinearLR', begin=0, end=50, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]

# model; the branches miss joints and people as it is
model = dict(
    network=dict(mode='weigh', hidden_channels=32),
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

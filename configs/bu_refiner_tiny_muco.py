"""The refiner of bu_tiny_muco.py, trained on the people that its network measured on the training images.

python tools/measure_people.py configs/bu_refiner_tiny_muco.py MAPS.pth --out data/measured_people.npz
python tools/train.py configs/bu_refiner_tiny_muco.py
python tools/publish_model.py configs/bu_tiny_muco.py MAPS.pth --refiner REFINER.pth --out bu_tiny_muco.pth
"""

_base_ = ['./bu_tiny_muco.py']

# runtime; validated as a part of the whole, by tools/test.py configs/bu_tiny_muco.py
max_epochs = 40
train_cfg = dict(max_epochs=max_epochs)
val_cfg = None
val_dataloader = None
val_evaluator = None
optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type='LinearLR', begin=0, end=200, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end=max_epochs, eta_min=1e-6, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(checkpoint=dict(save_best=None))

# the network whose people are measured, as bu_tiny_muco.py tests it
measured_model = {{_base_.model}}
measure_pipeline = [
    dict(type='LoadMultiPersonImage'),
    dict(type='RandomBottomUpWarp', input_size={{_base_.input_size}}, scale=(0.8, 1.3), rotation=8, shift=0.1),
    dict(type='YOLOXHSVRandomAug'),
    dict(type='SimulateInputPoses', drop_prob=0.1),
    dict(type='PackMultiPersonInputs', with_ground_truth=True),
]
measure_dataloader = dict(
    batch_size=16,
    num_workers=2,
    sampler=dict(type='ResumableSampler', shuffle=True),
    dataset=dict(
        type='MuCoDataset', data_root={{_base_.muco_root}}, ann_file='MuCo-3DHP.json', pipeline=measure_pipeline
    ),
)

# model
model = dict(_delete_=True, type='PoseRefinementEstimator', refiner={{_base_.model.head.refiner}})

# data
train_dataloader = dict(
    _delete_=True,
    batch_size=128,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='ResumableSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='MeasuredPeopleDataset', ann_file='data/measured_people.npz'),
)

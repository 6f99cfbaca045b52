"""The whole system for a laptop's processor, with shipped weights, on MuPoTS-3D's layout; 2D poses are given."""

_base_ = ['./_base_/two_branch.py']

model = dict(
    lifter=dict(config='configs/lifting_tiny_virtual.py', checkpoint='weights/lifting_tiny_virtual.pth'),
    bottom_up=dict(config='configs/bu_tiny_muco.py', checkpoint='weights/bu_tiny_muco.pth'),
)
test_dataloader = dict(dataset=dict(type='MuPoTSDataset', data_root='data/MuPoTS/', pose2d_file='poses2d.json'))
test_evaluator = [
    dict(type='AP25root'),
    dict(type='PCK'),
    dict(type='PCKabs'),
    dict(type='AUCrel'),
    dict(type='MRPE'),
    dict(type='OrdinalDepth'),
    dict(type='Tracking3D'),
    dict(type='AccelerationError'),
]

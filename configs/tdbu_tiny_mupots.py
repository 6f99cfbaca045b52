"""The whole system for a laptop's processor, with shipped weights, on MuPoTS-3D's layout; 2D poses are given."""

_base_ = ['./_base_/two_branch.py', './_base_/mupots_metrics.py']

model = dict(
    lifter=dict(config='configs/lifting_tiny_virtual.py', checkpoint='weights/lifting_tiny_virtual.pth'),
    bottom_up=dict(config='configs/bu_tiny_muco.py', checkpoint='weights/bu_tiny_muco.pth'),
    # Better than the fixed rules where people stand close (docs/ablation.md); see docs/pipeline.md for other sequences.
    integration=dict(
        _delete_=True, config='configs/integration_tiny_pairs.py', checkpoint='weights/integration_tiny_pairs.pth'
    ),
)
test_dataloader = dict(
    dataset=dict(type='MuPoTSDataset', data_root='data/MuPoTS/', pose2d_file='poses2d.json', pose2d_optional=True),
)

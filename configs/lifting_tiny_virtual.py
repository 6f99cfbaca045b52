"""All lifters for a laptop's processor: tracked 2D poses to camera space. The weights of three trainings, in one file.

python tools/train.py configs/gcn_tiny_virtual.py
python tools/train.py configs/tcn_pose_tiny_virtual.py --cfg-options model.gcn.init_cfg.checkpoint=GCN.pth
python tools/train.py configs/tcn_root_tiny_virtual.py
python tools/publish_model.py configs/lifting_tiny_virtual.py POSE.pth --with ROOT.pth --out lifting_tiny_virtual.pth
"""

_base_ = ['./_base_/default_runtime.py', './_base_/virtual_clips.py']

# model
model = dict(
    type='PoseLiftingEstimator',
    gcn=dict(type='PoseGCN', hidden_channels=32),
    pose_net=dict(type='TemporalPoseNet', backbone=dict(kernel_sizes=(3, 3, 3, 3), stem_channels=192)),
    depth_net=dict(type='TemporalDepthNet', backbone=dict(kernel_sizes=(3, 3, 3, 3), stem_channels=128)),
)

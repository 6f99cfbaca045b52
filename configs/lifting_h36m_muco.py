"""The paper's lifters in one file: graph network and pose net of Human3.6M, root-depth net of MuCo-3DHP.

python tools/publish_model.py configs/lifting_h36m_muco.py work_dirs/tcn_pose_h36m/epoch_80.pth \
    --with work_dirs/tcn_root_muco/epoch_100.pth --out work_dirs/lifting_h36m_muco.pth

puts together what tcn_pose_h36m.py and tcn_root_muco.py have trained. Trained itself, it learns all on Human3.6M.
"""

_base_ = ['./tcn_pose_h36m.py']

model = dict(
    depth_net=dict(
        type='TemporalDepthNet',
        backbone=dict(kernel_sizes=(3, 3, 3, 3, 3), stem_channels=1024, dropout=0.5),
    ),
)

# The paper's networks, from the folders in which their own configs leave them. Other files:
# --cfg-options model.bottom_up.checkpoint=FILE, and likewise for top_down, lifter and integration.
_base_ = ['./two_branch.py']

model = dict(
    # Stock Mask R-CNN; detector.config and detector.weights choose another one of mmdet.
    detector=dict(score_thr=0.3),
    top_down=dict(config='configs/td_hrnet_w32_coco.py', checkpoint='work_dirs/td_hrnet_w32_coco/epoch_100.pth'),
    lifter=dict(config='configs/lifting_h36m_muco.py', checkpoint='work_dirs/lifting_h36m_muco.pth'),
    bottom_up=dict(config='configs/bu_hrnet_w32_muco.py', checkpoint='work_dirs/bu_hrnet_w32_muco/epoch_50.pth'),
    integration=dict(
        _delete_=True,
        config='configs/integration_muco.py',
        checkpoint='work_dirs/integration_muco/epoch_50.pth',
    ),
)
test_dataloader = dict(num_workers=2)

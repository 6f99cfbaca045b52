"""The paper's whole system on JTA (Table 4).

LoCO's protocol scores every tenth frame. Tracks need all of them, and all are scored here.
"""

_base_ = ['./_base_/two_branch_hrnet_w32.py']

test_dataloader = dict(dataset=dict(type='JTADataset', split='test', data_root='data/JTA/'))
test_evaluator = [
    dict(type='JointF1', threshold=0.4),
    dict(type='JointF1', threshold=0.8),
    dict(type='JointF1', threshold=1.2),
    dict(type='Tracking3D'),
]

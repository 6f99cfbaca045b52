"""The paper's whole system on 3DPW (Table 6): person-centric errors, and those of people who overlap."""

_base_ = ['./_base_/two_branch_hrnet_w32.py']

test_dataloader = dict(dataset=dict(type='PW3DDataset', split='test', data_root='data/3DPW/'))
test_evaluator = [dict(type='PW3DMPJPE'), dict(type='MRPE'), dict(type='AccelerationError')]

"""The paper's whole system on Human3.6M (Table 5): one person, all frames of the test subjects."""

_base_ = ['./_base_/two_branch_hrnet_w32.py']

test_dataloader = dict(dataset=dict(type='H36MDataset', split='test', data_root='data/h36m/'))
test_evaluator = [dict(type='H36MMPJPE'), dict(type='MRPE')]

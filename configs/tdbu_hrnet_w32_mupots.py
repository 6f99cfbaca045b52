"""The paper's whole system on MuPoTS-3D (Tables 1-3): official protocol, predicted root."""

_base_ = ['./_base_/two_branch_hrnet_w32.py']

test_dataloader = dict(dataset=dict(type='MuPoTSDataset', data_root='data/MuPoTS/'))
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

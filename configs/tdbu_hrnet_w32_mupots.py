"""The paper's whole system on MuPoTS-3D (Tables 1-3): official protocol, predicted root."""

_base_ = ['./_base_/two_branch_hrnet_w32.py', './_base_/mupots_metrics.py']

test_dataloader = dict(dataset=dict(type='MuPoTSDataset', data_root='data/MuPoTS/'))

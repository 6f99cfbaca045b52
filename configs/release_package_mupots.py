"""The predictions that the authors store for MuPoTS-3D, by their rules and by the official ones; no network."""

_base_ = ['./_base_/default_runtime.py']

# data
mupots_root = 'data/MuPoTS/'
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='MuPoTSDataset', data_root=mupots_root, needs_images=False, test_mode=True, pipeline=[]),
)

# evaluation; the stored people are those of the annotated tracks, and their depths are fitted already
test_evaluator = [
    dict(type='ReleasePCK'),
    dict(type='ReleasePCKabs', depth_of='track', depth_fit='none'),
    dict(type='PCK'),
    dict(type='PCKabs'),
    dict(type='AUCrel'),
]

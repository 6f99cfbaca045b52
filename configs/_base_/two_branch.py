# The whole system on sequences: a batch is a clip, whose pictures the model reads in chunks, so memory does not grow
# with its length. Outputs of the stages are kept with --cfg-options model.stage_dir=DIR (docs/pipeline.md).
_base_ = ['./default_runtime.py']

model = dict(
    type='TwoBranchEstimator',
    integration=dict(type='LinearIntegration'),
    settings=dict(branches='both', feed_poses=True, matching='frame'),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    batch_sampler=dict(type='ClipBatchSampler'),
    dataset=dict(test_mode=True, pipeline=[dict(type='PackMultiPersonInputs', with_ground_truth=True)]),
)
# The parts are trained each with its own config.
train_cfg = None
val_cfg = None

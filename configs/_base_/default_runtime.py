custom_imports = dict(
    imports=[
        'mmp3d.codecs',
        'mmp3d.models',
        'mmp3d.datasets',
        'mmp3d.evaluation',
        'mmp3d.engine',
        'mmp3d.visualization',
    ],
    allow_failed_imports=False,
)
default_scope = 'mmpose'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # whole before it takes its name, and old ones go after that: an interrupted run always has a checkpoint
    checkpoint=dict(
        type='ReplacingCheckpointHook', interval=1, max_keep_ckpts=2, backend_args=dict(backend='atomic', durable=True)
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # several processes validate one network, that of the checkpoint
    buffers=dict(type='SameBuffersHook'),
)
# Checkpoints that torch's safe loader reads, also when a run is resumed.
custom_hooks = [dict(type='SafeCheckpointHook')]

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
vis_backends = [dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
visualizer = dict(type='MultiPersonPose3DVisualizer', vis_backends=vis_backends, name='visualizer')

log_processor = dict(type='LogProcessor', window_size=50, by_epoch=True, num_digits=6)
log_level = 'INFO'
load_from = None
resume = False

# a run that is broken off and resumed ends with the weights that it would have had anyway (docs/reliability.md)
train_cfg = dict(type='ResumableEpochLoop', max_epochs=1, val_interval=1)
val_cfg = {}
test_cfg = {}

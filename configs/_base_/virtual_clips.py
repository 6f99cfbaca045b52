# Clips of people before virtual cameras, seen by a simulated detector. Motion is procedural; a folder with BVH files
# makes it richer: --cfg-options train_dataloader.dataset.motion_folders=DIR, and the same for val_ and test_dataloader.
# Training and validation share neither motion files nor cameras.
train_dataloader = dict(
    batch_size=64,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='FreshIndexSampler'),
    collate_fn=dict(type='collate_drawn_items'),
    dataset=dict(
        type='VirtualPoseDataset',
        num_items=16384,
        clip_length=1,
        motion_split='train',
        # From nearly exact to poor detectors: the nets are asked for both.
        noise=dict(
            jitter=0.2,
            occluded_jitter=0.8,
            pixel_jitter=0.4,
            quality_spread=0.9,
            miss=0.01,
            occluded_miss=0.15,
            side_flip=0.005,
            score=0.95,
            occluded_score=0.6,
            score_spread=0.12,
        ),
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    collate_fn=dict(type='collate_drawn_items'),
    dataset=dict(type='VirtualPoseDataset', num_items=128, clip_length=81, motion_split='val', test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='LiftingErrors')]
test_evaluator = val_evaluator

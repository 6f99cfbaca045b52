"""The single-person baseline of td_tiny_coco.py: the paper's "TD (w/o MP)", same network and training without tags."""

_base_ = ['./td_tiny_coco.py']

codec = _base_.codec
codec.update(multi_person=False)
model = dict(head=dict(decoder=codec))

train_pipeline = _base_.train_pipeline
train_pipeline[3].update(encoder=codec)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

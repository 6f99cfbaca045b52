# All that MuPoTS-3D's annotations can score of people with ids, official protocol.
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

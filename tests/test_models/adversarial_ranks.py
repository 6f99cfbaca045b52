"""Run by torch.distributed.run: each rank trains on its own people, and all ranks must end with the same networks."""

import torch
from mmengine.model import MMSeparateDistributedDataParallel
from mmengine.runner.checkpoint import get_state_dict
from mmpose.registry import MODELS
from torch import distributed

from mmp3d.engine.launch import join_processes, leave_processes
from tests.test_models.test_adversarial_integration_estimator import clips, estimator, optimizers


def main() -> None:
    join_processes()
    rank = distributed.get_rank()
    model = MMSeparateDistributedDataParallel(estimator(gradient_penalty=dict(type='R1Penalty')), device_ids=None)
    wrappers = optimizers(model)
    for step in range(3):
        # In the last step a rank has nobody.
        batch = clips(scenes=4 + rank, present=float(step < 2 or rank == 0))
        batch['keypoints_cam'] += 500 * rank
        model.train_step(batch, wrappers)
    own = torch.cat([value.flatten() for value in get_state_dict(model).values()])
    others = [torch.empty_like(own) for _ in range(distributed.get_world_size())]
    distributed.all_gather(others, own)
    assert own.isfinite().all()
    assert all(torch.equal(own, other) for other in others)
    # Weights saved by one process are those of several.
    alone = MODELS.build(dict(type='IntegrationNet', hidden_channels=16))
    saved = {name[8:]: value for name, value in get_state_dict(model).items() if name.startswith('network.')}
    alone.load_state_dict(saved)
    print(f'rank {rank} is equal')
    leave_processes()


if __name__ == '__main__':
    main()

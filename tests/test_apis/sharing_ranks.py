"""Run by torch.distributed.run: the two ranks see different files, and say which jobs each of them does.

python sharing_ranks.py IMAGE_FOLDER OUT RANK_FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch.distributed
from mmengine.dist import get_rank

from mmp3d.apis.clip_job import open_jobs
from mmp3d.apis.half_written import HalfWritten
from mmp3d.apis.job_sharing import own_share


def main(given: str, out: str, said: str) -> None:
    """Open the jobs and divide them."""
    torch.distributed.init_process_group('gloo')
    if get_rank() == 1:
        # As if the other one had written them already.
        HalfWritten.is_finished = lambda self, target: True
    jobs = open_jobs(sorted(map(str, Path(given).iterdir())), out, ['json'], overwrite=False, skip_existing=True)
    own = own_share(jobs, [job.length for job in jobs])
    Path(said, f'{get_rank()}.json').write_text(json.dumps([[job.name for job in part] for part in (jobs, own)]))
    torch.distributed.destroy_process_group()


if __name__ == '__main__':
    main(*sys.argv[1:])

#!/usr/bin/env bash
# Many videos on many machines: a Slurm job array in which task i of N takes lines i, i+N, i+2N, ... of a list.
#
#   sbatch --array=0-999%64 --gpus=1 --cpus-per-task=4 --requeue tools/slurm_infer.sh LIST OUT [options of mmp3d infer]
#   TASKS=1000 sbatch --array=3,17 ... tools/slurm_infer.sh LIST OUT [...]     # some of 1000 tasks, by their folders
#   WORKERS=2 bash tools/slurm_infer.sh LIST OUT [options of mmp3d infer]      # without Slurm: tasks of this machine
#
# LIST has a video (or folder of frames) a line, OUT/00000, OUT/00001, ... the files of each task. Given again, by hand or
# by --requeue after a kill, finished videos are left out and the one that was broken off is gone on with. The array must
# then be as long as before, or TASKS say how long it was: ids are then 0 to TASKS-1 and the numbers of the folders.
# Without TASKS an array has no gaps. MMP3D is the command, default "mmp3d infer".
set -euo pipefail
if (($# < 2)); then
    echo 'usage: slurm_infer.sh LIST OUT [options of mmp3d infer]' >&2
    exit 2
fi
list=$1
out=$2
read -r -a command <<<"${MMP3D:-mmp3d infer}"

if [[ -z ${SLURM_ARRAY_TASK_ID:-} ]]; then
    workers=${WORKERS:-1}
    tasks=()
    # Ctrl-C does not reach what the shell started with "&".
    trap 'kill "${tasks[@]}" 2>/dev/null || true; wait' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    for ((task = 0; task < workers; task++)); do
        SLURM_ARRAY_TASK_ID=$task TASKS=$workers bash "$0" "$@" &
        tasks+=($!)
    done
    worst=0
    for task in "${tasks[@]}"; do
        wait "$task" || worst=$?
    done
    trap - EXIT
    exit "$worst"
fi

if [[ -n ${TASKS:-} ]]; then
    count=$TASKS
    task=$SLURM_ARRAY_TASK_ID
else
    count=$SLURM_ARRAY_TASK_COUNT
    task=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN))
    if ((SLURM_ARRAY_TASK_MAX - SLURM_ARRAY_TASK_MIN + 1 != count)); then
        echo "error: --array has $count ids from $SLURM_ARRAY_TASK_MIN to $SLURM_ARRAY_TASK_MAX, with gaps, and their" \
            'shares would not be the whole list; give TASKS, the number of tasks that share it (ids 0 to TASKS-1)' >&2
        exit 2
    fi
fi
if ! [[ $count =~ ^[1-9][0-9]*$ ]] || ((task >= count)); then
    echo "error: task $task of TASKS=$count; expected a positive number of tasks, and ids from 0 to TASKS-1" >&2
    exit 2
fi
mapfile -t videos < <(awk -v task="$task" -v tasks="$count" 'NF { if (n++ % tasks == task) print }' "$list")
if ((${#videos[@]} == 0)); then
    echo "task $task: no videos for it in $list"
    exit 0
fi
exec "${command[@]}" "${videos[@]}" --out "$out/$(printf '%05d' "$task")" --skip-existing "${@:3}"

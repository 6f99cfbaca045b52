#!/usr/bin/env bash
# Many videos on many machines: a Slurm job array in which each task takes every so manieth line of a list.
#
#   sbatch --array=0-999%64 --gpus=1 --cpus-per-task=4 --requeue tools/slurm_infer.sh LIST OUT [options of mmp3d infer]
#   WORKERS=2 bash tools/slurm_infer.sh LIST OUT [options of mmp3d infer]      # without Slurm: tasks of this machine
#
# LIST has a video (or folder of frames) a line, OUT/00000, OUT/00001, ... the files of each task. Given again, by hand or
# by --requeue after a kill, finished videos are left out and the one that was broken off is gone on with. The array must
# then be as long as before. MMP3D is the command, default "mmp3d infer".
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
    for ((task = 0; task < workers; task++)); do
        SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_COUNT=$workers bash "$0" "$@" &
        tasks+=($!)
    done
    worst=0
    for task in "${tasks[@]}"; do
        wait "$task" || worst=$?
    done
    exit "$worst"
fi

task=$((SLURM_ARRAY_TASK_ID - ${SLURM_ARRAY_TASK_MIN:-0}))
mapfile -t videos < <(awk -v task="$task" -v tasks="$SLURM_ARRAY_TASK_COUNT" 'NF { if (n++ % tasks == task) print }' "$list")
if ((${#videos[@]} == 0)); then
    echo "task $task: no videos for it in $list"
    exit 0
fi
"${command[@]}" "${videos[@]}" --out "$out/$(printf '%05d' "$task")" --skip-existing "${@:3}"

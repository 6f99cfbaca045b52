#!/usr/bin/env bash
# bash tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [options of tools/test.py]; NNODES, NODE_RANK, PORT, MASTER_ADDR as usual.
set -euo pipefail
config=$1
checkpoint=$2
processes=$3
torchrun --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" --nproc_per_node="$processes" \
    "$(dirname "$0")/test.py" "$config" "$checkpoint" --launcher pytorch "${@:4}"

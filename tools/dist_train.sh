#!/usr/bin/env bash
# bash tools/dist_train.sh CONFIG PROCESSES [options of tools/train.py]; NNODES, NODE_RANK, PORT, MASTER_ADDR as usual.
set -euo pipefail
config=$1
processes=$2
torchrun --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" --nproc_per_node="$processes" \
    "$(dirname "$0")/train.py" "$config" --launcher pytorch "${@:3}"

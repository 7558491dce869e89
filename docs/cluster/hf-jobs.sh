#!/bin/bash
# Hugging Face Jobs: one GPU by the second.
#
#   OWNER=me PROJECT=https://github.com/me/textual-inversion-webui docs/cluster/hf-jobs.sh
#
# The bucket OWNER/ti is made before (hf buckets create ti) and holds run.json and the pictures;
# what is trained lies there, too, and another attempt goes on from there. Add --dry-run to see the
# job without starting it.
set -euo pipefail

# It is expanded in the job, not here.
# shellcheck disable=SC2016
job='
set -e
apt-get update -qq && apt-get install -y -qq git
pip install "git+$PROJECT"
export TI_HOME=/bucket
cd "$TI_HOME"
ti train run.json
'
exec hf jobs run "$@" --detach --name ti --flavor a10g-small --timeout 4h --attempts 5 \
  --env "PROJECT=$PROJECT" --volume "hf://buckets/$OWNER/ti:/bucket" \
  -- pytorch/pytorch:2.9.1-cuda12.8-cudnn9-runtime bash -c "$job"

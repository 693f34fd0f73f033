#!/usr/bin/env bash
# Fetch the artifact "report" of the run $RUN_ID as it is, a zip archive, into the file $1. Nothing is unpacked.
# By hand: GH_TOKEN=… REPOSITORY=owner/name RUN_ID=123 .github/scripts/fetch-report.sh report.zip
set -euo pipefail
: "${REPOSITORY:?owner/name}" "${RUN_ID:?number of the run}" "${1:?file to write}"
[[ "$RUN_ID" =~ ^[0-9]+$ ]] || { echo "RUN_ID is not a number" >&2; exit 2; }
id=$(gh api "repos/$REPOSITORY/actions/runs/$RUN_ID/artifacts" \
  --jq '[.artifacts[] | select(.name == "report" and .size_in_bytes < 2000000)][0].id // empty')
[[ "$id" =~ ^[0-9]+$ ]] || { echo "the run $RUN_ID has no artifact named report below 2 MB" >&2; exit 1; }
gh api "repos/$REPOSITORY/actions/artifacts/$id/zip" > "$1"

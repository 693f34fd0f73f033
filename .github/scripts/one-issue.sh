#!/usr/bin/env bash
# Keep one issue: open it when the file $1 has text, edit it when the text differs, close it when the file is empty.
# $2 is the label that marks it, $3 its title. Only issues opened by the workflow are touched.
# By hand: GH_TOKEN=… REPOSITORY=owner/name .github/scripts/one-issue.sh build/alarm.md sources "Sources need attention"
set -euo pipefail
: "${REPOSITORY:?owner/name}" "${1:?body file}" "${2:?label}" "${3:?title}"
number=$(gh issue list --repo "$REPOSITORY" --state open --label "$2" --author "app/github-actions" --json number --jq '.[0].number // empty')
if [[ ! -s "$1" ]]; then
  if [[ -n "$number" ]]; then
    gh issue close "$number" --repo "$REPOSITORY" --comment "All is well again."
  fi
  exit 0
fi
if [[ -z "$number" ]]; then
  gh label create "$2" --repo "$REPOSITORY" --force --description "Kept by a scheduled job"
  gh issue create --repo "$REPOSITORY" --title "$3" --label "$2" --body-file "$1"
  exit 0
fi
if [[ "$(gh issue view "$number" --repo "$REPOSITORY" --json body --jq .body | tr -d '\r')" == "$(cat "$1")" ]]; then
  echo "issue $number says it already"
else
  gh issue edit "$number" --repo "$REPOSITORY" --body-file "$1"
fi

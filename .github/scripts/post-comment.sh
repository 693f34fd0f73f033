#!/usr/bin/env bash
# Post the file $1 as a comment on the open pull request whose head is $HEAD_SHA, or update the comment posted before.
# The pull request is found by what the forge says of the run, never by what the run wrote.
# By hand: GH_TOKEN=… REPOSITORY=owner/name HEAD_SHA=… HEAD_OWNER=… HEAD_BRANCH=… .github/scripts/post-comment.sh comment.md
set -euo pipefail
: "${REPOSITORY:?owner/name}" "${HEAD_SHA:?commit}" "${HEAD_OWNER:?account}" "${HEAD_BRANCH:?branch}" "${1:?comment file}"
[[ "$HEAD_SHA" =~ ^[0-9a-f]{40}$ ]] || { echo "HEAD_SHA is not a commit" >&2; exit 2; }
marker=$(head -n 1 "$1")
[[ "$marker" == "<!-- capewatch:pull-request -->" ]] || { echo "$1 is not a comment of capewatch" >&2; exit 1; }
number=$(gh api --method GET "repos/$REPOSITORY/pulls" -f state=open -f "head=$HEAD_OWNER:$HEAD_BRANCH" \
  --jq "[.[] | select(.head.sha == \"$HEAD_SHA\")][0].number // empty")
if ! [[ "$number" =~ ^[0-9]+$ ]]; then
  echo "no open pull request has the head $HEAD_SHA: it was closed, or pushed to again"
  exit 0
fi
comment=$(gh api --paginate "repos/$REPOSITORY/issues/$number/comments" \
  --jq '.[] | select(.user.login == "github-actions[bot]" and (.body | startswith("<!-- capewatch:pull-request -->"))) | .id' | head -n 1)
if [[ "$comment" =~ ^[0-9]+$ ]]; then
  gh api --method PATCH "repos/$REPOSITORY/issues/comments/$comment" -F "body=@$1" --jq .html_url
else
  gh api --method POST "repos/$REPOSITORY/issues/$number/comments" -F "body=@$1" --jq .html_url
fi

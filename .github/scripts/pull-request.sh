#!/usr/bin/env bash
# Propose what changed under the paths $4 … on the branch $1 by a pull request with title $2 and the text of the file $3.
# Nothing changed: nothing happens. The branch belongs to the job and is replaced; main is never pushed to.
# By hand: GH_TOKEN=… REPOSITORY=owner/name .github/scripts/pull-request.sh capewatch/ledger "Ledger events" build/ledger.txt predictions
set -euo pipefail
: "${REPOSITORY:?owner/name}" "${1:?branch}" "${2:?title}" "${3:?text file}" "${4:?path}"
branch=$1 title=$2 text=$3
shift 3
[[ "$branch" == capewatch/* ]] || { echo "the branch has to start with capewatch/" >&2; exit 2; }
if [[ -z "$(git status --porcelain --untracked-files=all -- "$@")" ]]; then
  echo "nothing changed under $*"
  exit 0
fi
{ echo 'Made by a scheduled job; a maintainer reviews and merges it.'; echo; sed 's/^/    /' "$text"; } > "$text.body"
git checkout --quiet -B "$branch"
git add --all -- "$@"
git -c user.name="capewatch jobs" -c user.email="jobs@capewatch.invalid" commit --quiet -m "$title"
gh auth setup-git
git push --quiet --force origin "HEAD:refs/heads/$branch"
number=$(gh pr list --repo "$REPOSITORY" --state open --head "$branch" --json number --jq '.[0].number // empty')
if [[ -n "$number" ]]; then
  gh pr edit "$number" --repo "$REPOSITORY" --title "$title" --body-file "$text.body"
else
  gh pr create --repo "$REPOSITORY" --base main --head "$branch" --title "$title" --body-file "$text.body"
fi

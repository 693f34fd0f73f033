#!/bin/sh
# The browser of the page tests: one that is there already, else Debian's, else the suite says so itself.
set -eu
if [ -n "${CAPEWATCH_CHROMIUM:-}" ] && [ -x "$CAPEWATCH_CHROMIUM" ]; then exit 0; fi
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
  echo "no Chromium found; install it, or name one in CAPEWATCH_CHROMIUM" >&2
fi

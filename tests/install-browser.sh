#!/bin/sh
# What the page tests need beside Python and Node: a browser and Java for the validator of HTML. What is there already is
# taken; the rest is Debian's, where this may install it, else the suite says so itself.
set -eu
wanted=""
found=""
if [ -n "${CAPEWATCH_CHROMIUM:-}" ] && [ -x "$CAPEWATCH_CHROMIUM" ]; then found=yes; fi
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then found=yes; fi
done
if [ -z "$found" ]; then wanted="chromium fonts-dejavu-core"; fi
if ! command -v java >/dev/null 2>&1; then wanted="$wanted default-jre-headless"; fi
if [ -z "$wanted" ]; then exit 0; fi
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  apt-get update -qq
  # shellcheck disable=SC2086 # a list of packages
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null
else
  echo "not found and not installable here: $wanted; a browser can be named in CAPEWATCH_CHROMIUM" >&2
fi

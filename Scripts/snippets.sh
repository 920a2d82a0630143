#!/usr/bin/env bash
# Builds and runs every snippet; each must end with 0 and print something.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck disable=SC2086 # the flags are words
swift build ${SWIFT_FLAGS:-}
bin=$(swift build --show-bin-path)
count=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$PWD
for file in Snippets/*.swift; do
  name=$(basename "$file" .swift)
  [ -x "$bin/$name" ] || { echo "snippets: $name was not built" >&2; exit 1; }
  if ! out=$(cd "$work" && "$root/.build/debug/$name" 2>&1 </dev/null); then
    echo "snippets: $name failed:"$'\n'"$out" >&2
    exit 1
  fi
  [ -n "$out" ] || { echo "snippets: $name printed nothing" >&2; exit 1; }
  count=$((count + 1))
done
echo "snippets: $count ran"

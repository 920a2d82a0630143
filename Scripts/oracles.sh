#!/usr/bin/env bash
# Makes .build/oracles, a Python with the packages that tests compare with, and prints its path.
# usage: Scripts/oracles.sh [--networks]
# A package that cannot be installed is named on standard error; its tests say that they are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
lists=(Scripts/oracles.txt)
[ "${1:-}" = "--networks" ] && lists+=(Scripts/oracles-networks.txt)
folder="$PWD/.build/oracles"
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
for list in "${lists[@]}"; do
  # All at once is quicker; one by one tells which it is that fails.
  if ! grep -v '^#' "$list" | xargs "$folder/bin/python" -m pip install -q --disable-pip-version-check >&2
  then
    grep -v '^#' "$list" | while read -r package; do
      "$folder/bin/python" -m pip install -q --disable-pip-version-check "$package" >&2 ||
        echo "oracles: $package could not be installed" >&2
    done
  fi
done
echo "$folder/bin/python"

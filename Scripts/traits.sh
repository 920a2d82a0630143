#!/usr/bin/env bash
# VolumeIO's tests with the traits that need libraries of the system: HTJ2K (libopenjp2) and
# FastInflate (libdeflate). Says so and does nothing where a header is missing.
# usage: Scripts/traits.sh [FILTER]
set -euo pipefail
cd "$(dirname "$0")/.."
has_header() { echo "#include <$1>" | cc ${2:-} -E -x c - >/dev/null 2>&1; }
traits=()
if has_header openjpeg.h "$(pkg-config --cflags libopenjp2 2>/dev/null || true)"; then
  traits+=(HTJ2K)
else
  echo "traits: SKIPPED HTJ2K: no openjpeg.h (libopenjp2-7-dev, or Homebrew's openjpeg)"
fi
if has_header libdeflate.h; then
  traits+=(FastInflate)
else
  echo "traits: SKIPPED FastInflate: no libdeflate.h (libdeflate-dev, or Homebrew's libdeflate)"
fi
[ ${#traits[@]} -gt 0 ] || exit 0
list=$(IFS=,; echo "${traits[*]}")
echo "traits: $list"
ROENTGEN_TESTS=VolumeIOTests swift test --traits "$list" --scratch-path .build/traits \
  --filter "${1:-VolumeIOTests}"

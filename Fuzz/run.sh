#!/usr/bin/env bash
# Runs fuzz targets one after the other, at low priority, and keeps what they find.
# usage: Fuzz/run.sh [seconds] [TARGET…]     (600 seconds and every target where none are named)
#
# Seeds come from the tests: ROENTGEN_FUZZ_SEEDS=Fuzz/.corpus swift test --filter FuzzSeed
# FUZZ_TIMEOUT gives the seconds that one input may take (20): more where the process is paused.
# A line a run is added to Fuzz/.corpus/runs.txt: target, seconds, executions, exit code.
set -uo pipefail
cd "$(dirname "$0")/.."
# The runtime would catch traps before libFuzzer does and keep no input.
export SWIFT_BACKTRACE=enable=no
seconds=${1:-600}
shift || true
binaries=${FUZZ_BINARIES:-Fuzz/.build/release}
corpus=Fuzz/.corpus
if [ $# -eq 0 ]; then
  for binary in "$binaries"/Fuzz*; do
    if [ -f "$binary" ] && [ -x "$binary" ]; then set -- "$@" "${binary##*/Fuzz}"; fi
  done
fi
failed=0
for target in "$@"; do
  mkdir -p "$corpus/$target" "$corpus/crashes"
  log="$corpus/$target.log"
  nice -n 19 "$binaries/Fuzz$target" -max_total_time="$seconds" -timeout="${FUZZ_TIMEOUT:-20}" -rss_limit_mb=2048 \
    -max_len=65536 -print_final_stats=1 -artifact_prefix="$corpus/crashes/$target-" \
    "$corpus/$target" >"$log" 2>&1
  code=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  printf '%s\t%s s\t%s executions\texit %s\n' "$target" "$seconds" "${runs:-?}" "$code" |
    tee -a "$corpus/runs.txt"
  [ "$code" = 0 ] || failed=1
done
exit "$failed"

#!/usr/bin/env bash
# Formatting, and the rules of the house that a search can hold.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
say() { echo "lint: $*" >&2; failed=1; }

folders=(Package.swift Sources Tests Snippets Studies/Package.swift Studies/Sources Studies/Tests
  Benchmarks/Package.swift Benchmarks/Sources)
[ -d Fuzz ] && folders+=(Fuzz/Package.swift Fuzz/Sources)
swift format lint --strict -r -p "${folders[@]}" || failed=1

# No way around the compiler in the sources.
for what in '@unchecked Sendable' 'try!' 'fatalError(' ' as! ' '@testable'; do
  hits=$(git grep -nF -- "$what" -- 'Sources/*.swift' 'Studies/Sources/*.swift' | grep -v '^[^:]*:[0-9]*: *//' || true)
  [ -z "$hits" ] || say "'$what' in the sources:"$'\n'"$hits"
done

# Files hold one idea.
while read -r lines file; do
  [ "$file" = total ] || [ "$lines" -le 400 ] || say "$file has $lines lines; 400 at most"
done < <(git ls-files -z '*.swift' '*.c' '*.h' '*.py' | xargs -0 wc -l)

# Arrows between the layers point down, and only Windowing may import another layer.
layers='VolumeIO|Windowing|NeuralCore|MLLMClients|Evaluation'
for layer in VolumeIO Windowing NeuralCore MLLMClients Evaluation; do
  hits=$(grep -rnE "^ *(public |internal |package |private |fileprivate |@_exported )*import ($layers)\b" "Sources/$layer" || true)
  [ "$layer" = Windowing ] && hits=$(printf '%s' "$hits" | grep -vE 'import VolumeIO\b' || true)
  [ -z "$hits" ] || say "$layer imports a sibling:"$'\n'"$hits"
done
hits=$(grep -rnE '^ *(public |internal |package |private )*import Foundation\b' Sources/VolumeIO Sources/Windowing Sources/NeuralCore Sources/Evaluation || true)
[ -z "$hits" ] || say "only MLLMClients imports Foundation:"$'\n'"$hits"
hits=$(grep -rn '@_exported' Sources || true)
[ -z "$hits" ] || say "nothing is re-exported:"$'\n'"$hits"

# The documentation's Swift stands in the snippets, which are compiled and run.
python3 Scripts/check_fences.py || failed=1

[ "$failed" = 0 ] && echo "lint: clean"
exit "$failed"

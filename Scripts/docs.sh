#!/usr/bin/env bash
# Builds one DocC site over the five modules into .build/docs; warnings are errors.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck disable=SC2086 # the flags are words
swift build ${SWIFT_FLAGS:-}
modules="$(swift build --show-bin-path)/Modules"
graphs=.build/symbol-graphs
rm -rf "$graphs" .build/docs
mkdir -p "$graphs"
swift_bin=$(dirname "$(command -v swift)")
target=$(swift -print-target-info | python3 -c 'import json,sys; print(json.load(sys.stdin)["target"]["triple"])')
maps=()
for map in "$(swift build --show-bin-path)"/C*.build/module.modulemap; do
  maps+=(-Xcc "-fmodule-map-file=$map")
done
for module in VolumeIO Windowing NeuralCore MLLMClients Evaluation; do
  if command -v xcrun >/dev/null 2>&1; then extract=(xcrun swift-symbolgraph-extract -sdk "$(xcrun --show-sdk-path)")
  elif [ -x "$swift_bin/swift-symbolgraph-extract" ]; then extract=("$swift_bin/swift-symbolgraph-extract")
  else extract=("$(dirname "$(readlink -f "$(command -v swift)")")/swift-symbolgraph-extract"); fi
  "${extract[@]}" -module-name "$module" -I "$modules" -I Sources/CSystemPNG "${maps[@]}" -target "$target" \
    -minimum-access-level public -skip-synthesized-members -output-dir "$graphs"
done
if command -v docc >/dev/null 2>&1; then docc=(docc); elif command -v xcrun >/dev/null 2>&1; then docc=(xcrun docc)
else docc=("$(dirname "$(readlink -f "$(command -v swift)")")/docc"); fi
"${docc[@]}" convert Docs/Roentgen.docc --additional-symbol-graph-dir "$graphs" \
  --fallback-display-name Roentgen --fallback-bundle-identifier roentgen \
  --output-dir .build/docs --warnings-as-errors
echo "docs: .build/docs; look at them with: python3 -m http.server -d .build/docs"

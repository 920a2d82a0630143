#!/usr/bin/env bash
# A package of two lines for each product: it builds, runs, and links only what it should.
# They share one build folder, so that a layer is compiled once.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work="$root/.build/dependents"
export SWIFTPM_BUILD_DIR=$work/.build
mkdir -p "$work"
failed=0
for product in VolumeIO Windowing NeuralCore MLLMClients Evaluation; do
  dir="$work/$product"
  mkdir -p "$dir/Sources/dependent"
  cat >"$dir/Package.swift" <<EOF
// swift-tools-version: 6.2
import PackageDescription
let package = Package(name: "dependent", platforms: [.macOS(.v15)],
  dependencies: [.package(name: "roentgen", path: "$root")],
  targets: [.executableTarget(name: "dependent",
    dependencies: [.product(name: "$product", package: "roentgen")])])
EOF
  printf 'import %s\nprint("%s")\n' "$product" "$product" >"$dir/Sources/dependent/main.swift"
  start=$SECONDS
  swift build --package-path "$dir" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; echo "dependents: $product does not build" >&2; exit 1; }
  bin="$(swift build --package-path "$dir" --show-bin-path)/dependent"
  [ "$("$bin")" = "$product" ] || { echo "dependents: $product does not run" >&2; exit 1; }
  if command -v ldd >/dev/null 2>&1; then links=$(ldd "$bin"); else links=$(otool -L "$bin"); fi
  case "$product" in
  Evaluation | NeuralCore) never='libFoundation|libpng|libz\.|libcurl' ;;
  VolumeIO) never='libFoundation|libpng|libcurl' ;;
  Windowing) never='libFoundation|libcurl' ;;
  MLLMClients) never='libpng' ;;
  esac
  if printf '%s\n' "$links" | grep -E "$never"; then
    echo "dependents: $product links what it should not" >&2
    failed=1
  fi
  packages=$(find "$SWIFTPM_BUILD_DIR/checkouts" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)
  [ "$packages" = 0 ] || { echo "dependents: $product fetches $packages packages" >&2; failed=1; }
  [ ! -e "$dir/Package.resolved" ] || { echo "dependents: $product pins packages" >&2; failed=1; }
  echo "dependents: $product builds in $((SECONDS - start)) s and links only what it should"
done
exit "$failed"

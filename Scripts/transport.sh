#!/usr/bin/env bash
# The clients' tests of the wire over both transports, built with the trait AsyncHTTPClient: a
# package of its own, so that nothing else is built again.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
dir="$root/.build/transport"
mkdir -p "$dir/Tests"
ln -sfn "$root/Tests/MLLMClientsTests" "$dir/Tests/MLLMClientsTests"
cat >"$dir/Package.swift" <<EOF
// swift-tools-version: 6.2
import PackageDescription
let package = Package(name: "transport", platforms: [.macOS(.v15)],
  dependencies: [.package(name: "roentgen", path: "$root", traits: ["AsyncHTTPClient"])],
  targets: [.testTarget(name: "MLLMClientsTests",
    dependencies: [.product(name: "MLLMClients", package: "roentgen")],
    exclude: ["Support/fault_server.py", "Support/echo_server.py", "Support/batch_server.py"],
    swiftSettings: [.define("AsyncHTTPClient"), .strictMemorySafety(),
      .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("NonisolatedNonsendingByDefault")])],
  swiftLanguageModes: [.v6])
EOF
swift test --package-path "$dir" --filter "${1:-TransportTests|FaultServerTests}"

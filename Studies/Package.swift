// swift-tools-version: 6.2

import PackageDescription

/// The `roentgen` command and the studies, built on the public API of the five layers alone.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let layers: [Target.Dependency] = [
  .product(name: "VolumeIO", package: "roentgen"),
  .product(name: "Windowing", package: "roentgen"),
  .product(name: "NeuralCore", package: "roentgen"),
  .product(name: "MLLMClients", package: "roentgen"),
  .product(name: "Evaluation", package: "roentgen"),
]

let package = Package(
  name: "Studies",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "roentgen", targets: ["roentgen"])],
  dependencies: [
    .package(name: "roentgen", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.6.0"),
  ],
  targets: [
    .target(name: "Phantoms", dependencies: layers, swiftSettings: strict),
    .target(
      name: "ICHStudy", dependencies: ["Phantoms"] + layers, swiftSettings: strict),
    .target(
      name: "NetworkRuns", dependencies: ["ICHStudy"] + layers, swiftSettings: strict),
    .executableTarget(
      name: "roentgen",
      dependencies: [
        "ICHStudy", "NetworkRuns", "Phantoms",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ] + layers,
      swiftSettings: strict),
    .testTarget(
      name: "PhantomsTests", dependencies: ["Phantoms"] + layers, swiftSettings: strict),
    .testTarget(
      name: "NetworkRunsTests", dependencies: ["NetworkRuns", "ICHStudy"] + layers,
      swiftSettings: strict),
    .testTarget(
      name: "ICHStudyTests", dependencies: ["ICHStudy", "Phantoms"] + layers, swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

// swift-tools-version: 6.2

import PackageDescription

/// One executable a layer, driven by `run.py`: a package of its own, so that nothing here reaches
/// a dependent of the five libraries.
let layers = ["VolumeIO", "Windowing", "NeuralCore", "MLLMClients", "Evaluation"]

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  traits: [
    .trait(name: "AsyncHTTPClient", description: "The clients' second transport, timed as well."),
    .trait(name: "FastInflate", description: "Decompression by the system's libdeflate."),
  ],
  dependencies: [
    .package(
      name: "roentgen", path: "..",
      traits: [
        .trait(name: "AsyncHTTPClient", condition: .when(traits: ["AsyncHTTPClient"])),
        .trait(name: "FastInflate", condition: .when(traits: ["FastInflate"])),
      ])
  ],
  targets: [.target(name: "BenchProtocol"), .target(name: "CPeak")]
    + layers.map { layer in
      .executableTarget(
        name: "\(layer)Bench",
        dependencies: [
          "BenchProtocol", .product(name: layer, package: "roentgen"),
          .product(name: "VolumeIO", package: "roentgen"),
        ] + (layer == "NeuralCore" ? ["CPeak"] : []))
    },
  swiftLanguageModes: [.v6]
)

// swift-tools-version: 6.2

import PackageDescription

/// The rules that the compiler holds in every Swift target.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
  name: "roentgen",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "VolumeIO", targets: ["VolumeIO"]),
    .library(name: "Windowing", targets: ["Windowing"]),
    .library(name: "NeuralCore", targets: ["NeuralCore"]),
    .library(name: "MLLMClients", targets: ["MLLMClients"]),
    .library(name: "Evaluation", targets: ["Evaluation"]),
  ],
  targets: [
    // C, no product: each imported `internal` by the one Swift target that needs it.
    .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
    .systemLibrary(
      name: "CSystemPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .target(name: "CPNG", dependencies: ["CSystemPNG"]),
    .target(
      name: "CNeuralKernels", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),

    // The five layers. An arrow may only point down.
    .target(name: "VolumeIO", dependencies: ["CZlib"], swiftSettings: strict),
    .target(name: "Windowing", dependencies: ["VolumeIO", "CPNG"], swiftSettings: strict),
    .target(name: "NeuralCore", dependencies: ["CNeuralKernels"], swiftSettings: strict),
    .target(name: "MLLMClients", swiftSettings: strict),
    .target(name: "Evaluation", swiftSettings: strict),

    .testTarget(name: "VolumeIOTests", dependencies: ["VolumeIO"], swiftSettings: strict),
    .testTarget(
      name: "WindowingTests", dependencies: ["Windowing", "VolumeIO"], swiftSettings: strict),
    .testTarget(
      name: "NeuralCoreTests", dependencies: ["NeuralCore"],
      exclude: [
        "Models/reference_models.py", "Models/reference_cases.py",
        "Models/reference_segmenters.py", "Models/reference_multimodal.py", "Models/wheel_path.py",
        "Models/gemma_reference.py",
        "ONNX/generate_onnx_cases.py", "Training/digits.py",
        "Tokenizers/tokenizers_reference.py", "Weights/weight_files.py",
      ], swiftSettings: strict),
    .testTarget(
      name: "MLLMClientsTests", dependencies: ["MLLMClients"],
      exclude: ["Support/fault_server.py", "Support/echo_server.py"], swiftSettings: strict),
    .testTarget(name: "EvaluationTests", dependencies: ["Evaluation"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

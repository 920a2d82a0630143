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

/// What only the clients' second transport needs.
let overNIO = TargetDependencyCondition.when(traits: ["AsyncHTTPClient"])

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
  traits: [
    .trait(
      name: "HTJ2K", description: "Decode High-Throughput JPEG 2000 with the system's libopenjp2"),
    .trait(
      name: "FastInflate", description: "Decompress in one go with the system's libdeflate"),
    .trait(
      name: "AsyncHTTPClient",
      description:
        "AsyncHTTPTransport: requests over SwiftNIO instead of URLSession. Off by default."),
  ],
  dependencies: [
    // Fetched only where the trait is on; Scripts/dependents.sh holds that.
    .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.30.0"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.81.0"),
    .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.26.0"),
  ],
  targets: [
    // C, no product: each imported `internal` by the one Swift target that needs it.
    .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
    .systemLibrary(
      name: "CSystemPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .target(name: "CPNG", dependencies: ["CSystemPNG"]),
    .target(name: "CBase64"),
    .target(name: "CWindowKernels"),
    .target(
      name: "CNeuralKernels", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),

    // Empty unless their trait is on: then they need the library's header and link it.
    .target(
      name: "COpenJPEG", cSettings: [.define("ROENTGEN_HTJ2K", .when(traits: ["HTJ2K"]))],
      linkerSettings: [.linkedLibrary("openjp2", .when(traits: ["HTJ2K"]))]),
    .target(
      name: "CLibdeflate",
      cSettings: [.define("ROENTGEN_FAST_INFLATE", .when(traits: ["FastInflate"]))],
      linkerSettings: [.linkedLibrary("deflate", .when(traits: ["FastInflate"]))]),

    // The five layers. An arrow may only point down.
    .target(
      name: "VolumeIO",
      dependencies: [
        "CZlib", .target(name: "COpenJPEG", condition: .when(traits: ["HTJ2K"])),
        .target(name: "CLibdeflate", condition: .when(traits: ["FastInflate"])),
      ], swiftSettings: strict),
    .target(
      name: "Windowing", dependencies: ["VolumeIO", "CPNG", "CWindowKernels"],
      swiftSettings: strict),
    .target(name: "NeuralCore", dependencies: ["CNeuralKernels"], swiftSettings: strict),
    .target(
      name: "MLLMClients",
      dependencies: [
        "CBase64",
        .product(name: "AsyncHTTPClient", package: "async-http-client", condition: overNIO),
        .product(name: "NIOCore", package: "swift-nio", condition: overNIO),
        .product(name: "NIOHTTP1", package: "swift-nio", condition: overNIO),
        .product(name: "NIOPosix", package: "swift-nio", condition: overNIO),
        .product(name: "NIOHTTPCompression", package: "swift-nio-extras", condition: overNIO),
      ], swiftSettings: strict),
    .target(name: "Evaluation", swiftSettings: strict),

    .testTarget(name: "VolumeIOTests", dependencies: ["VolumeIO"], swiftSettings: strict),
    .testTarget(
      name: "WindowingTests", dependencies: ["Windowing", "VolumeIO"], swiftSettings: strict),
    .testTarget(
      name: "NeuralCoreTests", dependencies: ["NeuralCore"],
      exclude: [
        "Models/reference_models.py", "Models/reference_cases.py",
        "Models/reference_segmenters.py", "Models/reference_multimodal.py", "Models/wheel_path.py",
        "Models/gemma_reference.py", "Operators/parity_cases.py",
        "Autograd/gradient_reference.py",
        "ONNX/generate_onnx_cases.py", "Training/digits.py",
        "Tokenizers/tokenizers_reference.py", "Weights/weight_files.py",
      ], swiftSettings: strict),
    .testTarget(
      name: "MLLMClientsTests", dependencies: ["MLLMClients"],
      exclude: [
        "Support/fault_server.py", "Support/echo_server.py", "Support/batch_server.py",
      ], swiftSettings: strict),
    .testTarget(name: "EvaluationTests", dependencies: ["Evaluation"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

// `ROENTGEN_TESTS=NeuralCoreTests swift test -c release` builds the tests of one layer alone; the layers
// are all built, for the snippets import them.
if let only = Context.environment["ROENTGEN_TESTS"] {
  package.targets.removeAll { $0.type == .test && $0.name != only }
}

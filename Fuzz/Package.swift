// swift-tools-version: 6.2

import PackageDescription

/// One libFuzzer executable a reader and a codec. Linux:
///
///     swift build --package-path Fuzz --sanitize=fuzzer -c release
///     Fuzz/run.sh 600 NIfTI JPEGLS
///
/// Each folder of `Sources` is a target; add a folder with one file to add a reader.
let readers = [
  "DICOM", "Series", "Directory",
  "NIfTI", "NRRD", "MetaImage", "MGH", "PNG", "JPEG", "TIFF", "HDF5", "NumPy", "Zip", "Manifests",
  "Reports", "Inflate",
]

/// Codecs of DICOM's frames, which are reached through a file around them.
let codecs = ["LosslessJPEG", "LossyJPEG", "JPEGLS", "JPEG2000", "RunLength"]

/// What the clients of language models read.
let clients = ["Replies", "Pictures"]

/// Files of weights.
let weights = ["Safetensors", "Pickle", "GGUF"]

let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "roentgen", path: "..")],
  targets: [
    .target(
      name: "Frames", dependencies: [.product(name: "VolumeIO", package: "roentgen")])
  ]
    + (readers + codecs).map { reader in
      .executableTarget(
        name: "Fuzz\(reader)",
        dependencies: ["Frames", .product(name: "VolumeIO", package: "roentgen")],
        path: "Sources/\(reader)",
        swiftSettings: [.unsafeFlags(["-parse-as-library"])])
    }
    + clients.map { client in
      .executableTarget(
        name: "Fuzz\(client)",
        dependencies: [.product(name: "MLLMClients", package: "roentgen")],
        path: "Sources/\(client)",
        swiftSettings: [.unsafeFlags(["-parse-as-library"])])
    }
    + weights.map { format in
      .executableTarget(
        name: "Fuzz\(format)",
        dependencies: [.product(name: "NeuralCore", package: "roentgen")],
        path: "Sources/\(format)",
        swiftSettings: [.unsafeFlags(["-parse-as-library"])])
    },
  swiftLanguageModes: [.v6]
)

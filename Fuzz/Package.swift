// swift-tools-version: 6.2

import PackageDescription

/// One libFuzzer executable a reader. Linux:
///
///     swift build --package-path Fuzz --sanitize=fuzzer -c release
///     Fuzz/.build/release/FuzzNIfTI -max_total_time=600 corpus/nifti
///
/// Each folder of `Sources` is a target; add a folder with one file to add a reader.
let readers = [
  "DICOM",
  "NIfTI", "NRRD", "MetaImage", "MGH", "PNG", "JPEG", "TIFF", "HDF5", "NumPy", "Zip", "Manifests",
  "Reports",
]

let clients = ["Replies", "Pictures"]

let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "roentgen", path: "..")],
  targets: (readers + clients).map { reader in
    .executableTarget(
      name: "Fuzz\(reader)",
      dependencies: [
        .product(
          name: clients.contains(reader) ? "MLLMClients" : "VolumeIO", package: "roentgen")
      ],
      path: "Sources/\(reader)",
      swiftSettings: [.unsafeFlags(["-parse-as-library"])])
  },
  swiftLanguageModes: [.v6]
)

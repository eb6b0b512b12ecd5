// swift-tools-version: 6.2
import PackageDescription

// The kernel sources are compiled once per vector width (Sources/KernelsAVX2 and KernelsAVX512 are links to
// KernelsPortable); which build runs is decided when the program starts. On arm64 NEON is always there, so the
// portable build is the only one.
#if arch(x86_64)
  let wideKernels: [Target] = [
    .target(
      name: "KernelsAVX2", dependencies: ["CProcessor", "KernelArguments"],
      swiftSettings: [.define("KERNELS_AVX2"), .unsafeFlags(["-Xcc", "-mavx2", "-Xcc", "-mfma"])]),
    .target(
      name: "KernelsAVX512", dependencies: ["CProcessor", "KernelArguments"],
      swiftSettings: [.define("KERNELS_AVX512"), .unsafeFlags(["-Xcc", "-march=skylake-avx512"])]),
  ]
#else
  let wideKernels: [Target] = []
#endif

let package = Package(
  name: "Translate",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Translate", targets: ["Translate"]),
    .executable(name: "translate-cli", targets: ["translate-cli"]),
  ],
  targets: [
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .target(name: "CProcessor"),
    .target(name: "KernelArguments"),
    .target(name: "KernelsPortable", dependencies: ["CProcessor", "KernelArguments"]),
    .target(
      name: "NeuralNet",
      dependencies: ["COpenBLAS", "CProcessor", "KernelArguments", "KernelsPortable"]
        + wideKernels.map { .target(name: $0.name) }),
    .target(name: "UNet", dependencies: ["NeuralNet"]),
    .target(name: "ResNet", dependencies: ["NeuralNet"]),
    .target(name: "PatchDisc", dependencies: ["NeuralNet"]),
    .target(name: "Translate", dependencies: ["CPNG", "NeuralNet", "UNet", "ResNet", "PatchDisc"]),
    .target(name: "CLastResort"),
    .executableTarget(name: "translate-cli", dependencies: ["CLastResort", "Translate"]),
    .target(name: "CAllocations"),
    .executableTarget(
      name: "translate-bench", dependencies: ["CAllocations", "Translate"]),
    .target(name: "TestSupport", dependencies: ["NeuralNet"], path: "Tests/TestSupport"),
    .testTarget(name: "NeuralNetTests", dependencies: ["NeuralNet", "TestSupport", "UNet", "ResNet", "PatchDisc"]),
    .testTarget(name: "TranslateTests", dependencies: ["Translate", "TestSupport"]),
    .testTarget(name: "CommandLineTests", dependencies: ["translate-cli", "Translate", "TestSupport"]),
  ] + wideKernels,
  swiftLanguageModes: [.v6]
)

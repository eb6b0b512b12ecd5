// swift-tools-version: 6.2
import PackageDescription

// Loops over pixels and numbers take a thousand times as long unoptimised, and a package's user builds it for debugging
// along with his own code: so what holds such loops is optimised there too. Whole modules at once, because nothing is
// inlined across files otherwise; then SwiftPM's batch mode must go, and two threads make the file for each source that it
// expects.
let optimized: [SwiftSetting] = [
  .unsafeFlags(["-O", "-wmo", "-num-threads", "2", "-disable-batch-mode"], .when(configuration: .debug))
]

// The kernel sources are compiled once per vector width (Sources/KernelsAVX2 and the other Kernels… are links to
// KernelsPortable); which build runs is decided when the program starts. On arm64 NEON is always there, so the
// portable build is the only one.
#if arch(x86_64)
  let wideKernels: [Target] = [
    .target(
      name: "KernelsAVX2", dependencies: ["CProcessor", "KernelArguments"],
      swiftSettings: [.define("KERNELS_AVX2"), .unsafeFlags(["-Xcc", "-mavx2", "-Xcc", "-mfma"])] + optimized),
    .target(
      name: "KernelsAVX512", dependencies: ["CProcessor", "KernelArguments"],
      swiftSettings: [.define("KERNELS_AVX512"), .unsafeFlags(["-Xcc", "-march=skylake-avx512"])] + optimized),
    // The products that have instructions of their own in later processors: links to files.
    .target(
      name: "KernelsAVX2VNNI", dependencies: ["CProcessor", "KernelArguments"],
      swiftSettings: [
        .define("KERNELS_AVX2"), .define("KERNELS_AVX2_VNNI"),
        .unsafeFlags(["-Xcc", "-mavx2", "-Xcc", "-mfma", "-Xcc", "-mavxvnni"]),
      ] + optimized),
    .target(
      name: "KernelsAVX512VNNI", dependencies: ["CProcessor", "KernelArguments"],
      swiftSettings: [.define("KERNELS_AVX512"), .unsafeFlags(["-Xcc", "-march=cascadelake"])] + optimized),
    .target(
      name: "KernelsAVX512Dots", dependencies: ["CProcessor", "KernelArguments"],
      swiftSettings: [.define("KERNELS_AVX512"), .unsafeFlags(["-Xcc", "-march=cooperlake"])] + optimized),
  ]
#else
  let wideKernels: [Target] = []
#endif

// What the system's MPI is called for pkg-config: Debian and its kin have one name for whichever is installed, others
// have to be told (`ompi-c` of Open MPI, `mpich`).
#if os(macOS)
  let usualMPI = "ompi-c"
#else
  let usualMPI = "mpi-c"
#endif

let package = Package(
  name: "Translate",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Translate", targets: ["Translate", "Training", "DemoData"]),
    .executable(name: "translate-cli", targets: ["translate-cli"]),
  ],
  traits: [
    .trait(name: "MPI", description: "training by several processes, on one machine or many; needs the system's MPI")
  ],
  targets: [
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(
      name: "CMPI", pkgConfig: Context.environment["MPI_PKG_CONFIG"] ?? usualMPI,
      providers: [.apt(["libopenmpi-dev"]), .brew(["open-mpi"])]),
    .target(name: "CProcessor"),
    .target(name: "KernelArguments", swiftSettings: optimized),
    .target(
      name: "KernelsPortable", dependencies: ["CProcessor", "KernelArguments"], swiftSettings: optimized),
    .target(name: "Files", swiftSettings: optimized),
    .target(name: "Parallel", dependencies: ["Files", "CProcessor"], swiftSettings: optimized),
    .target(
      name: "NeuralNet",
      dependencies: ["Files", "Parallel", "COpenBLAS", "CProcessor", "KernelArguments", "KernelsPortable"]
        + wideKernels.map { .target(name: $0.name) }, swiftSettings: optimized),
    .target(name: "UNet", dependencies: ["NeuralNet"]),
    .target(name: "ResNet", dependencies: ["NeuralNet"]),
    .target(name: "SuperResolution", dependencies: ["NeuralNet"]),
    .target(name: "PatchDisc", dependencies: ["NeuralNet"]),
    .target(name: "DCGAN", dependencies: ["NeuralNet"]),
    .target(name: "Images", dependencies: ["CPNG", "Files", "Parallel"], swiftSettings: optimized),
    .target(name: "Pages", dependencies: ["Files"]),
    .target(
      name: "Weights", dependencies: ["Files", "NeuralNet", "UNet", "ResNet", "SuperResolution", "PatchDisc", "DCGAN"],
      swiftSettings: optimized),
    .target(
      name: "Translate", dependencies: ["Files", "Parallel", "NeuralNet", "Images", "Pages", "Weights"],
      swiftSettings: optimized),
    .target(
      name: "Training",
      dependencies: [
        "Files", "Parallel", "NeuralNet", "UNet", "ResNet", "SuperResolution", "PatchDisc", "DCGAN", "Images", "Pages",
        "Weights", "Translate",
      ],
      swiftSettings: optimized),
    .target(
      name: "Cluster",
      dependencies: ["Files", "Parallel", "Translate", .target(name: "CMPI", condition: .when(traits: ["MPI"]))]),
    .target(name: "DemoData", dependencies: ["Files", "NeuralNet", "Images"], swiftSettings: optimized),
    .target(name: "CLastResort"),
    .executableTarget(
      name: "translate-cli", dependencies: ["CLastResort", "Translate", "Training", "Cluster", "DemoData"]),
    .target(name: "CAllocations"),
    .executableTarget(name: "translate-bench", dependencies: ["CAllocations", "Files", "Translate", "Training"]),
    .target(
      name: "TestSupport", dependencies: ["Files", "Parallel", "Images", "NeuralNet", "Weights"],
      path: "Tests/TestSupport"),
    .testTarget(name: "FilesTests", dependencies: ["Files", "NeuralNet", "TestSupport"]),
    .testTarget(name: "ParallelTests", dependencies: ["Parallel", "TestSupport"]),
    .testTarget(
      name: "NeuralNetTests",
      dependencies: ["NeuralNet", "UNet", "ResNet", "SuperResolution", "PatchDisc", "DCGAN", "TestSupport"]),
    .testTarget(name: "ImagesTests", dependencies: ["Images", "Training", "TestSupport"]),
    .testTarget(name: "WeightsTests", dependencies: ["Weights", "Training", "TestSupport"]),
    .testTarget(name: "TranslateTests", dependencies: ["Translate", "Training", "DemoData", "TestSupport"]),
    .testTarget(name: "TrainingTests", dependencies: ["Training", "DemoData", "TestSupport"]),
    .testTarget(name: "DemoDataTests", dependencies: ["DemoData", "Training", "TestSupport"]),
    .testTarget(
      name: "CommandLineTests", dependencies: ["translate-cli", "Training", "DemoData", "TestSupport"]),
  ] + wideKernels,
  swiftLanguageModes: [.v6]
)

@testable import translate_cli
import Testing
@testable import NeuralNet
@testable import Training

struct TrainingOptionsTests {
  private func paired(_ line: String) throws -> TrainingConfiguration {
    try parse(TrainCommand(.paired), ["d", "--out", "r"] + line.split(separator: " ").map(String.init)).configuration
  }

  private func unpaired(_ line: String) throws -> TrainingConfiguration {
    try parse(TrainCommand(.unpaired), ["d", "--out", "r"] + line.split(separator: " ").map(String.init)).configuration
  }

  @Test func withoutOptionsThePublishedSettingsHold() throws {
    #expect(try paired("") == .paired)
    #expect(try unpaired("") == .unpaired)
  }

  @Test func everyOptionReachesItsSetting() throws {
    var expected = TrainingConfiguration.paired
    expected.epochs = 7
    expected.decayEpochs = 8
    expected.steps = 99
    expected.batchSize = 2
    expected.direction = .bToA
    expected.preprocess = .scaleWidthAndCrop
    expected.loadSize = 150
    expected.cropSize = 128
    expected.flip = false
    expected.maxDatasetSize = 70
    expected.augmentation.quarterTurns = true
    expected.augmentation.rotation = 12.5
    expected.augmentation.scaleJitter = 0.2
    (expected.augmentation.brightness, expected.augmentation.contrast, expected.augmentation.hue) = (0.1, 0.3, 0.05)
    expected.augmentation.jitterSide = .input
    expected.augmentation.cutout = 0.25
    expected.serial = true
    expected.recursive = true
    expected.maxPixels = 1000
    expected.skipDamaged = true
    expected.inputChannels = 1
    expected.outputChannels = 3
    expected.generator = .resnet(blocks: 6)
    expected.ngf = 32
    expected.norm = .instance
    expected.dropout = false
    expected.upsample = .resizeConvolution
    expected.discriminator = .layered
    expected.discriminatorLayers = 4
    expected.ndf = 16
    expected.discriminatorNorm = NormalizationKind.none
    expected.initialization = .kaiming
    expected.initGain = 0.1
    expected.initFrom = "old run"
    expected.ganMode = .wgangp
    expected.lambdaL1 = 50
    expected.learningRate = 0.001
    expected.beta1 = 0.9
    expected.learningRatePolicy = .step
    expected.learningRateStep = 20
    expected.seed = 42
    expected.threads = 3
    expected.saveEvery = 11
    expected.sampleEvery = 12
    expected.stopWhenDead = true
    let line =
      "--epochs 7 --decay-epochs 8 --steps 99 --batch-size 2 --direction BtoA --preprocess scale-width-and-crop "
      + "--load-size 150 --crop-size 128 --no-flip --max-dataset-size 70 --quarter-turns --rotate 12.5 "
      + "--scale-jitter 0.2 --brightness 0.1 --contrast 0.3 --hue 0.05 --jitter-side input --cutout 0.25 --serial --recursive --max-pixels 1000 --skip-damaged --input-channels 1 "
      + "--output-channels 3 --generator resnet_6blocks --ngf 32 --norm instance --no-dropout --upsample resize-conv "
      + "--discriminator n_layers --discriminator-layers 4 --ndf 16 --discriminator-norm none --init kaiming "
      + "--init-gain 0.1 --gan-mode wgangp --lambda-l1 50 --learning-rate 0.001 --beta1 0.9 --lr-policy step "
      + "--lr-decay-iters 20 --seed 42 --threads 3 --save-every 11 --sample-every 12 --stop-when-dead"
    let arguments = line.split(separator: " ").map(String.init) + ["--init-from", "old run"]
    #expect(try parse(TrainCommand(.paired), ["d", "--out", "r"] + arguments).configuration == expected)
    let settings = try unpaired(
      "--lambda-a 1 --lambda-b 2 --lambda-identity 0 --pool-size 0 --generator unet_256 --norm batch --dropout")
    #expect(settings.lambdaA == 1 && settings.lambdaB == 2 && settings.lambdaIdentity == 0 && settings.poolSize == 0)
    #expect(settings.generator == .unet(levels: 8) && settings.norm == .batch && settings.dropout)
  }

  @Test(arguments: [
    (
      "--generator unet_257",
      "--generator cannot be unet_257; it is one of unet_1024, unet_512, unet_256, unet_128, unet_64, unet_32, resnet_9blocks, resnet_6blocks; did you mean unet_256?"
    ),
    (
      "--gan-mode wgan-gp",
      "--gan-mode cannot be wgan-gp; it is one of vanilla, minimax, lsgan, hinge, wgan, wgangp; did you mean wgangp?"
    ),
    (
      "--gan-mode wgangp",
      "--gan-mode wgangp needs a discriminator without normalisation, since its penalty is on single images; add --discriminator-norm none (or --norm none for both networks)"
    ),
    (
      "--crop-size 16",
      "--crop-size 16 is too small for a discriminator with 3 stride-2 layers; give at least 24, or fewer layers with --discriminator n_layers"
    ),
    (
      "--input-channels 5",
      "--input-channels is 5; give 1 (grey) or 2 (grey and opacity) or 3 (RGB) or 4 (RGB and opacity)"
    ),
    ("--epochs 0 --decay-epochs 0", "--epochs and --decay-epochs are both 0, which trains nothing; raise one of them"),
    ("--discriminator-layers 2", "--discriminator-layers has no effect without --discriminator n_layers"),
    ("--lr-decay-iters 2", "--lr-decay-iters has no effect without --lr-policy step"),
    ("--sync-batch-norm", "--sync-batch-norm has no effect without several ranks, which mpirun starts"),
    (
      "--norm none --sync-batch-norm",
      "--sync-batch-norm has no effect without --norm batch or --discriminator-norm batch"
    ),
    ("--precision int8", "--precision is int8, which has too few digits for gradients; give bf16 or f32"),
    ("--threads 0", "--threads is 0; give 1 to 1024"),
    ("--learning-rate fast", "--learning-rate needs a number, not fast"),
    ("--learning-rate nan", "--learning-rate needs a number, not nan"),
    ("--learning-rate 0", "--learning-rate is 0.0; give a number above 0, at most 100"),
    ("--direction atob", "--direction cannot be atob; it is one of AtoB, BtoA; did you mean AtoB?"),
    ("--lambda-L1 10", "there is no option --lambda-L1; did you mean --lambda-l1?"),
    ("--pool-sise 3", "there is no option --pool-sise"),
    (
      "--quarter-turns --preprocess none",
      "--quarter-turns needs square crops, which --preprocess none has not; choose another --preprocess, such as "
        + "resize-and-crop"
    ),
    ("--jitter-side input", "--jitter-side has no effect without --brightness, --contrast or --hue; add one of them"),
    ("--rotate 200", "--rotate is 200.0; give a number from 0 to 180"),
  ])
  func wrongSettingsOfPairedTraining(line: String, expected: String) {
    let error = #expect(throws: UsageError.self) { try paired(line) }
    #expect(error?.description == expected)
  }

  @Test func identityNeedsEqualChannels() throws {
    let error = #expect(throws: UsageError.self) { try unpaired("--input-channels 1") }
    #expect(
      error?.description
        == "--lambda-identity 0.5 needs as many input as output channels, not 1 and 3; add --lambda-identity 0")
    #expect(try unpaired("--input-channels 1 --lambda-identity 0").inputChannels == 1)
  }
}

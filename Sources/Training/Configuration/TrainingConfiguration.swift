import Images
import NeuralNet
import Weights

/// Every setting of a training run, with the defaults of the public pix2pix/CycleGAN code.
///
/// Start from `.paired` or `.unpaired`, change what should differ, and call `validate()`.
public struct TrainingConfiguration: Sendable, Equatable {
  /// What learns, and from what.
  public var algorithm: TrainingAlgorithm
  /// What only some algorithms have.
  var algorithmSettings = AlgorithmSettingsTable()

  // MARK: Length

  /// Epochs at the full learning rate.
  public var epochs = 100
  /// Epochs over which the linear policy brings the rate down afterwards.
  public var decayEpochs = 100
  /// Stop after this many optimiser steps, whatever the epochs say; nil for the epochs alone.
  public var steps: Int?

  // MARK: Data

  /// Images in a step.
  public var batchSize = 1
  /// How an image file becomes a training image.
  public var preprocess = Preprocessing.resizeAndCrop
  /// Side (or width) in pixels to which images are resized.
  public var loadSize = 286
  /// Side in pixels of the random crop.
  public var cropSize = 256
  /// Whether half of the images are mirrored left to right.
  public var flip = true
  /// What else changes images by chance; nothing at first.
  public var augmentation = Augmentation()
  /// Train on the first so many images of each side; nil: on all.
  public var maxDatasetSize: Int?
  /// Which of A and B is the input.
  public var direction = Direction.aToB
  /// Whether images are taken in sorted order, without shuffling.
  public var serial = false
  /// Whether sub-folders are read too.
  public var recursive = false
  /// What says which label a picture has.
  public var labels = LabelSource.none
  /// The labels of the data, in the order of their numbers; a run fills them in when it starts.
  package internal(set) var labelNames: [String] = []
  /// Images of more pixels than this are refused.
  public var maxPixels = ImageLimit.default.pixels
  /// Whether pictures that cannot be read are left out instead of stopping the run.
  public var skipDamaged = false
  /// Channels of an input image: 1 (grey) or 3 (RGB), 2 or 4 with opacity.
  public var inputChannels = 3
  /// Channels of an output image, likewise.
  public var outputChannels = 3

  // MARK: Networks

  /// Which network translates.
  public var generator = GeneratorChoice.unet(levels: 8)
  /// Channels after the generator's first convolution.
  public var ngf = 64
  /// Normalisation in the generator, and in the discriminator unless `discriminatorNorm` says otherwise.
  public var norm = NormalizationKind.batch
  /// Whether the generator drops activations while training.
  public var dropout = false
  /// How the generator doubles the resolution.
  public var upsample = UpsamplingKind.transposed
  /// Which discriminator looks at images.
  public var discriminator = DiscriminatorChoice.basic
  /// Stride-2 layers of the `n_layers` discriminator.
  public var discriminatorLayers = 3
  /// Channels after the discriminator's first convolution.
  public var ndf = 64
  /// Normalisation in the discriminator; nil for that of the generator, as in the public code.
  public var discriminatorNorm: NormalizationKind?
  /// Whether batch normalisation has the statistics of the whole batch where several ranks train, instead of those of each
  /// rank's images; no effect in one process.
  public var syncBatchNorm = false
  /// The distribution of initial weights.
  public var initialization = InitializationKind.normal
  /// Its scale.
  public var initGain = 0.02
  /// A model file or run folder whose weights to start from; nil for fresh ones.
  public var initFrom: String?

  // MARK: Losses and optimiser

  /// The adversarial loss.
  public var ganMode = AdversarialLoss.lsgan
  /// Adam's learning rate at the start.
  public var learningRate = 0.0002
  /// Adam's decay of the first moment; that of the second is 0.999.
  public var beta1 = 0.5
  /// How the learning rate changes.
  public var learningRatePolicy = LearningRatePolicy.linear
  /// Epochs between two drops of the `step` policy (`lr_decay_iters` of the public code).
  public var learningRateStep = 50
  /// Decay of the moving average of the generators' weights that samples, figures and handed-out weights are made with; 0
  /// for none.
  public var ema = 0.0

  // MARK: Running

  /// Determines everything that is drawn: weights, order, crops, dropout.
  public var seed: UInt64 = 0
  /// Threads that compute; nil for one a processor core. The result does not depend on it.
  public var threads: Int?
  /// What the products of convolutions are computed with: `float32` or `bfloat16`. Weights, moments, sums and statistics are
  /// single precision all the same.
  public var precision = Precision.float32
  /// Epochs between two checkpoints.
  public var saveEvery = 5
  /// Steps between two sample sheets; the first ones come earlier, at growing distances.
  public var sampleEvery = 400
  /// Whether a run ends, saved, when an alarm leaves no hope for it.
  public var stopWhenDead = false

  // MARK: Weights that are kept

  /// The name of the held-out figure by which weights are the best (`l1`, `psnr`, `ssim`, `cycle`); nil for the first that
  /// the algorithm measures.
  public var bestBy: String?
  /// Stop when the best has not moved for this many measurements; nil for never.
  public var patience: Int?
  /// Epochs between two sets of the generators' weights that are kept; nil for none.
  public var keepEvery: Int?

  /// pix2pix as published: unet_256, batch norm, dropout, vanilla GAN loss, L1 × 100.
  public static let paired = TrainingConfiguration(.paired)
  /// CycleGAN as published: resnet_9blocks, instance norm, lsgan, cycle × 10, identity × 0.5, pool of 50.
  public static let unpaired = TrainingConfiguration(.unpaired)

  /// The published settings of `algorithm`.
  public init(_ algorithm: TrainingAlgorithm) {
    self.algorithm = algorithm
    algorithm.setDefaults(&self)
  }

  /// Sets what adversarial algorithms were published with.
  mutating func setAdversarialDefaults(
    _ generator: GeneratorChoice, _ norm: NormalizationKind, dropout: Bool, _ ganMode: AdversarialLoss
  ) {
    (self.generator, self.norm, self.dropout, self.ganMode) = (generator, norm, dropout, ganMode)
  }
}

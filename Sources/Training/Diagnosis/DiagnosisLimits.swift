import Foundation

extension Diagnosis {
  /// The limits of alarms; docs/diagnosis.md gives the reason for each, and what healthy runs measure.
  enum Limits {
    /// What a new loss counts among the old ones that people are shown: half of it is forgotten after 20 steps.
    static let shownShare = 1 - pow(0.5, 1 / 20.0)
    /// Likewise for what is judged: after 50 steps.
    static let judgedShare = 1 - pow(0.5, 1 / 50.0)
    /// Steps whose mean is the begin: some pairs fall fast in the first hundred and hardly at all for thousands after.
    static let beginSteps = 20
    /// Steps in a row that losses must be on the wrong side.
    static let lossesInARow = 200
    /// Sample steps in a row that pictures must be.
    static let samplesInARow = 3
    /// Before this step no picture and no held-out figure is judged: networks begin flat and alike.
    static let firstJudged = 200

    /// A discriminator's losses as a share of what guessing costs.
    static let wonShare = 0.01
    /// A loss as a multiple of the first one (of 1 where that was smaller).
    static let explosion = 1000.0
    /// The reconstruction loss as a share of what it began with, after at least so many steps.
    static let progress = 0.95
    static let progressSteps = 1000
    /// A held-out figure that is so much lower than the first one is progress, whatever the losses are.
    static let heldOutProgress = 0.97
    /// How much more than the adversarial loss reconstruction must weigh for it to be what falls.
    static let reconstructionLead = 2.0
    /// Differences between translations as a share of those between targets.
    static let variety = 0.1
    /// Contrast of translations as a share of that of targets.
    static let contrast = 0.1
    /// Correlation with the target; with the input where there is none.
    static let inversionOfPairs = -0.3
    static let inversion = -0.7
    /// Power at the period of the upsampling against its neighbours, as a multiple of what targets have.
    static let checkerboard = 20.0
    /// The held-out figure, a mean of so many, as a multiple of its best, while the training loss is such a share of what it
    /// was then.
    static let heldOutWindow = 3
    static let heldOutRise = 1.15
    static let trainingFall = 0.85
  }
}

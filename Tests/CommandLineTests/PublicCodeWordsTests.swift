import Testing
@testable import translate_cli

/// Who comes from the public PyTorch code finds the right word.
@Suite struct PublicCodeWordsTests {
  @Test(arguments: [
    ("--lr", "--lr of the public PyTorch code is called --learning-rate here"),
    ("--netG", "--netG of the public PyTorch code is called --generator here"),
    ("--netD", "--netD of the public PyTorch code is called --discriminator here"),
    ("--niter", "--niter of the public PyTorch code is called --epochs here"),
    ("--niter_decay", "--niter_decay of the public PyTorch code is called --decay-epochs here"),
    ("--n_epochs", "--n_epochs of the public PyTorch code is called --epochs here"),
    ("--n-epochs", "--n-epochs of the public PyTorch code is called --epochs here"),
    ("--nThreads", "--nThreads of the public PyTorch code is called --threads here"),
    (
      "--continue_train",
      "--continue_train is an option of the public PyTorch code: translate-cli resume RUN goes on with a run"
    ),
    (
      "--gpu_ids",
      "--gpu_ids is an option of the public PyTorch code: leave it out, everything runs on CPUs; --threads says on how "
        + "many cores"
    ),
    (
      "--dataroot",
      "--dataroot is an option of the public PyTorch code: DATA stands without a name, as in train paired DATA --out RUN"
    ),
    (
      "--name",
      "--name is an option of the public PyTorch code: --out names the folder of the run, and apply takes that folder as "
        + "MODEL"
    ),
    (
      "--model",
      "--model is an option of the public PyTorch code: the word behind train says it, train paired for pix2pix and train "
        + "unpaired for CycleGAN"
    ),
    ("--batchSize", "there is no option --batchSize; did you mean --batch-size?"),
    ("--loadSize", "there is no option --loadSize; did you mean --load-size?"),
    ("--no_flip", "there is no option --no_flip; did you mean --no-flip?"),
    ("--gan_mode", "there is no option --gan_mode; did you mean --gan-mode?"),
    ("--lambda_L1", "there is no option --lambda_L1; did you mean --lambda-l1?"),
    ("--lr_decay_iters", "there is no option --lr_decay_iters; did you mean --lr-decay-iters?"),
  ])
  func theRightWordIsSaid(option: String, expected: String) {
    for written in [[option, "4"], [option + "=4"]] {
      let outcome = runInProcess(["train", "paired", "data", "--out", "run"] + written)
      #expect(outcome.status == .usage)
      #expect(outcome.error == "translate-cli train paired: \(expected) (translate-cli train paired --help)\n")
    }
  }

  /// What is named as a replacement is an option, and nothing that is one is replaced.
  @Test func theTableFitsTheOptions() {
    let names = Set(CompletionTable(CommandTable.commands).entries.flatMap(\.options).flatMap(\.spellings))
    for (options, replacement) in PublicCodeWords.all {
      for option in options {
        #expect(PublicCodeWords.replacement(of: "--" + option) == replacement, "\(option) stands there twice")
      }
      let words: String
      switch replacement {
      case .option(let name): words = "--" + name
      case .words(let text): words = text
      }
      for match in words.matches(of: /--[a-z0-9-]+/) {
        #expect(names.contains(String(match.output)), "\(options[0]) is said to be \(match.output)")
      }
    }
    for name in names { #expect(PublicCodeWords.replacement(of: name) == nil, "\(name)") }
  }
}

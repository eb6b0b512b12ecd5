/// The options of the public pix2pix/CycleGAN code, of today and of earlier years, that are called otherwise here: whoever
/// comes from there is told the right word. Those that differ in `_` or in the case of letters alone are found anyway.
///
/// Source: `options/*.py` and `models/*_model.py` of junyanz/pytorch-CycleGAN-and-pix2pix.
enum PublicCodeWords {
  /// What stands in an option's place.
  enum Replacement: Equatable, Sendable {
    /// An option of the same meaning.
    case option(String)
    /// Something else, in words that may follow a colon.
    case words(String)
  }

  /// What stands in the place of `option`, which is written with its hyphens; nil where the public code has no such
  /// option, or it is called the same.
  static func replacement(of option: String) -> Replacement? { table[key(option)] }

  /// What to tell of `option`.
  static func sentence(_ option: String, _ replacement: Replacement) -> String {
    switch replacement {
    case .option(let name): "\(option) of the public PyTorch code is called --\(name) here"
    case .words(let words): "\(option) is an option of the public PyTorch code: \(words)"
    }
  }

  /// The public code writes `--n_epochs` and `--batchSize`; hands write `--n-epochs` and `--batch_Size`.
  private static func key(_ option: String) -> String {
    String(option.lowercased().filter { $0 != "-" && $0 != "_" })
  }

  /// Every option, as the public code writes it, with what to use instead.
  static let all: [(options: [String], replacement: Replacement)] = [
    (["dataroot"], .words("DATA stands without a name, as in train paired DATA --out RUN")),
    (["name", "checkpoints_dir"], .words("--out names the folder of the run, and apply takes that folder as MODEL")),
    (
      ["model", "dataset_mode"],
      .words("the word behind train says it, train paired for pix2pix and train unpaired for CycleGAN")
    ),
    (["align_data"], .words("train paired learns from pairs, side by side in one file or in two folders")),
    (["gpu_ids"], .words("leave it out, everything runs on CPUs; --threads says on how many cores")),
    (
      ["phase"], .words("train finds DATA/train and the held-out part by itself; apply takes a folder of PNGs as INPUT")
    ),
    (["isTrain"], .words("train and apply are two commands")),
    (["continue_train"], .words("translate-cli resume RUN goes on with a run")),
    (["epoch_count"], .words("translate-cli resume RUN counts on by itself")),
    (
      ["epoch", "which_epoch", "load_iter"],
      .words("a run folder as MODEL means its latest weights; epochs to train are --epochs")
    ),
    (["niter", "n_epochs"], .option("epochs")),
    (["niter_decay", "n_epochs_decay"], .option("decay-epochs")),
    (["lr"], .option("learning-rate")),
    (["input_nc"], .option("input-channels")),
    (["output_nc"], .option("output-channels")),
    (["netG", "which_model_netG"], .option("generator")),
    (["netD", "which_model_netD"], .option("discriminator")),
    (["n_layers_D"], .option("discriminator-layers")),
    (["init_type"], .option("init")),
    (["identity"], .option("lambda-identity")),
    (["no_lsgan"], .words("--gan-mode vanilla")),
    (["use_lsgan"], .words("--gan-mode lsgan")),
    (["which_direction"], .option("direction")),
    (["serial_batches"], .option("serial")),
    (["num_threads", "nThreads"], .option("threads")),
    (["fineSize"], .option("crop-size")),
    (["resize_or_crop"], .option("preprocess")),
    (["save_epoch_freq"], .option("save-every")),
    (
      ["save_latest_freq", "save_by_iter"], .words("--save-every EPOCHS, and a run saves once in a few minutes anyway")
    ),
    (["display_freq", "update_html_freq"], .option("sample-every")),
    (["print_freq"], .words("leave it out, losses.csv has a row for every step")),
    (
      [
        "no_html", "display_winsize", "display_ncols", "display_id", "display_server", "display_env", "display_port",
        "use_wandb", "wandb_project_name",
      ], .words("leave it out, RUN/index.html shows curves and samples and needs no server")
    ),
    (["verbose"], .words("leave it out, inspect lists the layers of a network")),
    (
      ["suffix", "model_suffix"],
      .words("leave it out, MODEL is a run folder or a file, and --direction chooses a generator")
    ),
    (["results_dir"], .option("out")),
    (["aspect_ratio"], .words("leave it out, translations have the size of their inputs")),
    (
      ["eval"], .words("--norm-statistics running for the statistics of training; dropout is off unless --dropout asks")
    ),
    (
      ["num_test", "how_many", "ntest"], .words("leave it out, apply translates all of INPUT; --shard I/N takes a part")
    ),
  ]

  private static let table = Dictionary(
    all.flatMap { entry in entry.options.map { (key($0), entry.replacement) } }, uniquingKeysWith: { first, _ in first }
  )
}

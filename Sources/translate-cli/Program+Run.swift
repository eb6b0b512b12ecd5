import CLastResort
import Files
import Training
import Translate

extension Program {
  /// Does what `arguments` (without the program's own name) say.
  static func run(_ arguments: [String], on console: Console) -> ExitCode {
    var console = console
    console.commandLine = [name] + arguments
    do {
      if try printHelp(arguments, console) { return .success }
      let (command, rest) = try CommandTable.find(arguments)
      return try run(command, Array(rest), console)
    } catch let error as UsageError {
      console.error("\(name): \(error) (\(name) --help)")
    } catch {
      console.error("\(name): \(error)")
      return .failure
    }
    return .usage
  }

  private static func run<C: Command>(_ defaults: C, _ arguments: [String], _ console: Console) throws -> ExitCode {
    func refuse(_ reason: any Error) -> ExitCode {
      console.error("\(name) \(defaults.name): \(reason) (\(name) \(defaults.name) --help)")
      return .usage
    }
    let command: C
    do {
      command = try parse(defaults, arguments, owners: CommandTable.names(having:))
    } catch {
      return refuse(error)
    }
    last_resort_say("\(name) \(defaults.name)", defaults.memoryAdvice)
    do {
      return try command.run(on: console)
    } catch let error as ConfigurationError {
      return refuse(UsageError.impossible(error))
    } catch let error as FileError {
      console.error("\(name) \(defaults.name): \(error.words)")
      return .failure
    } catch {
      console.error("\(name) \(defaults.name): \(error)")
      return .failure
    }
  }

  /// Prints help or the version where `arguments` ask for it; `help COMMAND` is `COMMAND --help`.
  private static func printHelp(_ arguments: [String], _ console: Console) throws -> Bool {
    var arguments = arguments
    if arguments.first == helpWord { arguments = arguments.dropFirst() + ["--help"] }
    if arguments == ["--version"] {
      try console.output("\(name) \(version)\n\(PackageVersion.kernels)\n")
      return true
    }
    guard arguments.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) else {
      return false
    }
    if arguments[0] == "--help" || arguments[0] == "-h" {
      try console.output(HelpText.overview(of: CommandTable.commands))
    } else if arguments.count == 2, case let family = CommandTable.family(of: arguments[0]), !family.isEmpty {
      try console.output(HelpText.overview(of: family))
    } else {
      try console.output(HelpText.text(of: CommandTable.find(arguments).command))
    }
    return true
  }
}

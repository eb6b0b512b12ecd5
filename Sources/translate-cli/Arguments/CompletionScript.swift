/// A shell that can complete words of a command line.
enum Shell: String, CaseIterable, Sendable {
  case bash, zsh, fish
}

extension CompletionTable {
  /// What `shell` is to read, so that it completes commands, options and their values.
  func script(for shell: Shell) -> String {
    switch shell {
    case .bash: bash
    case .zsh: zsh
    case .fish: fish
    }
  }

  private static let function = "_" + Program.name.replacing("-", with: "_")

  /// `text` as one word for any of the shells.
  private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }

  // MARK: - bash

  private var bash: String {
    let families = families
    return """
      # Completion for \(Program.name) in bash: source <(\(Program.name) completions bash)
      \(Self.function)() {
        local word="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD - 1]}" begin=1 command
        COMPREPLY=()
        [[ ${COMP_WORDS[1]} == \(Program.helpWord) ]] && begin=2
        if ((COMP_CWORD == begin)); then
          \(Self.bashReply(firstWords.map(\.word) + ["--help", "--version"]))
          return
        fi
        command="${COMP_WORDS[begin]}"
        case "$command" in
      \(families.map { family in
        """
            \(family))
              if ((COMP_CWORD == begin + 1)); then
                \(Self.bashReply(secondWords(of: family).map(\.word)))
                return
              fi
              command="$command ${COMP_WORDS[begin + 1]}"
              ;;
        """
        }.joined(separator: "\n"))
        esac
        case "$command" in
      \(entries.map(Self.bashCase).joined(separator: "\n"))
        esac
      }
      complete -o default -F \(Self.function) \(Program.name)

      """
  }

  private static func bashReply(_ words: [String]) -> String {
    "COMPREPLY=($(compgen -W \(quoted(words.joined(separator: " "))) -- \"$word\"))"
  }

  private static func bashCase(_ entry: Entry) -> String {
    func spellings(_ options: [Option]) -> String { options.flatMap(\.spellings).joined(separator: "|") }
    var lines = ["    \(quoted(entry.name)))", "      case \"$previous\" in"]
    for option in entry.options {
      guard case .choices(let words) = option.value else { continue }
      lines.append("        \(spellings([option]))) \(bashReply(words)); return ;;")
    }
    let paths = entry.options.filter { $0.value == .path }
    // Nothing to reply: bash itself completes paths then.
    if !paths.isEmpty { lines.append("        \(spellings(paths))) return ;;") }
    let others = entry.options.filter { $0.value == .other }
    if !others.isEmpty { lines.append("        \(spellings(others))) compopt +o default; return ;;") }
    lines += ["      esac", "      if [[ $word == -* ]]; then"]
    lines.append("        " + bashReply(entry.options.flatMap(\.spellings)))
    let operands = entry.operands.flatMap { operand -> [String] in
      if case .choices(let words) = operand.value { words } else { [] }
    }
    if !operands.isEmpty { lines += ["      else", "        " + bashReply(operands)] }
    return (lines + ["      fi", "      ;;"]).joined(separator: "\n")
  }

  // MARK: - zsh

  private var zsh: String {
    """
    #compdef \(Program.name)
    # Completion for \(Program.name) in zsh: source <(\(Program.name) completions zsh), behind compinit
    \(Self.function)() {
      local command
      local -a choices
      [[ $words[2] == \(Program.helpWord) ]] && { shift words; ((CURRENT--)) }
      if ((CURRENT == 2)); then
        \(Self.zshDescription(firstWords))
        return
      fi
      command=$words[2]
      case $command in
    \(families.map { family in
      """
          \(family))
            if ((CURRENT == 3)); then
              \(Self.zshDescription(secondWords(of: family)))
              return
            fi
            command="$command $words[3]"
            shift words
            ((CURRENT--))
            ;;
      """
      }.joined(separator: "\n"))
      esac
      shift words
      ((CURRENT--))
      case $command in
    \(entries.map(Self.zshCase).joined(separator: "\n"))
      esac
    }
    compdef \(Self.function) \(Program.name)

    """
  }

  private static func zshDescription(_ words: [(word: String, summary: String)]) -> String {
    "choices=(" + words.map { quoted("\($0.word):\($0.summary)") }.joined(separator: " ") + "); _describe word choices"
  }

  private static func zshCase(_ entry: Entry) -> String {
    func action(_ value: Value) -> String {
      switch value {
      case .choices(let words): "(\(words.joined(separator: " ")))"
      case .path: "_files"
      case .none, .other: " "
      }
    }
    /// Brackets, colons and backslashes have a meaning there.
    func plain(_ text: String) -> String { text.replacing(/[\[\]:\\]/) { "\\" + $0.output } }
    let options = entry.options.flatMap { option in
      option.spellings.map { spelling in
        quoted(
          "\(spelling)[\(plain(option.help))]"
            + (option.value == .none ? "" : ":\(plain(option.placeholder)):\(action(option.value))"))
      }
    }
    let operands = entry.operands.enumerated().map { index, operand in
      quoted("\(index + 1):\(plain(operand.name)):\(action(operand.value))")
    }
    return "    \(quoted(entry.name)))\n      _arguments \\\n        "
      + (options + operands).joined(separator: " \\\n        ") + "\n      ;;"
  }

  // MARK: - fish

  private var fish: String {
    let function = "_" + Self.function
    var lines = [
      "# Completion for \(Program.name) in fish: \(Program.name) completions fish | source",
      "function \(function)_is", "  set -l words (commandline -opc)", "  set -e words[1]", "  for word in $argv",
      "    test \"$words[1]\" = \"$word\"; or return 1", "    set -e words[1]", "  end", "end",
      "function \(function)_is_just", "  test (count (commandline -opc)) -eq (math 1 + (count $argv))",
      "  and \(function)_is $argv", "end",
    ]
    func words(_ before: [String], _ words: [(word: String, summary: String)]) {
      let condition = Self.quoted(([function + "_is_just"] + before).joined(separator: " "))
      lines += words.map {
        "complete -c \(Program.name) -n \(condition) -f -a \(Self.quoted($0.word)) -d \(Self.quoted($0.summary))"
      }
    }
    words([], firstWords)
    words([Program.helpWord], firstWords.filter { $0.word != Program.helpWord })
    for family in families { words([family], secondWords(of: family)) }
    for entry in entries {
      let begin =
        "complete -c \(Program.name) -n " + Self.quoted(([function + "_is"] + entry.words).joined(separator: " "))
      for option in entry.options {
        let value =
          switch option.value {
          case .none: ""
          case .choices(let words): " -x -a " + Self.quoted(words.joined(separator: " "))
          case .path: " -r"
          case .other: " -x"
          }
        lines += option.spellings.map { begin + " -l \($0.dropFirst(2))\(value) -d \(Self.quoted(option.help))" }
      }
      for case .choices(let words) in entry.operands.map(\.value) {
        lines.append(begin + " -f -a " + Self.quoted(words.joined(separator: " ")))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

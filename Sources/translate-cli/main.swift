import Foundation

Console.outliveClosedPipes()
exit(Program.run(Array(CommandLine.arguments.dropFirst()), on: Console.standard).rawValue)

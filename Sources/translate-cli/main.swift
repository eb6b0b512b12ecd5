import Foundation

Console.outliveClosedPipes()
Console.outliveFileLimits()
exit(Program.run(Array(CommandLine.arguments.dropFirst()), on: Console.standard).rawValue)

import Cluster
import Foundation

Console.outliveClosedPipes()
Console.outliveFileLimits()
let status = Program.run(Array(CommandLine.arguments.dropFirst()), on: Console.standard).rawValue
Cluster.leave(status: status)
exit(status)

import ArgumentParser
import VolumeIO

struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Tell what a file, a series or a folder is.")

  @Argument(help: "A file, a folder or an archive.")
  var path: String

  func run() async throws {}
}

import ArgumentParser

@main
struct Roentgen: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roentgen",
    abstract: "How well does a multimodal language model read medical images?",
    discussion: """
      Decodes scans, windows them into the pictures a reader would look at, trains networks, asks
      language models, and scores all of them with the same code.

      START HERE
        roentgen study ich             run study 1 on generated head phantoms, no key needed
        roentgen inspect SCAN          what is this file or series?
        roentgen window SCAN -o DIR    pictures of its slices
        roentgen deidentify IN OUT     remove what identifies patients
        roentgen ask SCAN --model …    ask a model about a scan
        roentgen train CONFIG.json     train a network on labelled pictures, in folds
        roentgen embed PICTURES -o F   features of pictures as a NumPy array
      """,
    version: "0.1.0",
    subcommands: [
      StudyCommand.self, InspectCommand.self, WindowCommand.self, DeidentifyCommand.self,
      AskCommand.self, TrainCommand.self, EmbedCommand.self, JournalCommand.self,
      CheckTableCommand.self, GalleryCommand.self,
    ])
}

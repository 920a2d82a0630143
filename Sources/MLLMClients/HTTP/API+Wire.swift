// The format behind an interface's name, for reading journals.

extension API {
  /// The format that decodes replies of this interface, or nil for one not known.
  var wire: (any Wire)? {
    switch self {
    case .openAIChat: ChatWire(dialect: OpenAICompatible.Dialect())
    case .openAIResponses: ResponsesWire()
    case .anthropicMessages: MessagesWire(takesSampling: false)
    case .gemini: GeminiWire(resolutionPerPart: true)
    case .inProcess: InProcessWire()
    default: nil
    }
  }
}

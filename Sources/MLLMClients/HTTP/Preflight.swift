// What can be refused before anything is sent.

struct Preflight {
  let model: ModelProfile
  let options: ClientOptions

  func check(_ prompt: Prompt, warnings: inout [Warning]) throws(ClientError) {
    let images = prompt.images
    if !images.isEmpty, !model.vision {
      throw ClientError(.unsupported, "\(model.name) takes no pictures, \(images.count) given")
    }
    for (index, image) in images.enumerated() {
      try checkBurnedIn(image, index: index, warnings: &warnings)
      if image.remote == nil { try checkFile(image, index: index, of: images.count) }
    }
    guard options.checksLimits else { return }
    if let most = model.limits.images, images.count > most {
      throw ClientError(.limit, "\(images.count) pictures, \(model.name) takes at most \(most)")
    }
    if let context = model.context {
      let tokens = Estimate.inputTokens(of: prompt, model: model)
      if tokens > context {
        throw ClientError(
          .limit, "about \(tokens) tokens, the context of \(model.name) holds \(context)")
      }
    }
    if let day = model.shutdown {
      warnings.append(Warning(.deprecated, "\(model.name) is shut down on \(day)"))
    }
  }

  private func checkBurnedIn(
    _ image: Image, index: Int, warnings: inout [Warning]
  ) throws(ClientError) {
    let policy = options.burnedInText
    let blocks =
      (image.burnedInText == .yes && (policy == .block || policy == .blockUnknown))
      || (image.burnedInText == .unknown && policy == .blockUnknown)
    if blocks {
      throw ClientError(.burnedInText, "picture \(index + 1) may show names or dates")
    }
    if image.burnedInText == .yes, policy == .warn {
      warnings.append(Warning(.burnedInText, "picture \(index + 1) may show names or dates"))
    }
  }

  private func checkFile(_ image: Image, index: Int, of count: Int) throws(ClientError) {
    let facts = try image.facts()
    let place = "picture \(index + 1)"
    guard let size = facts.size, size.width > 0, size.height > 0 else {
      throw ClientError(.invalidImage, "\(place) is no whole \(image.mediaType.rawValue)")
    }
    let found = MediaType(of: Array(try image.bytes().prefix(16)))
    guard found == image.mediaType else {
      throw ClientError(
        .invalidImage,
        "\(place) is \(found?.rawValue ?? "unknown"), \(image.mediaType.rawValue) declared")
    }
    guard options.checksLimits else { return }
    let limits = model.limits
    if let most = limits.imageBytes, facts.byteCount > most {
      throw ClientError(.limit, "\(place) has \(facts.byteCount) bytes, at most \(most) are taken")
    }
    var side = limits.side
    if let many = limits.manyImages, count > many { side = limits.sideOfMany ?? side }
    if let side, max(size.width, size.height) > side {
      throw ClientError(
        .limit,
        "\(place) is \(size.width)×\(size.height), at most \(side) a side are taken"
          + (side == limits.side ? "" : " with \(count) pictures"))
    }
  }
}

/// What can be noticed after a reply.
enum Aftercheck {
  static func warnings(for reply: Reply, prompt: Prompt, model: ModelProfile) -> [Warning] {
    var warnings: [Warning] = []
    if let answered = reply.model, !names(answered, match: model.name) {
      warnings.append(Warning(.otherModel, "asked \(model.name), \(answered) answered"))
    }
    let images = prompt.images
    if let input = reply.usage.input, !images.isEmpty {
      // A word is at most one token for each byte, and a picture is never free.
      let least = images.count
      if input < least + prompt.text.utf8.count / 16 {
        warnings.append(
          Warning(.picturesMissing, "\(input) input tokens for \(images.count) pictures"))
      }
    }
    return warnings
  }

  /// `gpt-4o` is answered by `gpt-4o-2024-08-06`, `models/x` by `x`.
  private static func names(_ answered: String, match asked: String) -> Bool {
    let one = answered.split(separator: "/").last.map(String.init) ?? answered
    let two = asked.split(separator: "/").last.map(String.init) ?? asked
    return one == two || one.hasPrefix(two) || two.hasSuffix("latest")
  }
}

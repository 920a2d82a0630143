// Radiology reports as data sets give them: MIMIC-CXR's text files, OpenI's XML.

/// A report in sections.
public struct RadiologyReport: Sendable, Hashable {
  /// One section: its heading as written, without the colon, and its text with runs of white space made
  /// one space.
  public struct Section: Sendable, Hashable {
    public var heading: String
    public var text: String
  }

  /// The sections in their order; text before the first heading has an empty heading.
  public var sections: [Section]
  /// The identifiers of the pictures that belong to it (OpenI's `parentImage`).
  public var images: [String] = []

  /// The text of the first section whose heading is one of the names, whatever their case; nil for none
  /// and for an empty one.
  public subscript(names: String...) -> String? {
    for name in names {
      let found = sections.first {
        $0.heading.uppercased() == name.uppercased() && !$0.text.isEmpty
      }
      if let found { return found.text }
    }
    return nil
  }

  /// The findings: what was seen.
  public var findings: String? { self["FINDINGS", "FINDING"] }

  /// The impression: what it means; MIMIC-CXR also calls it conclusion.
  public var impression: String? { self["IMPRESSION", "IMPRESSIONS", "CONCLUSION"] }

  /// The reason for the examination.
  public var indication: String? {
    self["INDICATION", "HISTORY", "CLINICAL HISTORY", "REASON FOR EXAM", "REASON FOR EXAMINATION"]
  }

  /// Reads a report in plain text, as MIMIC-CXR has them.
  ///
  /// A heading stands at the beginning of a line, in capitals, and ends with a colon.
  public init(text: String) {
    sections = []
    var (heading, words) = ("", [Substring]())
    func flush(_ sections: inout [Section]) {
      if !heading.isEmpty || !words.isEmpty {
        sections.append(Section(heading: heading, text: words.joined(separator: " ")))
      }
    }
    for line in text.split(whereSeparator: \.isNewline) {
      var rest = line.drop(while: \.isWhitespace)
      if let colon = rest.firstIndex(of: ":"), Self.isHeading(rest[..<colon]) {
        flush(&sections)
        heading = Self.trimmed(rest[..<colon])
        words = []
        rest = rest[rest.index(after: colon)...]
      }
      words += rest.split(whereSeparator: \.isWhitespace)
    }
    flush(&sections)
  }

  private static func trimmed(_ text: Substring) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  private static func isHeading(_ text: Substring) -> Bool {
    let letters = text.filter(\.isLetter)
    return !letters.isEmpty && text.count <= 60 && letters.allSatisfy(\.isUppercase)
      && text.allSatisfy {
        $0.isLetter || $0.isWhitespace || $0.isNumber || "/&()-,".contains($0)
      }
  }

  /// Reads a report of the OpenI (Indiana University) collection: `AbstractText` elements with a
  /// `Label`, and `parentImage` elements.
  ///
  /// - Throws: `malformed` for XML that is broken, or holds no `AbstractText`.
  public init(openI bytes: [UInt8]) throws(VolumeError) {
    let document = try XMLElement(parsing: bytes)
    let texts = document.every("AbstractText")
    guard !texts.isEmpty else {
      throw VolumeError(.malformed, "no element AbstractText", field: "XML")
    }
    sections = texts.map { element in
      Section(
        heading: element.attributes["Label"] ?? "", text: Self.trimmed(element.text[...]))
    }
    images = document.every("parentImage").compactMap { $0.attributes["id"] }
  }

  /// Reads a report file: XML where it begins so, else text.
  public init(contentsOf path: String) throws(VolumeError) {
    let file = try InputFile(path)
    do throws(VolumeError) {
      let bytes = try file.readAll(limit: 1 << 26)
      let first = bytes.first { $0 > 0x20 && $0 < 0x80 }
      if first == UInt8(ascii: "<") {
        try self.init(openI: bytes)
      } else {
        self.init(text: String(decoding: bytes, as: UTF8.self))
      }
    } catch {
      throw error.naming(file.name)
    }
  }
}

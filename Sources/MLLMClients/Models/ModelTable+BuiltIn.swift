// The vendors' models as known on 2026-11-22, one line each.
// Sources: prices and contexts, the vendors' pages as read by litellm 1.109.1; limits and token
// rules, the vendors' "Vision" pages. A row matches its names in order, the first that fits counts.

import Foundation

extension ModelTable {
  /// The facts that this version was made with.
  public static let builtIn = ModelTable(
    date: "2026-11-22", source: "vendors' pages, prices as read by litellm 1.109.1",
    rows: BuiltInRows.text.split(separator: "\n").compactMap(BuiltInRows.row))
}

enum BuiltInRows {
  // Vendor, pattern, flags (s sampling, d seed, e effort, f structured answers; . none), thinking
  // headroom, context, most output, US dollars per million in, out, cache read, write, long write
  // (- unknown), tier "tokens×in×out" or -, token rule, shutdown or -.
  static let text = """
    openai gpt-4-turbo sd 0 128000 4096 10 30 - - - - unknown 2026-10-23
    openai gpt-4.1 sdf 0 1047576 32768 2 8 0.5 - - - tiles:85:170 2027-01-14
    openai gpt-4.1-mini sdf 0 1047576 32768 0.4 1.6 0.1 - - - patches:1.62:1536:2048 -
    openai gpt-4.1-nano sdf 0 1047576 32768 0.1 0.4 0.025 - - - patches:2.46:1536:2048 2026-10-23
    openai gpt-4o-2024-05-13 sd 0 128000 4096 5 15 - - - - tiles:85:170 2026-10-23
    openai gpt-4o sdf 0 128000 16384 2.5 10 1.25 - - - tiles:85:170 2027-01-14
    openai gpt-4o-mini sdf 0 128000 16384 0.15 0.6 0.075 - - - unknown 2027-01-14
    openai gpt-5 def 16000 272000 128000 1.25 10 0.125 - - - tiles:70:140 2026-12-11
    openai gpt-5-mini def 16000 272000 128000 0.25 2 0.025 - - - patches:1.62:1536:2048 2026-12-11
    openai gpt-5-nano def 16000 272000 128000 0.05 0.4 0.005 - - - patches:2.46:1536:2048 2026-12-11
    openai gpt-5-pro def 16000 400000 272000 15 120 - - - - tiles:70:140 2026-12-11
    openai gpt-5.1 def 16000 272000 128000 1.25 10 0.125 - - - tiles:70:140 2027-04-01
    openai gpt-5.2 def 16000 272000 128000 1.75 14 0.175 - - - patches:1:1536:2048 -
    openai gpt-5.2-pro def 16000 272000 128000 21 168 - - - - patches:1:1536:2048 -
    openai gpt-5.4 def 16000 1050000 128000 2.5 15 0.25 - - 272000×2×1.5 patches:1:10000:6000 -
    openai gpt-5.4-mini def 16000 272000 128000 0.75 4.5 0.075 - - - patches:1.62:1536:2048 -
    openai gpt-5.4-nano def 16000 272000 128000 0.2 1.25 0.02 - - - patches:2.46:1536:2048 2027-04-01
    openai gpt-5.4-pro de 16000 1050000 128000 30 180 - - - 272000×2×1.5 patches:1:10000:6000 -
    openai gpt-5.5 def 16000 1050000 128000 5 30 0.5 - - 272000×2×1.5 patches:1:10000:6000 -
    openai gpt-5.5-pro de 16000 1050000 128000 30 180 - - - 272000×2×1.5 patches:1:10000:6000 -
    openai gpt-5.6 def 16000 922000 128000 4 20 0.4 5 10 272000×2×1.5 unknown -
    openai gpt-5.6-luna def 16000 922000 128000 0.2 1.2 0.02 0.25 0.5 272000×2×1.5 unknown -
    openai gpt-5.6-sol def 16000 922000 128000 4 20 0.4 5 10 272000×2×1.5 unknown -
    openai gpt-5.6-terra def 16000 922000 128000 2 12 0.2 2.5 5 272000×2×1.5 unknown -
    openai gpt-6-astra def 16000 922000 128000 10 50 1 12.5 25 272000×2×1.5 unknown -
    openai gpt-6-luna def 16000 922000 128000 0.1 0.5 0.01 0.125 0.25 272000×2×1.5 unknown -
    openai gpt-6-sol def 16000 922000 128000 2 10 0.2 2.5 5 272000×2×1.5 unknown -
    openai gpt-6.1-sol def 16000 922000 128000 2 10 0.1 2.5 5 272000×2×1.5 unknown -
    openai gpt-6.1-terra def 16000 922000 128000 1 5 0.05 1.25 2.5 272000×2×1.5 unknown -
    openai o1 def 16000 200000 100000 15 60 7.5 - - - tiles:75:150 2026-10-23
    openai o1-pro def 16000 200000 100000 150 600 - - - - tiles:75:150 2026-10-23
    openai o3 def 16000 200000 100000 2 8 0.5 - - - tiles:75:150 2026-12-11
    openai o3-pro def 16000 200000 100000 20 80 - - - - tiles:75:150 2026-12-11
    openai o4-mini def 16000 200000 100000 1.1 4.4 0.275 - - - patches:1.72:1536:2048 2026-10-23
    openai * def 16000 - - - - - - - - unknown -
    anthropic claude-fable-5 ef 16000 1000000 128000 10 50 1 12.5 20 - squares:2576:4784 -
    anthropic claude-fable-5-1 ef 16000 1000000 128000 10 50 0.25 12.5 20 - squares:2576:4784 -
    anthropic claude-haiku-4-5 sf 0 200000 64000 1 5 0.1 1.25 2 - squares:1568:1568 -
    anthropic claude-haiku-5-5 ef 16000 1000000 128000 0.1 0.5 0.01 0.125 0.2 100000×5×5 squares:2576:4784 -
    anthropic claude-opus-4-5 sef 0 200000 64000 5 25 0.5 6.25 10 - squares:1568:1568 -
    anthropic claude-opus-4-6 sef 0 1000000 128000 5 25 0.5 6.25 10 - squares:1568:1568 -
    anthropic claude-opus-4-7 ef 16000 1000000 128000 5 25 0.5 6.25 10 - squares:2576:4784 -
    anthropic claude-opus-4-8 ef 16000 1000000 128000 5 25 0.5 6.25 10 - squares:2576:4784 -
    anthropic claude-opus-5 ef 16000 1000000 128000 5 25 0.5 6.25 10 - squares:2576:4784 -
    anthropic claude-opus-5-5 ef 16000 1000000 128000 4 20 0.2 5 8 - squares:2576:4784 -
    anthropic claude-sonnet-4-5 sf 0 200000 64000 3 15 0.3 3.75 6 - squares:1568:1568 2026-11-30
    anthropic claude-sonnet-4-6 sef 0 1000000 128000 3 15 0.3 3.75 6 - squares:1568:1568 -
    anthropic claude-sonnet-5 ef 16000 1000000 128000 2 10 0.2 2.5 4 - squares:2576:4784 -
    anthropic claude-sonnet-5-5 ef 16000 1000000 128000 2 10 0.1 2.5 4 - squares:2576:4784 -
    anthropic * ef 16000 - - - - - - - - squares:2576:4784 -
    gemini gemini-2.5-flash sdf 16000 1048576 65536 0.3 2.5 0.03 - - - tiles768:258 -
    gemini gemini-2.5-flash-lite sdf 16000 1048576 65536 0.1 0.4 0.01 - - - tiles768:258 -
    gemini gemini-2.5-pro sdf 16000 1048576 65536 1.25 10 0.125 - - 200000×2×1.5 tiles768:258 -
    gemini gemini-3-flash-preview sdef 16000 1048576 65536 0.5 3 0.05 - - - fixed:1120 -
    gemini gemini-3.1-flash-lite sdef 16000 1048576 65536 0.25 1.5 0.025 - - - fixed:1120 2027-05-07
    gemini gemini-3.1-flash-lite-preview sdef 16000 1048576 65536 0.25 1.5 0.025 - - - fixed:1120 2026-05-25
    gemini gemini-3.1-pro-preview sdef 16000 1048576 65536 2 12 0.2 - - 200000×2×1.5 fixed:1120 -
    gemini gemini-3.5-flash sdef 16000 1048576 65536 1.5 9 0.15 - - - fixed:1120 -
    gemini gemini-3.5-flash-lite def 16000 1048576 65536 0.3 2.5 0.03 - - - fixed:1120 -
    gemini gemini-3.6-flash def 16000 1048576 65536 0.75 3.75 0.075 - - - fixed:1120 -
    gemini gemini-3.7-flash def 16000 1048576 65536 0.75 3.75 0.075 - - - fixed:1120 -
    gemini gemini-3.8-flash def 16000 1048576 65536 0.75 3.75 0.075 - - - fixed:1120 -
    gemini gemini-4-argon def 16000 1048576 1048576 2 10 0.1 - - - fixed:1120 -
    gemini gemini-flash-latest sdef 16000 1048576 65536 0.75 3.75 0.075 - - - fixed:1120 -
    gemini gemini-flash-lite-latest sdef 16000 1048576 65536 0.3 2.5 0.03 - - - fixed:1120 -
    gemini gemini-pro-latest sdef 16000 1048576 65536 2 12 0.2 - - 200000×2×1.5 fixed:1120 -
    gemini * def 16000 - - - - - - - - unknown -
    """

  static let limits: [Vendor: RequestLimits] = [
    .openAI: RequestLimits(images: 1500, requestBytes: 512 << 20),
    .anthropic: RequestLimits(
      images: 600, side: 8000, sideOfMany: 2000, manyImages: 20, imageBytes: 5 << 20,
      requestBytes: 32_000_000),
    .gemini: RequestLimits(images: 3000, requestBytes: 20 << 20),
  ]

  static func row(_ line: Substring) -> ModelTable.Row? {
    let cells = line.split(separator: " ").map(String.init)
    guard cells.count == 14 else { return nil }
    let vendor = Vendor(rawValue: cells[0])
    func decimal(_ index: Int) -> Decimal? {
      // Foundation reads a lone "-" as zero.
      cells[index] == "-"
        ? nil : Decimal(string: cells[index], locale: Locale(identifier: "en_US_POSIX"))
    }
    var price: Price?
    if let input = decimal(6), let output = decimal(7) {
      let tier = cells[11].split(separator: "×").map(String.init)
      price = Price(
        input: input, output: output, cacheRead: decimal(8), cacheWrite: decimal(9),
        cacheWriteLong: decimal(10), tierTokens: tier.count == 3 ? Int(tier[0]) : nil,
        tierInput: tier.count == 3 ? Decimal(string: tier[1]) ?? 1 : 1,
        tierOutput: tier.count == 3 ? Decimal(string: tier[2]) ?? 1 : 1)
    }
    var limits = Self.limits[vendor] ?? RequestLimits()
    let context = Int(cells[4])
    if vendor == .anthropic, let context, context <= 200_000 { limits.images = 100 }
    return ModelTable.Row(
      vendor: vendor, pattern: cells[1],
      profile: ModelProfile(
        name: cells[1], sampling: cells[2].contains("s"), seed: cells[2].contains("d"),
        effort: cells[2].contains("e"), structured: cells[2].contains("f"),
        thinkingHeadroom: Int(cells[3]) ?? 0, context: context, maxOutput: Int(cells[5]),
        limits: limits, imageTokens: rule(cells[12]), price: price,
        shutdown: cells[13] == "-" ? nil : cells[13]))
  }

  private static func rule(_ text: String) -> ImageTokenRule {
    let parts = text.split(separator: ":").map(String.init)
    let numbers = parts.dropFirst().compactMap(Double.init)
    switch (parts.first, numbers.count) {
    case ("tiles", 2): return .tiles(base: Int(numbers[0]), each: Int(numbers[1]))
    case ("patches", 3):
      return .patches(factor: numbers[0], budget: Int(numbers[1]), side: Int(numbers[2]))
    case ("squares", 2): return .squares(side: Int(numbers[0]), cap: Int(numbers[1]))
    case ("tiles768", 1): return .tiles768(each: Int(numbers[0]))
    case ("fixed", 1): return .fixed(Int(numbers[0]))
    default: return .unknown
    }
  }
}

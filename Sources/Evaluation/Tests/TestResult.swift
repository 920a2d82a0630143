// What a significance test gives back.

/// A test's statistic and p value with the number of cases.
public struct TestResult: Hashable, Sendable, Codable, CustomStringConvertible {
  public let name: String
  public let statistic: MetricValue
  public let pValue: MetricValue
  public let count: Int
  public let degreesOfFreedom: Double?
  /// The estimated difference, where the test has one.
  public let estimate: MetricValue?
  public let interval: Interval?

  public init(
    _ name: String, statistic: Double, pValue: Double, count: Int,
    degreesOfFreedom: Double? = nil, estimate: Double? = nil, interval: Interval? = nil
  ) {
    self.name = name
    self.statistic = MetricValue(statistic)
    self.pValue = MetricValue(pValue)
    self.count = count
    self.degreesOfFreedom = degreesOfFreedom
    self.estimate = estimate.map { MetricValue($0) }
    self.interval = interval
  }

  /// A test that cannot be done, and why.
  public init(_ name: String, undefined reason: Undefined, count: Int) {
    self.name = name
    statistic = .undefined(reason)
    pValue = .undefined(reason)
    self.count = count
    degreesOfFreedom = nil
    estimate = nil
    interval = nil
  }

  public var description: String {
    let df = degreesOfFreedom.map { ", df \(formatted($0, digits: 4))" } ?? ""
    return "\(name): statistic \(statistic)\(df), p = \(pValue), n = \(count)"
  }
}

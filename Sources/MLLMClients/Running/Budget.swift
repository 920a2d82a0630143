// Money: reserved before a request, settled after it, never above the bound.

public import Foundation

/// A bound on what a run may cost, and what it has cost.
///
/// The most that a request can cost is reserved before it is sent. When less is left than that, the
/// request waits for those under way to settle, and the run stops cleanly if that doesn't help.
public actor Budget {
  /// The bound, in US dollars.
  public nonisolated let limit: Decimal
  /// What replies have cost, and attempts that may have been charged without a reply.
  public private(set) var spent: Decimal
  private var reserved: Decimal = 0
  /// The most that a reply has cost for each dollar set aside for it; estimates can be too low.
  private var factor: Decimal = 1
  /// Whether a reply has shown what the estimates are worth. Until then requests go one by one.
  private var isCalibrated = false
  private var inFlight = 0
  private var waiters: [CheckedContinuation<Void, Never>] = []
  private nonisolated let allowsUnknownCost: Bool

  /// - Parameters:
  ///   - limit: US dollars.
  ///   - spent: What the run has cost before, from its journal.
  ///   - allowsUnknownCost: Whether models without a price may be asked; they count as free.
  public init(limit: Decimal, spent: Decimal = 0, allowsUnknownCost: Bool = false) {
    precondition(limit >= 0, "a budget of \(limit)")
    self.limit = limit
    self.spent = spent
    self.allowsUnknownCost = allowsUnknownCost
  }

  /// Sets aside the most that a request can cost.
  ///
  /// - Throws: `ClientError` with `.budget` when the price is not known, or not enough is left and
  ///   nothing under way could settle for less.
  func reserve(_ estimate: Estimate, model: String) async throws(ClientError) -> Decimal {
    guard let cost = estimate.reservation else {
      guard allowsUnknownCost else {
        throw ClientError(.budget, "the price of \(model) is not known")
      }
      return 0
    }
    while spent + (reserved + cost) * factor > limit || (!isCalibrated && inFlight > 0) {
      guard inFlight > 0 else {
        throw ClientError(
          .budget, "\(limit - spent) US dollars are left, \(cost * factor) may be needed")
      }
      await withCheckedContinuation { waiters.append($0) }
      if Task.isCancelled { throw ClientError(.cancelled, "cancelled while waiting for budget") }
    }
    reserved += cost
    inFlight += 1
    return cost
  }

  /// Gives a reservation back and books what it really was.
  ///
  /// - Parameter cost: What a reply has cost; nil for an attempt that may have been charged unseen,
  ///   which counts as what was set aside.
  func settle(_ reservation: Decimal, cost: Decimal?, isReply: Bool = false) {
    if reservation > 0 {
      reserved -= reservation
      inFlight -= 1
      if isReply, let cost {
        factor = max(factor, cost / reservation)
        isCalibrated = true
      }
    }
    spent += cost ?? reservation * factor
    let woken = waiters
    waiters = []
    for waiter in woken { waiter.resume() }
  }

  /// Wakes all that wait, after a cancellation.
  func wake() {
    let woken = waiters
    waiters = []
    for waiter in woken { waiter.resume() }
  }
}

// The sums of one pass of the inverse DCT over eight numbers.
// Source: Loeffler, Ligtenberg and Moschytz, ICASSP 1989; constants of 13 bits.

/// Eight numbers on their way through one pass.
///
/// The IJG's sums, multiplied out, so that each is one of products of a number of 16 bits and a constant
/// of 16 bits: compilers turn loops over them into vector instructions that any x86-64 and ARM has.
struct JPEGButterfly {
  private var e0, e1, e2, e3: Int32
  private var o0, o1, o2, o3: Int32

  /// - Parameter bias: What is added before the results are shifted down.
  @inline(__always)
  init(bias: Int32) {
    (e0, e1, e2, e3) = (bias, bias, 0, 0)
    (o0, o1, o2, o3) = (0, 0, 0, 0)
  }

  /// Adds the first four numbers.
  ///
  /// The constants are sums of 0.541196100, 0.765366865, 1.847759065 (even part), 1.175875602,
  /// 1.961570560, 0.390180644, 0.298631336, 2.053119869, 3.072711026, 1.501321110, 0.899976223 and
  /// 2.562915447 (odd part), each times 2¹³.
  @inline(__always)
  mutating func add(_ v0: Int16, _ v1: Int16, _ v2: Int16, _ v3: Int16) {
    let (w0, w1, w2, w3) = (Int32(v0), Int32(v1), Int32(v2), Int32(v3))
    e0 = e0 &+ w0 &* 8192
    e1 = e1 &+ w0 &* 8192
    e2 = w2 &* 4433
    e3 = w2 &* 10703
    o0 = w1 &* 2260 &+ w3 &* -6436
    o1 = w1 &* 6437 &+ w3 &* -11362
    o2 = w1 &* 9633 &+ w3 &* -2259
    o3 = w1 &* 11363 &+ w3 &* 9633
  }

  /// Adds the last four.
  @inline(__always)
  mutating func add(fifth v4: Int16, _ v5: Int16, _ v6: Int16, _ v7: Int16) {
    let (w4, w5, w6, w7) = (Int32(v4), Int32(v5), Int32(v6), Int32(v7))
    e0 = e0 &+ w4 &* 8192
    e1 = e1 &+ w4 &* -8192
    e2 = e2 &+ w6 &* -10704
    e3 = e3 &+ w6 &* 4433
    o0 = o0 &+ (w5 &* 9633 &+ w7 &* -11363)
    o1 = o1 &+ (w5 &* 2261 &+ w7 &* 9633)
    o2 = o2 &+ (w5 &* -11362 &+ w7 &* -6436)
    o3 = o3 &+ (w5 &* 6437 &+ w7 &* 2260)
  }

  /// Stores the results, divided by 2^`shift`, eight places apart.
  @unsafe @inline(__always)
  func store(_ target: UnsafeMutablePointer<Int16>, shift: Int32) {
    @inline(__always)
    func narrow(_ sum: Int32) -> Int16 { Int16(truncatingIfNeeded: sum &>> shift) }
    unsafe target[0] = narrow(e0 &+ e3 &+ o3)
    unsafe target[8] = narrow(e1 &+ e2 &+ o2)
    unsafe target[16] = narrow(e1 &- e2 &+ o1)
    unsafe target[24] = narrow(e0 &- e3 &+ o0)
    unsafe target[32] = narrow(e0 &- e3 &- o0)
    unsafe target[40] = narrow(e1 &- e2 &- o1)
    unsafe target[48] = narrow(e1 &+ e2 &- o2)
    unsafe target[56] = narrow(e0 &+ e3 &- o3)
  }
}

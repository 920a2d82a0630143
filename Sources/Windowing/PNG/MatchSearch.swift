// Where a block's literals end and its matches begin.

/// One block's search. Every place that it reads was checked against `bytes.count` before.
@safe struct MatchSearch {
  static let hashBits = 15
  static let window = 32_768

  let bytes: UnsafeRawBufferPointer
  let heads: UnsafeMutableBufferPointer<Int32>
  let links: UnsafeMutableBufferPointer<Int32>
  let literalCosts: UnsafeBufferPointer<UInt16>
  let lengthCosts: UnsafeBufferPointer<UInt16>
  let distanceCosts: UnsafeBufferPointer<UInt16>
  let settings: DeflateSettings

  /// What a match saves over literals, in sixteenths of a bit.
  struct Match {
    var saving = 0
    var length = 0
    var distance = 0
  }

  @inline(__always) func word(_ at: Int) -> UInt32 {
    unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)
  }

  /// The bytes that matches must begin with, as a number.
  @inline(__always) func key(_ at: Int) -> UInt64 {
    unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian
      &<< UInt64(truncatingIfNeeded: 64 &- 8 &* settings.shortest)
  }

  @inline(__always) func hash(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> UInt64(64 &- 15))
  }

  @inline(__always) func insert(_ at: Int) {
    let slot = hash(key(at))
    if settings.candidates > 1 { unsafe links[at & 32_767] = heads[slot] }
    unsafe heads[slot] = Int32(truncatingIfNeeded: at)
  }

  @inline(__always) func matchLength(_ a: Int, _ b: Int, _ most: Int) -> Int {
    var length = 0
    while length &+ 8 <= most {
      let x = unsafe bytes.loadUnaligned(fromByteOffset: a &+ length, as: UInt64.self)
      let y = unsafe bytes.loadUnaligned(fromByteOffset: b &+ length, as: UInt64.self)
      let different = x.littleEndian ^ y.littleEndian
      if different != 0 { return length &+ different.trailingZeroBitCount >> 3 }
      length &+= 8
    }
    while length < most, unsafe bytes[a &+ length] == bytes[b &+ length] { length &+= 1 }
    return length
  }

  /// What literals for some bytes cost; of many, told from the first 24.
  @inline(__always) func literals(_ at: Int, _ length: Int) -> Int {
    var sum = 0
    let end = at &+ min(length, 24)
    var index = at
    while index < end {
      sum &+= unsafe Int(literalCosts[Int(bytes[index])])
      index &+= 1
    }
    return length > 24 ? sum &* length / 24 : sum
  }

  @inline(__always) func cost(_ length: Int, _ distance: Int) -> Int {
    unsafe Int(lengthCosts[length])
      &+ Int(distanceCosts[DeflateSymbols.distanceSymbol(distance)])
  }

  /// The match at a place that saves most.
  ///
  /// - Precondition: Eight bytes follow.
  @inline(__always) func best(_ at: Int) -> Match {
    var found = Match()
    let now = key(at)
    let most = unsafe min(258, bytes.count &- at)
    let step = settings.step
    var candidate = unsafe Int(heads[hash(now)])
    var left = settings.candidates
    // The cost of literals for the first `summed` bytes.
    var summed = 0
    var sum = 0
    while candidate >= 0, at &- candidate < 32_768 {
      if key(candidate) == now,
        unsafe bytes[candidate &+ found.length] == bytes[at &+ found.length]
      {
        var length = matchLength(candidate, at, most)
        if step == 3 {
          length = Int(UInt32(truncatingIfNeeded: length) / 3 &* 3)
        } else {
          length &-= length & (step &- 1)
        }
        if length > found.length, length >= 3 {
          let end = min(length, 24)
          while summed < end {
            sum &+= unsafe Int(literalCosts[Int(bytes[at &+ summed])])
            summed &+= 1
          }
          let whole = length > 24 ? sum &* length / 24 : sum
          let saving = whole &- cost(length, at &- candidate)
          if saving > found.saving {
            found = Match(saving: saving, length: length, distance: at &- candidate)
            if length >= min(64, most) { return found }
          }
        }
      }
      left &-= 1
      if left <= 0 { break }
      candidate = unsafe Int(links[candidate & 32_767])
    }
    return found
  }

  /// The first place from `start` on, before `end`, whose four bytes repeat the byte before them;
  /// otherwise `end`.
  ///
  /// - Precondition: `start` is at least 1.
  @inline(__always) func nextRun(from start: Int, before end: Int) -> Int {
    let sevens: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    var at = start
    let last = unsafe bytes.count &- 8
    while at <= last, at < end {
      let x = unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian
      let y = unsafe bytes.loadUnaligned(fromByteOffset: at &- 1, as: UInt64.self).littleEndian
      let different = x ^ y
      // The top bit of each byte that is zero; then of each that begins four zeros.
      let equal = ~(((different & sevens) &+ sevens) | different | sevens)
      let pairs = equal & (equal &>> 8)
      let fours = pairs & (pairs &>> 16)
      if fours != 0 { return min(end, at &+ fours.trailingZeroBitCount &>> 3) }
      at &+= 5
    }
    while at < end {
      if unsafe at &+ 4 <= bytes.count, word(at) == word(at &- 1) { return at }
      at &+= 1
    }
    return end
  }

  /// The first bytes of a place, as a number.
  @inline(__always) func key(_ at: Int, _ length: Int) -> UInt64 {
    unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian
      &<< UInt64(truncatingIfNeeded: 64 &- 8 &* length)
  }

  /// The match at a place that saves most among three earlier places; the place is inserted.
  ///
  /// - Precondition: Eight bytes follow.
  @inline(__always) func bestOfBuckets(_ at: Int) -> Match {
    var found = Match()
    let most = unsafe min(258, bytes.count &- at)
    let now = key(at, settings.longKey)
    let slot = hash(now) & ~1
    let first = unsafe Int(UInt32(bitPattern: heads[slot]))
    let second = unsafe Int(UInt32(bitPattern: heads[slot &+ 1]))
    unsafe heads[slot] = Int32(truncatingIfNeeded: at)
    unsafe heads[slot &+ 1] = Int32(truncatingIfNeeded: first)
    let isShort = settings.shortest < settings.longKey
    var third = at
    if isShort {
      let shortSlot = hash(key(at, settings.shortest))
      third = unsafe Int(UInt32(bitPattern: links[shortSlot]))
      unsafe links[shortSlot] = Int32(truncatingIfNeeded: at)
    }
    if key(first, settings.longKey) == now { consider(first, at, most, &found) }
    if key(second, settings.longKey) == now { consider(second, at, most, &found) }
    if isShort, found.saving == 0,
      key(third, settings.shortest) == key(at, settings.shortest)
    {
      consider(third, at, most, &found)
    }
    return found
  }

  @inline(__always) func insertInBuckets(_ at: Int) {
    let slot = hash(key(at, settings.longKey)) & ~1
    unsafe heads[slot &+ 1] = heads[slot]
    unsafe heads[slot] = Int32(truncatingIfNeeded: at)
    if settings.shortest < settings.longKey {
      unsafe links[hash(key(at, settings.shortest))] = Int32(truncatingIfNeeded: at)
    }
  }

  /// Takes an earlier place's match where it saves more.
  @inline(__always) func consider(_ earlier: Int, _ at: Int, _ most: Int, _ found: inout Match) {
    guard earlier < at, at &- earlier < 32_768 else { return }
    var length = matchLength(earlier, at, most)
    if settings.step == 3 {
      length = Int(UInt32(truncatingIfNeeded: length) / 3 &* 3)
    } else {
      length &-= length & (settings.step &- 1)
    }
    guard length >= 3, length > found.length else { return }
    let saving = literals(at, length) &- cost(length, at &- earlier)
    if saving > found.saving {
      found = Match(saving: saving, length: length, distance: at &- earlier)
    }
  }

  /// Writes literals and runs of one byte until a block is full or the bytes end.
  ///
  /// - Returns: The next place, and the count of steps.
  func runsOnly(
    from start: Int, into target: UnsafeMutableBufferPointer<DeflateStep>
  ) -> (Int, Int) {
    var place = start
    var used = 0
    var literalStart = start
    var left = settings.blockTokens
    let count = unsafe bytes.count
    while place < count, left > 0 {
      let next = nextRun(from: max(place, 1), before: min(count, place &+ left))
      left &-= next &- place
      place = next
      if place == count || left == 0 { break }
      let length = matchLength(place &- 1, place, min(258, count &- place))
      left &-= 1
      if length >= 16 || literals(place, length) > cost(length, 1) {
        unsafe target[used] = deflateStep(place &- literalStart, length, 1)
        used &+= 1
        place &+= length
        literalStart = place
      } else {
        place &+= 1
      }
    }
    if place > literalStart {
      unsafe target[used] = deflateStep(place &- literalStart, 0, 0)
      used &+= 1
    }
    return (place, used)
  }

  /// Writes literals, runs and matches until a block is full or the bytes end.
  ///
  /// - Returns: The next place, and the count of steps.
  func run(
    from start: Int, into target: UnsafeMutableBufferPointer<DeflateStep>
  ) -> (Int, Int) {
    var place = start
    var used = 0
    var literalStart = start
    var left = settings.blockTokens
    let count = unsafe bytes.count
    let step = settings.step
    let isLazy = settings.isLazy
    let isBucketed = settings.longKey > 0
    // The next pixel's first byte. Rows begin with their filter's byte.
    let rowLength = settings.rowLength
    var rowEnd = (start / rowLength + 1) * rowLength
    var pixel = start
    if step > 1 {
      let column = max(start % rowLength - 1, 0)
      pixel = rowEnd - rowLength + 1 + (column + step - 1) / step * step
    }
    while place < count, left > 0 {
      left &-= 1
      if place > 0, place &+ 4 <= count, word(place) == word(place &- 1) {
        let length = matchLength(place &- 1, place, min(258, count &- place))
        if length >= 16 || literals(place, length) > cost(length, 1) {
          unsafe target[used] = deflateStep(place &- literalStart, length, 1)
          used &+= 1
          place &+= length
          literalStart = place
          continue
        }
      }
      if step == 1 {
        pixel = place
      } else {
        while pixel < place { pixel &+= step }
        if pixel >= rowEnd {
          while rowEnd <= place { rowEnd &+= rowLength }
          pixel = rowEnd &- rowLength &+ 1
          while pixel < place { pixel &+= step }
        }
      }
      if pixel == place, place &+ 8 &+ step < count {
        var found: Match
        if isBucketed {
          found = bestOfBuckets(place)
        } else {
          found = best(place)
          insert(place)
        }
        if isLazy, found.saving > 0, found.length > step, found.length < 32 {
          let next = best(place &+ step)
          if next.saving &* found.length > found.saving &* (next.length &+ step) {
            found.saving = 0
          }
        }
        if found.saving > 0 {
          unsafe target[used] = deflateStep(
            place &- literalStart, found.length, found.distance)
          used &+= 1
          let end = min(place &+ found.length, count &- 8)
          var inner = place &+ step
          if isBucketed {
            while inner < end {
              insertInBuckets(inner)
              inner &+= step
            }
          }
          while inner < end {
            insert(inner)
            inner &+= step
          }
          place &+= found.length
          literalStart = place
          continue
        }
      }
      place &+= 1
    }
    if place > literalStart {
      unsafe target[used] = deflateStep(place &- literalStart, 0, 0)
      used &+= 1
    }
    return (place, used)
  }
}

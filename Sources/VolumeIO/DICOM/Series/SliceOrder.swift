// Planes along their normal: order, repeated positions, the fourth axis.

/// Planes of one volume in order, channel by channel.
struct SliceOrder: Sendable {
  /// All planes of the first channel in ascending order along the normal, then of the next.
  var slices: [DICOMSlice]
  var channels = 1
  /// What the fourth axis runs over, such as `TemporalPositionIdentifier`.
  var channelAxis: String?
  var diagnostics: [DICOMDiagnostic] = []
  /// Why the planes make no volume; thrown when it is read.
  var conflict: VolumeError?

  /// Orders planes that have one orientation; those that repeat positions become several volumes
  /// (echoes, image types, CT acquisitions) or a fourth axis (time, b-value).
  static func volumes(_ slices: [DICOMSlice], _ headers: [SliceHeader]) -> [SliceOrder] {
    guard let normal = slices.first?.orientation?.normal,
      slices.allSatisfy({ $0.position != nil })
    else { return [SliceOrder(slices: slices)] }
    let (unique, dropped) = withoutCopies(slices, headers)
    return split(unique, normal, headers).map { part in
      var order = ordered(part, normal)
      if dropped > 0 {
        order.diagnostics.append(
          .init(.duplicateInstances, "\(dropped) files repeat an instance; the first was kept"))
      }
      return order
    }
  }

  /// Drops frames whose instance UID came before.
  private static func withoutCopies(
    _ slices: [DICOMSlice], _ headers: [SliceHeader]
  ) -> ([DICOMSlice], Int) {
    struct Key: Hashable {
      var uid: String
      var frame: Int
    }
    var seen: Set<Key> = []
    var result: [DICOMSlice] = []
    result.reserveCapacity(slices.count)
    for slice in slices {
      let uid = headers[slice.file].instanceUID
      if uid.isEmpty || seen.insert(Key(uid: uid, frame: slice.frame)).inserted {
        result.append(slice)
      }
    }
    return (result, slices.count - result.count)
  }

  /// Runs of planes at one position, in ascending order along the normal.
  private static func clusters(
    _ slices: [DICOMSlice], _ normal: SIMD3<Double>
  ) -> [[DICOMSlice]] {
    let placed = slices.map { (slice: $0, distance: dot($0.position ?? .zero, normal)) }
      .sorted { $0.distance < $1.distance }
    let gaps = zip(placed.dropFirst(), placed).map { $0.distance - $1.distance }
      .filter { $0 > 1e-4 }.sorted()
    let tolerance = gaps.isEmpty ? 0.01 : min(0.01, gaps[gaps.count / 2] / 10)
    var result: [[DICOMSlice]] = []
    var last = -Double.infinity
    for (slice, distance) in placed {
      if distance - last <= tolerance, !result.isEmpty {
        result[result.count - 1].append(slice)
      } else {
        result.append([slice])
        last = distance
      }
    }
    return result
  }

  private static func split(
    _ slices: [DICOMSlice], _ normal: SIMD3<Double>, _ headers: [SliceHeader]
  ) -> [[DICOMSlice]] {
    let most = clusters(slices, normal).map(\.count).max() ?? 1
    guard most > 1 else { return [slices] }
    let isCT = slices.first.map { headers[$0.file].modality == "CT" } ?? false
    let keys: [(DICOMSlice) -> String] = [
      { $0.imageType }, { $0.stack }, { $0.echoTime.map { "\($0)" } ?? "" },
      { $0.echoNumber.map { "\($0)" } ?? "" },
      { isCT ? $0.acquisition.map { "\($0)" } ?? "" : "" },
    ]
    for key in keys {
      var names: [String] = []
      var parts: [String: [DICOMSlice]] = [:]
      for slice in slices {
        let name = key(slice)
        if parts[name] == nil { names.append(name) }
        parts[name, default: []].append(slice)
      }
      guard names.count > 1 else { continue }
      let divided = names.sorted().compactMap { parts[$0] }
      if divided.allSatisfy({ (clusters($0, normal).map(\.count).max() ?? 1) < most }) {
        return divided.flatMap { split($0, normal, headers) }
      }
    }
    return [slices]
  }

  private static func ordered(
    _ slices: [DICOMSlice], _ normal: SIMD3<Double>
  ) -> SliceOrder {
    let places = clusters(slices, normal)
    let most = places.map(\.count).max() ?? 1
    guard most > 1 else { return SliceOrder(slices: places.flatMap { $0 }) }
    let repeated = places.filter { $0.count > 1 }.count
    let detail = "\(repeated) of \(places.count) positions hold up to \(most) planes"
    guard places.allSatisfy({ $0.count == most }) else {
      return conflicting(places, detail + ", not the same number everywhere")
    }
    for (name, key) in channelKeys {
      if let order = channels(places, most, name, key) { return order }
    }
    return conflicting(places, detail + ", and no time, echo or b-value tells them apart")
  }

  private static func conflicting(_ places: [[DICOMSlice]], _ detail: String) -> SliceOrder {
    var order = SliceOrder(slices: places.flatMap { $0 })
    order.diagnostics = [.init(.duplicatePositions, detail)]
    order.conflict = VolumeError(
      .geometry, detail, field: DICOMTag.imagePosition.description)
    return order
  }

  private static let channelKeys: [(String, @Sendable (DICOMSlice) -> Double?)] = [
    ("TemporalPositionIdentifier", { $0.temporalPosition.map(Double.init) }),
    ("DiffusionBValue", { $0.bValue }),
    ("TriggerTime", { $0.triggerTime }),
    ("AcquisitionNumber", { $0.acquisition.map(Double.init) }),
    ("AcquisitionTime", { $0.acquisitionTime }),
    ("ContentTime", { $0.contentTime }),
  ]

  /// A fourth axis where `key` ranks the planes of every position without ties.
  private static func channels(
    _ places: [[DICOMSlice]], _ count: Int, _ name: String, _ key: (DICOMSlice) -> Double?
  ) -> SliceOrder? {
    var ranked: [[DICOMSlice]] = []
    for place in places {
      var keyed: [(Double, DICOMSlice)] = []
      for slice in place {
        guard let value = key(slice) else { return nil }
        keyed.append((value, slice))
      }
      keyed.sort { $0.0 < $1.0 }
      for index in keyed.indices.dropFirst() where keyed[index].0 == keyed[index - 1].0 {
        return nil
      }
      ranked.append(keyed.map(\.1))
    }
    var slices: [DICOMSlice] = []
    for channel in 0..<count { slices += ranked.map { $0[channel] } }
    return SliceOrder(slices: slices, channels: count, channelAxis: name)
  }
}

// Weights into a network: all of them, or one error that lists what does not fit.

/// Gathers tensors on their way into a module.
private final class Loading {
  var given: [String: Tensor]
  var missing: [String] = []
  var misshapen: [String] = []

  init(_ given: [String: Tensor]) { self.given = given }
}

extension Weights {
  /// The network that `make` makes, with these weights.
  ///
  /// ```swift
  /// let network = try weights.network { ResNet(.resNet50()) }
  /// ```
  /// No first weights are drawn, which for a large network takes longer than reading the file.
  ///
  /// - `names`: From the file's names to the network's.
  /// - `isStrict`: Whether tensors that the network has no place for are an error.
  /// - Throws: What `Module.load` throws.
  public func network<Network: Module>(
    names: NameMap = .identity, isStrict: Bool = true, _ make: () -> Network
  ) throws(NeuralCoreError) -> Network {
    var network = Initializer.$isDrawing.withValue(false, operation: make)
    try network.load(self, names: names, isStrict: isStrict)
    return network
  }
}

extension Module {
  /// Takes over the tensors of a weights file.
  ///
  /// - `names`: From the file's names to the network's.
  /// - `isStrict`: Whether tensors that the network has no place for are an error. Missing and
  ///   wrongly shaped ones always are.
  /// - Throws: ``NeuralCoreError`` `mismatch`, one error that lists every tensor that is missing,
  ///   left over or of another shape. The network is then unchanged.
  public mutating func load(_ weights: Weights, names: NameMap = .identity, isStrict: Bool = true)
    throws(NeuralCoreError)
  {
    var parts: [NameMap.Place: [(part: Int, tensor: Tensor)]] = [:]
    for (name, stored) in weights.tensors {
      // Counters that PyTorch keeps and no computation reads.
      if name.hasSuffix("num_batches_tracked") { continue }
      guard var place = names.place(of: name) else { continue }
      var tensor = stored.tensor()
      if place.isTransposed { tensor = tensor.transposed().contiguous() }
      let part = place.part
      place.part = 0
      place.isTransposed = false
      parts[place, default: []].append((part, tensor))
    }
    var tensors: [String: Tensor] = [:]
    for (place, found) in parts {
      guard Set(found.map(\.part)) == Set(0..<place.parts), found.count == place.parts else {
        throw NeuralCoreError(
          .mismatch, "\(place.name): \(found.count) of the \(place.parts) tensors that make it up")
      }
      let ordered = found.sorted { $0.part < $1.part }.map(\.tensor)
      let tails = Set(ordered.map { Array($0.shape.dropFirst()) })
      guard tails.count == 1, ordered.allSatisfy({ $0.rank > 0 }) || place.parts == 1 else {
        throw NeuralCoreError(.mismatch, "\(place.name): parts of shapes \(ordered.map(\.shape))")
      }
      tensors[place.name] =
        ordered.count == 1 ? ordered[0] : Tensor.concatenated(ordered, axis: 0)
    }
    try load(tensors, isStrict: isStrict)
  }

  /// Takes over tensors under the network's own names.
  public mutating func load(_ tensors: [String: Tensor], isStrict: Bool = true)
    throws(NeuralCoreError)
  {
    let loading = Loading(tensors)
    var copy = self
    copy.updateParameters { name, parameter in
      guard let tensor = loading.given.removeValue(forKey: name) else {
        loading.missing.append("\(name) \(parameter.value.shape)")
        return
      }
      guard tensor.shape == parameter.value.shape else {
        loading.misshapen.append(
          "\(name) is \(tensor.shape), the network has \(parameter.value.shape)")
        return
      }
      parameter.value = tensor
    }
    let extra = isStrict ? loading.given.keys.sorted() : []
    guard loading.missing.isEmpty, loading.misshapen.isEmpty, extra.isEmpty else {
      var lines: [String] = []
      if !loading.missing.isEmpty {
        lines.append("missing: " + loading.missing.joined(separator: ", "))
      }
      if !loading.misshapen.isEmpty {
        lines.append("of another shape: " + loading.misshapen.joined(separator: ", "))
      }
      if !extra.isEmpty { lines.append("left over: " + extra.joined(separator: ", ")) }
      throw NeuralCoreError(.mismatch, lines.joined(separator: "; "))
    }
    self = copy
  }
}

// What every layer and network is: a value with named parameters.

/// A layer or a network: a value that holds parameters under names.
///
/// A module lists its parts once, in ``visit(_:)``; counting, saving, loading, freezing and
/// training all go through that list. Modules are values: a copy is a snapshot, and inference
/// from many tasks at once is safe.
public protocol Module: Sendable {
  /// Shows every part to the visitor, under the names that the reference implementation uses.
  mutating func visit(_ visitor: ParameterVisitor)
}

/// A module from one value to one value.
public protocol Layer: Module {
  /// The layer's output.
  func callAsFunction(_ input: Variable) -> Variable
}

extension Layer {
  /// The output without a tape: inference.
  public func callAsFunction(_ input: Tensor) -> Tensor {
    callAsFunction(Variable(input)).value
  }
}

/// Walks a module's parameters with their names.
public struct ParameterVisitor {
  private let prefix: String
  private let body: (String, inout Parameter) -> Void

  init(prefix: String = "", _ body: @escaping (String, inout Parameter) -> Void) {
    self.prefix = prefix
    self.body = body
  }

  /// Shows a parameter.
  public func callAsFunction(_ name: String, _ parameter: inout Parameter) {
    body(prefix + name, &parameter)
  }

  /// Shows a parameter that may be absent.
  public func callAsFunction(_ name: String, _ parameter: inout Parameter?) {
    guard var present = parameter else { return }
    parameter = nil
    body(prefix + name, &present)
    parameter = present
  }

  /// Shows a part; its parameters are named `name.…`, or without a prefix for the empty name.
  public func callAsFunction(_ name: String, _ module: inout some Module) {
    module.visit(inside(name))
  }

  /// Shows a part that may be absent.
  public func callAsFunction<Part: Module>(_ name: String, _ module: inout Part?) {
    guard var present = module else { return }
    module = nil
    present.visit(inside(name))
    module = present
  }

  /// Shows a list of parts, named `name.0`, `name.1`, ….
  public func callAsFunction<Part: Module>(_ name: String, _ modules: inout [Part]) {
    for index in modules.indices { modules[index].visit(inside("\(name).\(index)")) }
  }

  private func inside(_ name: String) -> ParameterVisitor {
    ParameterVisitor(prefix: name.isEmpty ? prefix : "\(prefix)\(name).", body)
  }
}

/// A place to gather what a visitor sees; the visitor's closure may escape.
private final class Gathered<Element> {
  var elements: [Element] = []
}

extension Module {
  /// Every parameter and statistic with its name, in the order of the module's list.
  public var namedParameters: [(name: String, parameter: Parameter)] {
    let gathered = Gathered<(name: String, parameter: Parameter)>()
    var copy = self
    copy.visit(ParameterVisitor { name, parameter in gathered.elements.append((name, parameter)) })
    return gathered.elements
  }

  /// Changes parameters in place.
  public mutating func updateParameters(_ body: @escaping (String, inout Parameter) -> Void) {
    visit(ParameterVisitor(body))
  }

  /// How many numbers the trainable parameters hold.
  public var parameterCount: Int {
    namedParameters.reduce(0) { $0 + ($1.parameter.isStatistic ? 0 : $1.parameter.count) }
  }

  /// The tensors by name, as a weights file holds them.
  public var tensors: [String: Tensor] {
    Dictionary(
      namedParameters.map { ($0.name, $0.parameter.value) }, uniquingKeysWith: { first, _ in first }
    )
  }

  /// Freezes the parameters that `isFrozen` names and thaws the others.
  public mutating func freeze(where isFrozen: @escaping (String) -> Bool) {
    updateParameters { name, parameter in
      if !parameter.isStatistic { parameter.isTrainable = !isFrozen(name) }
    }
  }

  /// Stores the running statistics that a training pass worked out.
  public mutating func adopt(statisticsOf tape: Tape) {
    let statistics = tape.statistics
    updateParameters { _, parameter in
      if let value = statistics[parameter.id] { parameter.value = value }
    }
  }

  /// Writes the tensors to a safetensors file, in one step.
  ///
  /// - Throws: `unsupported` where weights are quantised; what writing a file throws.
  public func save(to path: String, metadata: [String: String] = [:]) throws(NeuralCoreError) {
    if let name = namedParameters.first(where: { $0.parameter.quantized != nil })?.name {
      throw NeuralCoreError(.unsupported, "\(name) is quantised; safetensors files hold numbers")
    }
    try writeSafetensors(tensors, metadata: metadata, to: path)
  }
}

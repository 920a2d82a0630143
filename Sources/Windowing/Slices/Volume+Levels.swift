public import VolumeIO

extension Volume {
  /// The 8-bit levels of every voxel through a tone, in stored order, in one pass.
  ///
  /// - Throws: What `Tone.resolved(for:channel:)` throws, and `samples` for colour volumes.
  /// - Complexity: O(*voxels*).
  public func levels(through tone: Tone) throws(WindowingError) -> [UInt8] {
    var levels: [UInt8] = []
    try self.levels(through: tone, into: &levels)
    return levels
  }

  /// Writes the 8-bit levels of every voxel through a tone, in stored order, in one pass.
  ///
  /// An array with one level a voxel is written in its own memory: for many volumes of one size, or
  /// many tones, this saves the system's handing out of fresh pages, which takes longer than the
  /// levels. Any other array is replaced.
  ///
  /// - Throws: What `Tone.resolved(for:channel:)` throws, and `samples` for colour volumes; the
  ///   array is then as it was.
  /// - Complexity: O(*voxels*).
  public func levels(through tone: Tone, into levels: inout [UInt8]) throws(WindowingError) {
    try requireScalar()
    var visitor = LevelVisitor(
      layout: SliceLayout(everyVoxelOf: self), shader: try Shader(tone, for: self, channel: 0),
      volume: self)
    swap(&visitor.levels, &levels)
    defer { swap(&visitor.levels, &levels) }
    try samples.accept(&visitor)
  }

  /// The 8-bit levels of every voxel through three tones, red, green and blue interleaved, in
  /// stored order, in one pass.
  ///
  /// - Throws: What `levels(through:)` throws.
  public func levels(
    red: Tone, green: Tone, blue: Tone
  ) throws(WindowingError) -> [UInt8] {
    var levels: [UInt8] = []
    try self.levels(red: red, green: green, blue: blue, into: &levels)
    return levels
  }

  /// Writes the 8-bit levels of every voxel through three tones, red, green and blue interleaved, in
  /// stored order, in one pass; an array with three levels a voxel in its own memory.
  ///
  /// - Throws: What `levels(through:)` throws; the array is then as it was.
  public func levels(
    red: Tone, green: Tone, blue: Tone, into levels: inout [UInt8]
  ) throws(WindowingError) {
    try requireScalar()
    var shaders: [Shader] = []
    for tone in [red, green, blue] {
      shaders.append(try Shader(tone, for: self, channel: 0))
    }
    var visitor = ColorVisitor(
      layout: SliceLayout(everyVoxelOf: self), shaders: shaders, volume: self)
    swap(&visitor.levels, &levels)
    defer { swap(&visitor.levels, &levels) }
    try samples.accept(&visitor)
  }
}

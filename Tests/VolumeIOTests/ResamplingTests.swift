import Testing
import VolumeIO

struct ResamplingTests {
  @Test(arguments: [Interpolation.nearest, .linear, .cubic])
  func `a volume resampled onto its own grid is itself`(_ kind: Interpolation) throws {
    let volume = try Volume.pattern(.int16, size: [9, 8, 7])
    let same = try volume.resampled(to: volume.geometry, kind)
    for (a, b) in zip(same.floatSamples(), volume.floatSamples()) { #expect(abs(a - b) < 1e-2) }
  }

  @Test func `linear values lie between neighbours and background lies outside`() throws {
    let volume = try Volume(
      .int16([0, 10, 20, 30]),
      geometry: Geometry(size: [4, 1, 1], affine: Affine(spacing: [2, 1, 1])))
    var grid = volume.geometry
    grid.affine.x = [1, 0, 0]
    grid.size.x = 8
    let fine = try volume.resampled(to: grid, .linear, background: -1)
    #expect(fine.samples == .float32([0, 5, 10, 15, 20, 25, 30, -1]))
    let nearest = try volume.resampled(to: grid, .nearest, background: -1)
    #expect(nearest.samples == .int16([0, 10, 10, 20, 20, 30, 30, -1]))
    #expect(try volume.resampled(spacing: [1, 1, 1]).size == [7, 1, 1])
  }

  static let script = """
    import sys, json, numpy as np
    from scipy.ndimage import map_coordinates
    import SimpleITK as sitk
    out = sys.argv[1]
    v = np.load(out + '/v.npy').astype('f8'); c = np.load(out + '/places.npy')
    for order in (0, 1, 3):
        r = map_coordinates(v, c[::-1], order=order, mode='constant', cval=-5)
        np.save(f'{out}/scipy{order}.npy', r.astype('f4'))
    i = sitk.ReadImage(out + '/v.nrrd', sitk.sitkFloat64); g = sitk.ReadImage(out + '/grid.nrrd')
    for order, how in ((0, sitk.sitkNearestNeighbor), (1, sitk.sitkLinear), (3, sitk.sitkBSpline)):
        r = sitk.Resample(i, g, sitk.Transform(), how, -5.0, sitk.sitkFloat32)
        np.save(f'{out}/sitk{order}.npy', sitk.GetArrayFromImage(r))
    print(json.dumps(dict(done=True)))
    """

  @Test func `values are those of scipy and of SimpleITK`() throws {
    let folder = try TemporaryFolder()
    let volume = try Volume.pattern(.int16, size: [23, 19, 17])
    var grid = volume.geometry
    grid.affine = Affine(
      x: [0.61, 0.2, 0.05], y: [-0.25, 0.7, 0.1], z: [0.02, -0.11, 1.3],
      origin: volume.geometry.affine([2.13, 3.07, 1.41]))
    grid.size = [15, 13, 11]
    let inverse = try #require(volume.geometry.affine.inverse)
    var places: [[Double]] = [[], [], []]
    for k in 0..<grid.size.z {
      for j in 0..<grid.size.y {
        for i in 0..<grid.size.x {
          let place = inverse(grid.affine([Double(i), Double(j), Double(k)]))
          for axis in 0..<3 { places[axis].append(place[axis]) }
        }
      }
    }
    try volume.writeNumPy(to: folder.path + "/v.npy")
    try volume.writeNRRD(to: folder.path + "/v.nrrd")
    try volume.resampled(to: grid, .nearest).writeNRRD(to: folder.path + "/grid.nrrd")
    try NumPyArray.write(
      .float64(places.flatMap { $0 }), shape: [3, grid.count], to: folder.path + "/places.npy")
    guard try Python.run(Self.script, [folder.path]) != nil else { return }
    for (order, kind) in [(0, Interpolation.nearest), (1, .linear), (3, .cubic)] {
      let ours = try volume.resampled(to: grid, kind, background: -5).floatSamples()
      for oracle in ["scipy", "sitk"] {
        let theirs = try NumPyArray(contentsOf: "\(folder.path)/\(oracle)\(order).npy")
        guard case .float32(let values)? = theirs.samples else {
          Issue.record("no values")
          continue
        }
        var (worst, inside) = (Float(0), 0)
        for (a, b) in zip(ours, values) where a != -5 {
          worst = max(worst, abs(a - b))
          inside += 1
        }
        // Values reach 25,000; scipy computes in double, SimpleITK's spline in its own.
        #expect(
          worst <= (order == 3 && oracle == "sitk" ? 2.5 : 0.01), "\(oracle) \(order): \(worst)")
        #expect(inside > 500 && zip(ours, values).allSatisfy { ($0 == -5) == ($1 == -5) })
      }
    }
  }
}

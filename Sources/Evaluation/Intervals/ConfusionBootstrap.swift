// Bootstrap of any confusion-matrix statistic without touching the cases again.

extension ConfusionMatrix {
  /// Resamples the matrix and computes a statistic of each resample.
  ///
  /// Without clusters a resample of cases is a multinomial draw of the cells: the same
  /// distribution as resampling the cases, at the cost of the cells. With clusters (given when
  /// the matrix was made) whole clusters are drawn.
  ///
  /// - Complexity: O(*resamples* · *non-empty cells*).
  public func bootstrap(_ statistic: ConfusionStatistic, _ bootstrap: Bootstrap = Bootstrap())
    -> Bootstrap.Result
  {
    let estimate = statistic.value(filledMarginals)
    var generator = SeededGenerator(seed: bootstrap.seed)
    var replicates: [Double] = []
    replicates.reserveCapacity(min(bootstrap.resamples, 1 << 20))
    var undefined = 0
    var jackknife: [Double] = []
    var draw = Marginals(classes: classes.count)
    let tracksWithheld = withheld.contains { $0 > 0 }
    if tracksWithheld { draw.withheld = withheld }

    func record() {
      if case .value(let x) = statistic.value(draw) { replicates.append(x) } else { undefined += 1 }
    }
    func clear() {
      draw.reset()
      if tracksWithheld { for k in withheld.indices { draw.withheld[k] = 0 } }
    }
    func add(_ cell: Cell, _ times: Int) {
      draw.add(cell, times: times)
      if cell.prediction < 0 { draw.withheld[cell.truth] += times }
    }

    var all = cells
    for (row, count) in withheld.enumerated() where count > 0 {
      all.append(Cell(truth: row, prediction: -1, count: count))
    }
    let n = all.reduce(0) { $0 + $1.count }
    let unit: String
    let units: Int
    if clusterCells.isEmpty {
      unit = "cases"
      units = n
      // Large cells first: fewer trials are left for the many small ones.
      let ordered = all.sorted { $0.count > $1.count }
      var rest = n
      let shares = ordered.map { cell -> Double in
        let share = Double(cell.count) / Double(rest)
        rest -= cell.count
        return share
      }
      if n > 0 {
        for _ in 0..<bootstrap.resamples {
          clear()
          var left = n
          for (cell, share) in zip(ordered, shares) where left > 0 {
            let times = generator.binomial(left, share)
            if times > 0 { add(cell, times) }
            left -= times
          }
          record()
        }
      }
      if bootstrap.method == .bca, n > 1 {
        for left in all.indices {
          clear()
          for (index, cell) in all.enumerated() {
            let times = cell.count - (index == left ? 1 : 0)
            if times > 0 { add(cell, times) }
          }
          guard case .value(let x) = statistic.value(draw) else { continue }
          for _ in 0..<all[left].count { jackknife.append(x) }
        }
      }
    } else {
      unit = "clusters"
      units = clusterCells.count
      for _ in 0..<bootstrap.resamples {
        clear()
        for _ in clusterCells.indices {
          for cell in clusterCells[generator.index(below: clusterCells.count)] {
            add(cell, cell.count)
          }
        }
        record()
      }
      if bootstrap.method == .bca, clusterCells.count > 1 {
        for left in clusterCells.indices {
          clear()
          for (index, cluster) in clusterCells.enumerated() where index != left {
            for cell in cluster { add(cell, cell.count) }
          }
          if case .value(let x) = statistic.value(draw) { jackknife.append(x) }
        }
      }
    }
    return Bootstrap.Result(
      estimate: estimate, replicates: replicates, undefinedReplicates: undefined,
      jackknife: jackknife, unit: unit, units: units, configuration: bootstrap)
  }

  /// A score with its bootstrap interval.
  public func score(_ statistic: ConfusionStatistic, _ bootstrap: Bootstrap) -> Score {
    score(statistic).with(self.bootstrap(statistic, bootstrap).interval)
  }
}

/// A row of the fit: what a run cost, and what the server's process held already.
struct CostRow {
    /// The load. Runs of one point are twins: none of them says how well the fit foretells another.
    let point: LoadPoint
    /// What it cost.
    var cost: CostSample
    /// Messages that the process had taken in earlier runs, which a store in memory still keeps.
    var storedMessageCount = 0.0

    /// The rows of `observations`, in order: of the runs that reached their load, since one that did not has a queue
    /// for a cost.
    ///
    /// Resident memory that streams once took stays with the process. So it is known only of runs with at least as
    /// many streams as any before.
    static func rows(of observations: [Observation]) -> [CostRow] {
        var past: [Int?: (stored: Int, streams: Double)] = [:]
        return observations.compactMap { run in
            let before = past[run.serverProcessID] ?? (stored: 0, streams: 0)
            let streams = run.cost?.connectionCount ?? 0
            past[run.serverProcessID] = (before.stored + run.acceptedCount, max(before.streams, streams))
            guard run.isReached, var cost = run.cost else { return nil }
            if streams < before.streams * 0.99 { cost.userByteCount = nil }
            return CostRow(point: run.point, cost: cost, storedMessageCount: Double(before.stored))
        }
    }
}

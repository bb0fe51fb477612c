extension RunReport {
    /// Why two reports are not parts of one run.
    package enum MergeError: Error, Equatable {
        /// There is nothing to merge.
        case nothing
        /// The reports have different schemas.
        case schemas(Int, Int)
        /// The reports are of different scenarios, servers or commits.
        case differentRuns
    }

    /// Merges the reports of the processes of one run, which share its start and know the whole scenario.
    ///
    /// Distributions and counts are added, seconds by their number. Environment, command and scenario are those of the
    /// first report; the server's figures are those of the first process that watched it. The order of the reports does
    /// not affect any figure. O(buckets of all).
    package static func merge(_ reports: [RunReport]) throws(MergeError) -> RunReport {
        guard var merged = reports.first else { throw .nothing }
        for report in reports.dropFirst() {
            guard report.schemaVersion == merged.schemaVersion else {
                throw .schemas(merged.schemaVersion, report.schemaVersion)
            }
            guard
                report.scenario == merged.scenario, report.target == merged.target, report.commit == merged.commit
            else { throw .differentRuns }
            merged.add(report)
        }
        return merged
    }

    private mutating func add(_ other: RunReport) {
        startedAt = min(startedAt, other.startedAt)
        generator.merge(other.generator)
        latencies.merge(other.latencies)
        counters.merge(other.counters)
        server = server ?? other.server
        merge(seconds: other.seconds)
    }

    /// Adds the seconds of another process or lane.
    mutating func merge(seconds samples: [SecondSample]) {
        var merged = Dictionary(uniqueKeysWithValues: seconds.map { ($0.second, $0) })
        for sample in samples {
            if merged[sample.second]?.merge(sample) == nil { merged[sample.second] = sample }
        }
        seconds = merged.values.sorted { $0.second < $1.second }
    }
}

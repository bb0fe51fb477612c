import Reactor

/// Descriptors against the wished number of streams: each ring's table is as large as `RLIMIT_NOFILE` at most, or with
/// epoll all tables together, and all sockets together are open files of the machine.
enum DescriptorCheck {
    /// - Parameter isShared: Whether all reactors share the descriptors of the process.
    static func findings(_ facts: MachineFacts, _ demand: Demand, isShared: Bool = false) -> [Finding] {
        [tables(facts, demand, isShared: isShared), openFiles(facts, demand)].compactMap(\.self)
    }

    /// Descriptors of a reactor that no stream has.
    private static func reserveCount(_ demand: Demand) -> Int {
        let limits = ReactorLimits()
        // A reactor that is alone receives no transfers.
        return limits.crowdedRoomCount + (demand.reactorCount > 1 ? limits.descriptorReserveCount : 0)
    }

    private static func tables(_ facts: MachineFacts, _ demand: Demand, isShared: Bool) -> Finding {
        guard let limit = facts.descriptorLimit else {
            return Finding(.factUnknown, "RLIMIT_NOFILE cannot be read from /proc/self/limits")
        }
        let otherCount = ServerLimits.otherDescriptorCount(reactorCount: demand.reactorCount)
        let share = isShared ? max(0, limit - otherCount) / demand.reactorCount : limit
        let perReactor = min(share, demand.connectionsPerReactorMax ?? share, DoctorLimits.ringDescriptorCountMax)
        let reserve = reserveCount(demand)
        let room = max(0, demand.reactorCount * (perReactor - reserve) - demand.sideConnectionCount)
        let text =
            "room for \(room) streams (\(demand.reactorCount) × \(perReactor) descriptors, \(reserve) of each reserved)"
        guard let wished = demand.streamCount, wished > room else { return Finding(.descriptorsOK, text) }
        let count = demand.reactorCount
        let needed = (wished + demand.sideConnectionCount + count - 1) / count + reserve
        let neededLimit = isShared ? needed * count + otherCount : needed
        let fix =
            if needed > DoctorLimits.ringDescriptorCountMax {
                "SHOPSTREAM_REACTORS: a ring has at most \(DoctorLimits.ringDescriptorCountMax) descriptors"
            } else if neededLimit > limit {
                "ulimit -n \(neededLimit) (systemd: LimitNOFILE=\(neededLimit); Docker: --ulimit nofile=\(neededLimit))"
            } else {
                "SHOPSTREAM_MAX_CONNECTIONS_PER_REACTOR=\(needed)"
            }
        return Finding(.descriptorsTooFew, "\(text), \(wished) are wished", fix: fix)
    }

    private static func openFiles(_ facts: MachineFacts, _ demand: Demand) -> Finding? {
        guard let limit = facts.fileCountMax else {
            return Finding(.factUnknown, "fs.file-max cannot be read")
        }
        let open = facts.openFileCount ?? 0
        let text = "fs.file-max is \(limit), \(open) files are open"
        let needed = (demand.streamCount ?? 0) + open + DoctorLimits.otherFileCount
        guard needed > limit else { return Finding(.fileMaxOK, text) }
        return Finding(
            .fileMaxTooLow, "\(text), \(needed) would be with the streams", fix: "sysctl -w fs.file-max=\(2 * needed)")
    }
}

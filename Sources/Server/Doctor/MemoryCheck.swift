/// Memory against the wished number of streams: the machine's, that of each control group, and TCP's.
enum MemoryCheck {
    static func findings(_ facts: MachineFacts, _ demand: Demand) -> [Finding] {
        var findings: [Finding] = []
        if let available = facts.availableByteCount {
            findings.append(machine(available, demand))
        } else {
            findings.append(Finding(.factUnknown, "MemAvailable cannot be read from /proc/meminfo"))
        }
        // The streams must fit into each group. The one with the least room decides.
        if let group = facts.groups.min(by: { $0.availableByteCount < $1.availableByteCount }) {
            findings.append(self.group(group, demand))
        }
        if let memory = facts.tcpMemory {
            findings.append(tcp(memory, facts, demand))
        } else {
            findings.append(Finding(.factUnknown, "net.ipv4.tcp_mem cannot be read"))
        }
        return findings
    }

    private enum Verdict {
        case enough
        case scarce
        case tooSmall
    }

    /// Bytes that the streams need, and what that means for the available ones.
    private static func judge(_ available: Int, _ demand: Demand) -> (text: String, needed: Int, Verdict) {
        let perStream = demand.streamByteCount
        guard let wished = demand.streamCount else {
            let room = max(0, available - demand.emptyByteCount) / perStream
            return ("\(size(available)) available: room for \(room) idle streams", 0, .enough)
        }
        let needed = demand.emptyByteCount + wished * perStream
        let text =
            "\(size(available)) available, \(wished) streams\(demand.isSecure ? " with TLS" : "") need "
            + "\(size(needed))"
        if needed > available { return (text, needed, .tooSmall) }
        let isScarce = needed > available / 100 * DoctorLimits.memoryPercentMax
        return (text, needed, isScarce ? .scarce : .enough)
    }

    private static func machine(_ available: Int, _ demand: Demand) -> Finding {
        let (text, needed, verdict) = judge(available, demand)
        let fix = "more memory (\(size(needed)) and a reserve for bursts), or fewer streams on this machine"
        return switch verdict {
        case .enough: Finding(.memoryOK, text)
        case .scarce: Finding(.memoryScarce, "\(text): little is left for bursts and the store", fix: fix)
        case .tooSmall: Finding(.memoryTooSmall, text, fix: fix)
        }
    }

    private static func group(_ group: MachineFacts.GroupMemory, _ demand: Demand) -> Finding {
        let (judged, needed, verdict) = judge(group.availableByteCount, demand)
        let text = "\(group.path), limit \(size(group.limitByteCount)): \(judged)"
        let limit = megabytes(group.limitByteCount - group.availableByteCount + needed / 100 * 125)
        let fix =
            "systemd: MemoryMax=\(limit)M; Docker: --memory \(limit)m; "
            + "Kubernetes: resources.limits.memory: \(limit)Mi"
        return switch verdict {
        case .enough: Finding(.groupMemoryOK, text)
        case .scarce: Finding(.groupMemoryScarce, "\(text): little is left for bursts and the store", fix: fix)
        case .tooSmall: Finding(.groupMemoryTooSmall, text, fix: fix)
        }
    }

    /// A message to all streams puts a page into the send queue of each.
    private static func tcp(
        _ memory: MachineFacts.TCPMemory, _ facts: MachineFacts, _ demand: Demand
    ) -> Finding {
        let pressure = memory.pressurePageCount
        let shown = "net.ipv4.tcp_mem: pressure from \(pressure) pages, at most \(memory.pageCountMax)"
        guard let wished = demand.streamCount, wished > pressure else { return Finding(.tcpMemoryOK, shown) }
        let text = "\(shown); a message to \(wished) streams takes a page of \(facts.pageByteCount) bytes for each"
        let fix = "sysctl -w net.ipv4.tcp_mem=\"\(wished) \(wished / 2 * 3) \(2 * wished)\""
        return Finding(wished > memory.pageCountMax ? .tcpMemoryTooLow : .tcpMemoryLow, text, fix: fix)
    }

    private static func megabytes(_ byteCount: Int) -> Int { (byteCount + (1 << 20) - 1) >> 20 }

    private static func size(_ byteCount: Int) -> String {
        let megabytes = byteCount >> 20
        return megabytes < 10_240 ? "\(megabytes) MiB" : "\(megabytes >> 10) GiB"
    }
}

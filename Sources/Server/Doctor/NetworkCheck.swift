/// The listeners' queue, and the ports of a proxy on this machine.
enum NetworkCheck {
    static func findings(_ facts: MachineFacts, _ demand: Demand) -> [Finding] {
        [acceptQueue(facts), portRange(facts, demand)].compactMap(\.self)
    }

    private static func acceptQueue(_ facts: MachineFacts) -> Finding {
        guard let count = facts.acceptQueueCountMax else {
            return Finding(.factUnknown, "net.core.somaxconn cannot be read")
        }
        let needed = DoctorLimits.acceptQueueCountMin
        guard count < needed else { return Finding(.acceptQueueOK, "net.core.somaxconn is \(count)") }
        return Finding(
            .acceptQueueShort,
            "net.core.somaxconn is \(count): a storm of connects overflows the listeners' queues of \(needed)",
            fix: "sysctl -w net.core.somaxconn=\(needed)")
    }

    /// Nil where no proxy of this machine connects.
    private static func portRange(_ facts: MachineFacts, _ demand: Demand) -> Finding? {
        guard demand.isBehindLocalProxy, let range = facts.portRange else { return nil }
        let text = "a proxy on this machine has \(range.count) ports for each of its addresses"
        guard let wished = demand.streamCount, wished > range.count else { return Finding(.portRangeOK, text) }
        let wider = "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\""
        let addresses = "let the proxy connect from several addresses (127.0.0.2, …; nginx: proxy_bind)"
        return Finding(
            .portRangeSmall, "\(text), \(wished) streams are wished",
            fix: wished <= 64_512 ? wider : "\(wider), and \(addresses)")
    }
}

import Testing

@testable import Server

@Suite struct MemoryCheckTests {
    private static let process = 60_000_000

    private func facts(available: Int?, group: Int? = nil, tcp: MachineFacts.TCPMemory? = nil) -> MachineFacts {
        var facts = MachineFacts()
        facts.availableByteCount = available
        if let group { facts.groups = [.init(path: "/g", limitByteCount: group, availableByteCount: group)] }
        facts.tcpMemory = tcp ?? .init(pressurePageCount: Int.max, pageCountMax: Int.max)
        return facts
    }

    private func first(available: Int, _ demand: Demand) -> FindingCode {
        MemoryCheck.findings(facts(available: available), demand)[0].code
    }

    @Test(arguments: [false, true])
    func `streams need memory of the process and of the kernel, more with TLS`(isSecure: Bool) {
        let demand = Demand(streamCount: 100_000, isSecure: isSecure)
        let needed = Self.process + 100_000 * (isSecure ? 19_000 : 6_000)
        #expect(first(available: needed - 1, demand) == .memoryTooSmall)
        #expect(first(available: needed, demand) == .memoryScarce)
        #expect(first(available: needed / 80 * 100 - 100, demand) == .memoryScarce)
        #expect(first(available: needed / 80 * 100 + 200, demand) == .memoryOK)
    }

    @Test func `without a wish the findings say how many streams there is room for`() {
        let finding = MemoryCheck.findings(facts(available: Self.process + 6_000_000), Demand())[0]
        #expect(finding.code == .memoryOK && finding.text.contains("room for 1000 idle streams"))
        let full = MemoryCheck.findings(facts(available: 0), Demand())[0]
        #expect(full.code == .memoryOK && full.text.contains("room for 0 idle streams"))
    }

    @Test func `memory that cannot be read is a note`() {
        var facts = MachineFacts()
        facts.tcpMemory = nil
        #expect(MemoryCheck.findings(facts, Demand(streamCount: 1)).map(\.code) == [.factUnknown, .factUnknown])
    }

    @Test func `each reactor needs memory too`() {
        let demand = Demand(streamCount: 1_000, reactorCount: 16)
        let needed = Self.process + 15 * 20_000_000 + 6_000_000
        #expect(first(available: needed - 1, demand) == .memoryTooSmall)
        #expect(first(available: needed, demand) == .memoryScarce)
    }

    @Test func `the group with the least room decides`() {
        let demand = Demand(streamCount: 100_000)
        let needed = Self.process + 600_000_000
        func code(_ group: Int) -> FindingCode {
            var facts = facts(available: Int.max, group: group)
            facts.groups.append(.init(path: "/", limitByteCount: 2 * group, availableByteCount: 2 * group))
            return MemoryCheck.findings(facts, demand)[1].code
        }
        #expect(code(needed - 1) == .groupMemoryTooSmall)
        #expect(code(needed) == .groupMemoryScarce)
        #expect(code(2 * needed) == .groupMemoryOK)
    }

    @Test func `the fix of a group is a limit that lets the streams fit`() throws {
        var facts = facts(available: Int.max)
        facts.groups = [.init(path: "/g", limitByteCount: 512 << 20, availableByteCount: 312 << 20)]
        let finding = MemoryCheck.findings(facts, Demand(streamCount: 100_000))[1]
        #expect(finding.code == .groupMemoryTooSmall && finding.text.contains("/g"))
        // 200 MiB are in use; 60 MB and 600 MB are needed, and a quarter more.
        let fix = try #require(finding.fix)
        let limit = try #require(Int(fix.split(separator: "=")[1].prefix { $0.isNumber }))
        facts.groups = [.init(path: "/g", limitByteCount: limit << 20, availableByteCount: (limit - 200) << 20)]
        #expect(MemoryCheck.findings(facts, Demand(streamCount: 100_000))[1].code == .groupMemoryOK)
    }

    @Test(arguments: [
        (1_000, FindingCode.tcpMemoryOK), (1_001, .tcpMemoryLow), (2_000, .tcpMemoryLow), (2_001, .tcpMemoryTooLow),
    ])
    func `a message takes a page of TCP's memory for each stream`(streams: Int, code: FindingCode) {
        let tcp = MachineFacts.TCPMemory(pressurePageCount: 1_000, pageCountMax: 2_000)
        let facts = facts(available: Int.max, tcp: tcp)
        #expect(MemoryCheck.findings(facts, Demand(streamCount: streams))[1].code == code)
        #expect(MemoryCheck.findings(facts, Demand())[1].code == .tcpMemoryOK)
    }
}
